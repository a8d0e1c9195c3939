"""Links that came by mail: invitation, forgotten password.

GET changes nothing, as mail scanners open links; a button posts. What a stranger can ask is
answered alike whether an account exists or not.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from review import clock, db
from review.services import accounts
from review.services.account_links import Link, LinkState, Purpose, look_up
from review.services.accounts import AccountError
from review.web import reading, sessions
from review.web.access import public
from review.web.account_forms import AddressForm, NewPasswordForm
from review.web.addresses import local
from review.web.security import per_place
from review.web.words import _

blueprint = Blueprint("account_links", __name__)


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
@per_place
def invitation(token: str) -> ResponseReturnValue:
    """Accept an invitation by choosing a password."""
    return _password_by_link(token, Purpose.INVITATION)


@blueprint.route("/password/<token>", methods=["GET", "POST"])
@public
@per_place
def reset_password(token: str) -> ResponseReturnValue:
    """Choose a new password after having forgotten the old one."""
    return _password_by_link(token, Purpose.PASSWORD_RESET)


@blueprint.post("/invitation/<token>/again", defaults={"purpose": "invitation"})
@blueprint.post("/password/<token>/again", defaults={"purpose": "password_reset"})
@public
@per_place
def new_link(token: str, purpose: str) -> ResponseReturnValue:
    """Send a new link to the registered address; the same answer for every link."""
    with db.transaction() as work:
        accounts.ask_for_new_link(work, token, Purpose(purpose), now=clock.now())
    return render_template("accounts/link_sent.html")


@blueprint.route("/forgotten-password", methods=["GET", "POST"])
@public
@per_place
def forgotten_password() -> ResponseReturnValue:
    """Ask for a link for a new password; the same answer for every address."""
    form = AddressForm()
    if not form.validate_on_submit():
        page = render_template("accounts/forgotten_password.html", form=form)
        return page, 422 if form.is_submitted() else 200
    with db.transaction() as work:
        accounts.forgot_password(work, str(form.email.data), now=clock.now())
    return render_template("accounts/link_sent.html")


def _password_by_link(token: str, purpose: Purpose) -> ResponseReturnValue:
    now = clock.now()
    link = look_up(reading.session(), token, purpose, now=now)
    if link.state is not LinkState.OPEN:
        return _closed_link(token, purpose, link)
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            with db.transaction() as work:
                person = accounts.set_password_by_link(
                    work, token, purpose, str(form.new_password.data), now=now
                )
        except AccountError as refused:
            form.new_password.errors = [_(str(refused))]
        else:
            sessions.begin(person)
            flash(_("Your password is set and you are signed in."), "ok")
            return redirect(local(None))
    page = render_template("accounts/new_password.html", form=form, link=link, purpose=purpose)
    return page, 422 if form.is_submitted() else 200


def _closed_link(token: str, purpose: Purpose, link: Link) -> ResponseReturnValue:
    page = render_template("accounts/closed_link.html", token=token, purpose=purpose, link=link)
    return page, 404 if link.state is LinkState.UNKNOWN else 410

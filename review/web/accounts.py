"""Accounts: sign in and out, language, my account. Links by mail are in account_links.py."""

from __future__ import annotations

from dataclasses import replace

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user

from review import clock, db, languages
from review.services import accounts, calendar_links, dead_addresses, pauses, reminder_plan
from review.services.accounts import AccountError, Preferences
from review.services.pauses import Whose
from review.services.queries import offices
from review.web import kept, reading, sessions, succession_words
from review.web.access import public, signed_in, viewer
from review.web.account_forms import (
    ChangePasswordForm,
    PreferencesForm,
    SignInForm,
)
from review.web.addresses import local
from review.web.security import limiter, per_place
from review.web.words import _

blueprint = Blueprint("accounts", __name__)

_PER_ACCOUNT = "10 per 15 minutes"
_COMING, _COMING_DAYS = 5, 30
"""Reminders that the account page names, and how far it looks for them."""


def _address_key() -> str:
    return "account:" + request.form.get("email", "").strip().lower()[:254]


_per_account = limiter.shared_limit(
    _PER_ACCOUNT,
    scope="account",
    key_func=_address_key,
    methods=["POST"],
    deduct_when=lambda answer: answer.status_code == 401,
)


# Signing in and out ------------------------------------------------------------------------------


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@per_place
@_per_account
def sign_in() -> ResponseReturnValue:
    """The sign-in page."""
    form = SignInForm()
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(local(request.args.get("next")))
        form.next.data = request.args.get("next", "")
        return _sign_in_page(form)
    if not form.validate_on_submit():
        return _sign_in_page(form), 422
    with db.transaction() as work:
        email, password = str(form.email.data), str(form.password.data)
        person = accounts.authenticate(work, email, password, now=clock.now())
    if person is None:
        message = _("Address and password do not belong together, or the account is not open.")
        form.password.errors = [message]
        return _sign_in_page(form), 401
    sessions.begin(person)
    return _go_on(form)


@sessions.login_manager.unauthorized_handler
def ask_to_sign_in() -> ResponseReturnValue:
    """Answer somebody who is not signed in, or is no longer; what they sent is kept."""
    if "HX-Request" in request.headers:
        abort(401)
    if request.method in {"GET", "HEAD"}:
        here = request.full_path.rstrip("?")
        return redirect(url_for("accounts.sign_in", next=here if here != "/" else None))
    form = SignInForm(formdata=None)
    waiting = kept.of_request()
    if waiting is None:
        flash(_("You were signed out. Nothing was sent; please sign in."), "warn")
        return _sign_in_page(form), 401
    form.kept.data = kept.seal(waiting)
    return _sign_in_page(form), 401


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End this session."""
    if current_user.is_authenticated:
        sessions.end()
        flash(_("You are signed out."), "ok")
    return redirect(url_for("accounts.sign_in"))


@blueprint.post("/language")
@public
def change_language() -> ResponseReturnValue:
    """Change the language: for good where somebody is signed in, else in this browser."""
    code = languages.negotiate(request.form.get("language"))
    session["language"] = code
    if current_user.is_authenticated:
        me = viewer()
        wanted = replace(Preferences.of(me), language=code)
        with db.transaction() as work:
            accounts.change_preferences(work, me.id, wanted, now=clock.now())
    return redirect(local(request.form.get("next"), url_for("home.start")))


# My account --------------------------------------------------------------------------------------


@blueprint.get("/account")
@signed_in
def show() -> ResponseReturnValue:
    """What is known of me, and what I may change myself."""
    return _account_page()


@blueprint.post("/account/preferences")
@signed_in
def change_preferences() -> ResponseReturnValue:
    """Change language, time zone and how mails come."""
    me = viewer()
    form = PreferencesForm()
    form.offer(me.time_zone, me.iso3, me.quiet_weekdays)
    if not form.validate_on_submit():
        return _account_page(preferences=form), 422
    wanted = Preferences(
        form.language.data,
        form.time_zone.data,
        bool(form.digest.data),
        tuple(form.quiet_weekdays.data),
    )
    try:
        with db.transaction() as work:
            accounts.change_preferences(work, me.id, wanted, now=clock.now())
    except AccountError as problem:
        form.quiet_weekdays.errors = [_(str(problem))]
        return _account_page(preferences=form), 422
    session["language"] = wanted.language
    flash(_("Your choices are saved."), "ok")
    return redirect(url_for("accounts.show"))


@blueprint.post("/account/password")
@signed_in
@per_place
def change_password() -> ResponseReturnValue:
    """Change my password; every other session of mine ends."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        current, new = str(form.current_password.data), str(form.new_password.data)
        try:
            with db.transaction() as work:
                person = accounts.change_password(work, viewer().id, current, new, now=clock.now())
        except accounts.WrongPasswordError as refused:
            form.current_password.errors = [_(str(refused))]
        except AccountError as refused:
            form.new_password.errors = [_(str(refused))]
        else:
            sessions.begin(person)
            flash(_("Your password is changed. Other devices are signed out."), "ok")
            return redirect(url_for("accounts.show"))
    return _account_page(password=form), 422


@blueprint.post("/account/sign-out-everywhere")
@signed_in
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of mine, this one too."""
    with db.transaction() as work:
        accounts.sign_out_everywhere(work, viewer().id, now=clock.now())
    sessions.end()
    flash(_("You are signed out on every device."), "ok")
    return redirect(url_for("accounts.sign_in"))


def _account_page(
    preferences: PreferencesForm | None = None, password: ChangePasswordForm | None = None
) -> str:
    me = viewer()
    link = calendar_links.of(reading.session(), me)
    if preferences is None:
        preferences = PreferencesForm(formdata=None, obj=me)
        preferences.offer(me.time_zone, me.iso3, me.quiet_weekdays)
    return render_template(
        "accounts/show.html",
        preferences=preferences,
        password=password or ChangePasswordForm(formdata=None),
        coming=reminder_plan.of_person(reading.session(), me, clock.now(), _COMING_DAYS).coming[
            :_COMING
        ],
        pause=pauses.in_force(reading.session(), Whose(person_id=me.id), clock.now()),
        dead=dead_addresses.of_person(reading.session(), me),
        held=offices.held_by(reading.session(), me),
        office=succession_words.office,
        calendar=calendar_links.address(link) if link else "",
    )


def _sign_in_page(form: SignInForm) -> str:
    waiting = kept.unseal(form.kept.data) if form.kept.data else None
    return render_template("accounts/sign_in.html", form=form, kept=waiting)


def _go_on(form: SignInForm) -> ResponseReturnValue:
    """Where a person wanted to go; or the text that waited for them, with a button to send it."""
    waiting = kept.unseal(form.kept.data) if form.kept.data else None
    if waiting is None:
        return redirect(local(form.next.data))
    if not waiting.belongs_to(viewer().id):
        flash(_("The text that waited belongs to another account. It was not sent."), "warn")
        return redirect(local(None))
    return render_template("accounts/kept.html", kept=waiting)

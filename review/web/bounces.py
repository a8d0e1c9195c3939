"""What mail servers report about mails, and addresses that are put right again."""

from __future__ import annotations

from typing import Any, Final

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from review import clock, db
from review.mail import dsn
from review.mail.dsn import Report, Unreadable
from review.mail.return_path import ReturnPath
from review.services import bounces, dead_addresses, passwords
from review.services.accounts import AccountError
from review.services.bounces import Result
from review.services.dead_addresses import Trouble
from review.web import bearer, reading
from review.web.access import by_secret, signed_in, viewer
from review.web.security import per_place
from review.web.words import _, lazy

blueprint = Blueprint("bounces", __name__)

_needed = InputRequired(lazy("Please fill this in."))
_CODES: Final = {Result.UNREADABLE: 422}


class CorrectForm(FlaskForm):
    """The right address; its owner proves once more who they are."""

    email = EmailField(
        lazy("The right address"),
        [_needed, Length(max=254)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy("Your password"),
        [_needed, Length(max=passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )


@blueprint.post("/bounces")
@by_secret
def report() -> ResponseReturnValue:
    """Take a report: a message (message/rfc822) as it came, or what our mail server says (JSON).

    401 without the secret, 403 where none is set, 413 and 415 and 422 for what cannot be read;
    200 says what came of it, unknown mails included.
    """
    settings = current_app.extensions["review"]
    if not settings.bounce_secret:
        abort(403)
    if not bearer.shows(settings.bounce_secret):
        return bearer.refusal()
    request.max_content_length = dsn.LARGEST
    path = ReturnPath(settings.bounce_domain, settings.secret_key)
    kind = request.mimetype
    if kind not in {"message/rfc822", "application/json"}:
        return jsonify(result="unreadable"), 415
    try:
        raw = request.get_data(cache=False)
        told = None if kind == "message/rfc822" else _told(raw)
    except RequestEntityTooLarge:
        return jsonify(result="unreadable"), 413
    except Unreadable:
        return jsonify(result="unreadable"), 422
    with db.transaction() as session:
        if told is None:
            result = bounces.take(session, raw, path=path, now=clock.now())
        else:
            result = bounces.note(session, told, path=path, now=clock.now(), trusted=True)
    return jsonify(result=result.value), _CODES.get(result, 200)


def _told(raw: bytes) -> Report:
    """What our own mail server says of one mail. Raises Unreadable."""
    try:
        given = current_app.json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Unreadable("no JSON") from problem
    return dsn.of_fields(_strings(given))


def _strings(given: Any) -> dict[str, str]:
    names = {"fate", "status", "diagnostic", "recipient", "message_id", "envelope_id"}
    if not isinstance(given, dict) or not names.issuperset(given):
        raise Unreadable("other fields")
    if not all(isinstance(value, str) for value in given.values()):
        raise Unreadable("a value that is no text")
    return {name: value for name, value in given.items() if isinstance(value, str)}


@blueprint.route("/addresses/<int:dead_id>", methods=["GET", "POST"])
@signed_in
@per_place
def correct(dead_id: int) -> ResponseReturnValue:
    """Put an address right that does not work: its owner or the secretariat, nobody else."""
    trouble = dead_addresses.find(reading.session(), dead_id)
    if not dead_addresses.may_correct(viewer(), trouble):
        abort(404)
    own = trouble.person is not None and trouble.person.id == viewer().id
    form = CorrectForm()
    if not own:
        del form.password
    if form.validate_on_submit():
        if own and not passwords.matches(viewer().password_hash, str(form.password.data)):
            form.password.errors = [_("The current password is not right.")]
        elif (done := _corrected(form, dead_id)) is not None:
            return done
    page = render_template("bounces/correct.html", trouble=trouble, form=form, own=own)
    return page, 422 if form.errors else 200


def _corrected(form: CorrectForm, dead_id: int) -> ResponseReturnValue | None:
    try:
        with db.transaction() as session:
            trouble: Trouble = dead_addresses.correct(
                session, dead_id, str(form.email.data), actor=viewer(), now=clock.now()
            )
    except AccountError as refused:
        form.email.errors = [_(str(refused))]
        return None
    flash(_("The address is set. Messages go there from now on."), "ok")
    if not viewer().is_secretariat:
        return redirect(url_for("accounts.show"))
    if trouble.person is None:
        return redirect(url_for("mail_log.index", address=trouble.dead.address))
    return redirect(url_for("people.show", person_id=trouble.person.id))

"""The mail log: what was written to whom, what became of it, and the words as they were sent."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.languages import N_
from review.policy import Action
from review.services import resending, standing_dates
from review.services.accounts import AccountError
from review.services.errors import NotAllowed
from review.services.queries import mail_log as query
from review.services.queries import task
from review.services.queries.mail_log import MailFilters, MailRow
from review.web import asked, notice_names, reading
from review.web.access import needs, viewer
from review.web.words import _

blueprint = Blueprint("mail_log", __name__)

_HIGHEST: Final = 2**62
_FRAMED: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",  # mails carry their style with them
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    )
)
"""For the words of a mail in their frame: no script, no request, no form."""


@blueprint.get("/mail")
@needs(Action.SEE_MAIL)
def index() -> ResponseReturnValue:
    """The messages, newest first."""
    reader = asked.Reader(request.args)
    session = reading.session()
    notices = query.notices(session)
    filters = MailFilters(
        state=reader.one_of("state", query.STATES),
        notice=reader.one_of("notice", notices),
        address=reader.words("address"),
        review_id=reader.number("review", 1, _HIGHEST),
        before=reader.number("before", 1, _HIGHEST),
    )
    page = query.mails(session, filters)
    return render_template(
        "mail_log/index.html",
        page=page,
        filters=filters,
        states=query.STATES,
        labels=_LABELS,
        kinds={notice: notice_names.name(notice) for notice in notices},
        ignored=reader.ignored,
        address=lambda **changes: _written(filters, **changes),
    )


@blueprint.get("/mail/<int:mail_id>")
@needs(Action.SEE_MAIL)
def show(mail_id: int) -> ResponseReturnValue:
    """One message with its words."""
    row = _row(mail_id)
    session = reading.session()
    return render_template(
        "mail_log/show.html",
        row=row,
        kind=notice_names.name(row.mail.notice),
        copies=query.copies(session, row.mail),
        resent=query.resent(session, row.mail),
        tries=query.tries(session, row.mail),
        answers=_ANSWERS,
        objection=standing_dates.objection(session, row.mail, clock.now()),
        instead=query.instead(session, row.mail),
        receipt=task.receipt_of_mail(session, row.mail.id),
        labels=_LABELS,
    )


@blueprint.get("/mail/<int:mail_id>/words.html")
@needs(Action.SEE_MAIL)
def words(mail_id: int) -> ResponseReturnValue:
    """The HTML part alone, for the frame on the message's page."""
    row = _row(mail_id)
    if not row.mail.body_html:
        abort(404)
    response = Response(row.mail.body_html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _FRAMED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.post("/mail/<int:mail_id>/resend")
@needs(Action.SEE_MAIL)
def resend(mail_id: int) -> ResponseReturnValue:
    """Write the message once more, to be sent now."""
    _row(mail_id)
    try:
        with db.transaction() as session:
            new = resending.resend(session, mail_id, actor=viewer(), now=clock.now())
    except (NotAllowed, AccountError) as refused:
        flash(_(str(refused)), "warn")
        return redirect(url_for("mail_log.show", mail_id=mail_id))
    flash(_("The message is written once more and goes out within a minute."), "ok")
    return redirect(url_for("mail_log.show", mail_id=new))


def _row(mail_id: int) -> MailRow:
    return query.find(reading.session(), mail_id)


_LABELS: Final = {
    "waiting": N_("Waits"),
    "sent": N_("Accepted by the mail server"),
    "delivered": N_("Delivered"),
    "delayed": N_("Delayed on its way"),
    "bounced": N_("Came back"),
    "complained": N_("Reported as unwanted"),
    "failed": N_("Not delivered"),
    "recorded": N_("Recorded, not sent"),
}
"""What became of a message."""
_ANSWERS: Final = {
    "accepted": N_("Accepted"),
    "later": N_("Not now"),
    "refused": N_("Refused"),
}
"""What came of one try."""


def _written(filters: MailFilters, **changes: Any) -> dict[str, str]:
    """The filters as parameters of an address."""
    values = {
        "state": filters.state,
        "notice": filters.notice,
        "address": filters.address,
        "review": filters.review_id,
        **changes,
    }
    return {name: str(value) for name, value in values.items() if value}

"""A person's calendar at its secret address, and the buttons of the account page that rule it."""

from __future__ import annotations

from email.utils import parseaddr
from hashlib import sha256

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.mail.ical import Mailbox
from review.services import calendar_links
from review.services.capabilities import Standing
from review.services.queries import calendar
from review.web import reading
from review.web.access import by_secret, signed_in, viewer
from review.web.words import _

blueprint = Blueprint("calendar_feed", __name__)


@blueprint.get("/calendar/<token>.ics")
@by_secret
def show(token: str) -> ResponseReturnValue:
    """The calendar whose address this is: no session counts, and nothing is written.

    410 for an address that was ended or renewed, or whose account is closed: programs then stop
    asking. 404 for any other. Kept copies are asked about each time, and 304 says they still hold.
    """
    standing, person = calendar_links.reader(reading.session(), token, now=clock.now())
    if standing is Standing.UNKNOWN:
        abort(404)
    if person is None:
        return _plain(_("This calendar has ended. Its owner may have made a new address."), 410)
    secretariat = Mailbox(*parseaddr(current_app.extensions["review"].mail_from))
    content = calendar.of_person(reading.session(), person, secretariat, clock.now())
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="country-reviews.ics"'
    return _kept_private(answer, sha256(content).hexdigest()[:32])


def _plain(text: str, code: int) -> Response:
    return Response(f"{text}\n", code, content_type="text/plain; charset=utf-8")


def _kept_private(answer: Response, tag: str) -> Response:
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(tag)
    answer.make_conditional(request)
    return answer


@blueprint.post("/account/calendar")
@signed_in
def make() -> ResponseReturnValue:
    """Make the address of my calendar."""
    with db.transaction() as session:
        calendar_links.make(session, viewer(), now=clock.now())
    flash(_("Your calendar has its address."), "ok")
    return _back()


@blueprint.post("/account/calendar/renew")
@signed_in
def renew() -> ResponseReturnValue:
    """Give my calendar another address; the one before ends at once."""
    with db.transaction() as session:
        calendar_links.renew(session, viewer(), now=clock.now())
    flash(_("Your calendar has a new address. The one before has ended."), "ok")
    return _back()


@blueprint.post("/account/calendar/end")
@signed_in
def end() -> ResponseReturnValue:
    """End the address of my calendar."""
    with db.transaction() as session:
        calendar_links.end(session, viewer(), now=clock.now())
    flash(_("The address of your calendar has ended."), "ok")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("accounts.show", _anchor="calendar"))

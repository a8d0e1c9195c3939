"""Calendar files: a person's own at its secret address, which they rule, and single deadlines."""

from __future__ import annotations

from email.utils import parseaddr
from hashlib import sha256

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.mail.ical import Mailbox
from review.policy import Action
from review.services import calendar_links
from review.services.capabilities import Standing
from review.services.queries import calendar, task
from review.services.queries.calendar import Reader
from review.services.snapshot import Snapshot
from review.web import opened, reading
from review.web.access import by_secret, needs, public, signed_in, viewer
from review.web.security import per_place
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
    content = calendar.of_person(reading.session(), person, _secretariat(), clock.now())
    answer = _file(content, 'inline; filename="country-reviews.ics"')
    return _kept_private(answer, sha256(content).hexdigest()[:32])


def _secretariat() -> Mailbox:
    return Mailbox(*parseaddr(current_app.extensions["review"].mail_from))


def _file(content: bytes, disposition: str) -> Response:
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = disposition
    return answer


def _plain(text: str, code: int) -> Response:
    return Response(f"{text}\n", code, content_type="text/plain; charset=utf-8")


def _kept_private(answer: Response, tag: str) -> Response:
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(tag)
    answer.make_conditional(request)
    return answer


# One entry as a file ------------------------------------------------------------------------------


@blueprint.get("/reviews/<int:review_id>/deadlines/<milestone>/<int:slot>.ics")
@needs(Action.SEE_REVIEW)
def deadline(review_id: int, milestone: str, slot: int) -> ResponseReturnValue:
    """A date that the reader's side owes; 404 for any other."""
    seen, me = opened.review(review_id, Action.SEE_REVIEW), viewer()
    if (milestone, slot) not in calendar.owed(seen, me):
        abort(404)
    reader = Reader(me.language, me.time_zone)
    return _one(seen, (milestone, slot), reader)


@blueprint.get("/reviews/<int:review_id>/dialogue.ics")
@needs(Action.SEE_REVIEW)
def dialogue(review_id: int) -> ResponseReturnValue:
    """The days of the visit or meeting; 404 while none are set."""
    seen, me = opened.review(review_id, Action.SEE_REVIEW), viewer()
    meeting = calendar.dialogue_of(seen)
    if meeting is None:
        abort(404)
    reader = Reader(me.language, me.time_zone)
    content = calendar.one_dialogue(reading.session(), seen, meeting, reader, _secretariat())
    return _file(content, 'attachment; filename="dialogue.ics"')


@blueprint.get("/task/<token>/deadline.ics")
@public
@per_place
def of_task(token: str) -> ResponseReturnValue:
    """The date of the task that a mail's link is about, while the link opens it; else 404."""
    page = task.load(reading.session(), token, clock.now())
    if not page.is_open or page.due.on is None or page.seen.facts.suspended:
        abort(404)
    side, person = page.side, page.link.person
    reader = (
        Reader(person.language, person.time_zone)
        if person
        else Reader(side.language, side.time_zone, linked=False)
    )
    return _one(page.seen, (page.due.milestone.key, page.due.slot), reader)


def _one(seen: Snapshot, key: tuple[str, int], reader: Reader) -> Response:
    content = calendar.one_deadline(reading.session(), seen, key, reader, _secretariat())
    return _file(content, 'attachment; filename="deadline.ics"')


# The address on the account page ------------------------------------------------------------------


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

"""What needs the secretariat about offices that may have to change hands."""

from __future__ import annotations

from flask import url_for

from review.services.queries.needs import Need
from review.web import present, succession_words
from review.web.mail_needs import Show, Told, said, state
from review.web.words import _, ngettext


def open_one(need: Need) -> Told:
    """A succession that nobody has answered, and how long it has been open."""
    assert need.succession is not None  # noqa: S101 - what the need is about
    one = need.succession.one
    office = succession_words.office(one.office)
    open_for = ngettext(
        "%(office)s: a succession has been open for %(num)s day",
        "%(office)s: a succession has been open for %(num)s days",
        need.days,
        office=office,
    )
    return Told(
        open_for if need.days else _("%(office)s: a succession was begun today", office=office),
        said(
            _("Review of %(state)s.", state=state(need)),
            f"{succession_words.why(one)}.",
            _("Since %(day)s.", day=present.day(need.since)) if need.since else "",
            _("%(name)s is proposed.", name=one.title) if one.email else "",
            succession_words.unanswered(need.succession),
        ),
        _("See how it stands"),
        url_for("offices.course", succession_id=one.id),
    )


def others(need: Need, _show: Show) -> Told:
    """Further successions that are open."""
    return Told(
        ngettext("One more succession is open", "%(num)s more successions are open", need.count),
        said(ngettext("%(num)s day at the most.", "%(num)s days at the most.", need.days)),
        _("Show all of them"),
        url_for("offices.index"),
    )

"""What needs the secretariat about mails that did not arrive, as sentences with one button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import url_for

from review.services import dead_addresses
from review.services.queries.needs import Need
from review.web import present
from review.web.access import viewer
from review.web.words import _, ngettext


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in words: what it is, more about it, and the one thing to do."""

    title: str
    sentences: tuple[str, ...]
    label: str
    href: str


Show = Callable[..., str]
"""The address of the board with these filters, of the cycle and year that are shown."""


def said(*sentences: str) -> tuple[str, ...]:
    """The sentences that there are."""
    return tuple(filter(None, sentences))


def state(need: Need) -> str:
    """The State under review, in the reader's language."""
    return _(need.row.name) if need.row else ""


def address_dead(need: Need) -> Told:
    """An address that takes no mail."""
    trouble = need.trouble
    assert trouble is not None  # noqa: S101 - what the need is about
    name = trouble.person.title if trouble.person else ""
    if trouble.state:
        name = _("Permanent Mission of %(state)s", state=_(trouble.state.name))
    label, href = _("Correct the address"), url_for("bounces.correct", dead_id=trouble.dead.id)
    if not dead_addresses.may_correct(viewer(), trouble):
        label = _("See the message")
        href = url_for("mail_log.show", mail_id=trouble.dead.outbox_id)
    return Told(
        _("Messages to %(name)s come back", name=name),
        said(
            _("The address %(address)s does not work.", address=need.address),
            _("Since %(day)s.", day=present.day(need.since)) if need.since else "",
            _("Meanwhile they go to the next address of the side.") if trouble.person else "",
            need.error[:160],
        ),
        label,
        href,
    )


def addresses_dead(need: Need, _show: Show) -> Told:
    """Further addresses that take no mail."""
    return Told(
        ngettext(
            "One more address does not work",
            "%(num)s more addresses do not work",
            need.count,
        ),
        (),
        _("See the messages"),
        url_for("mail_log.index"),
    )


def mail_failed(need: Need) -> Told:
    """Mails that were given up or came back."""
    count = need.count
    about = _("Review of %(state)s.", state=state(need)) if need.row else ""
    since = _("Since %(day)s.", day=present.day(need.since)) if need.since else ""
    went_on = ngettext(
        "It went to the next address of the side.",
        "They went to the next address of the side.",
        count,
    )
    return Told(
        ngettext(
            "%(num)s message to %(address)s was not delivered",
            "%(num)s messages to %(address)s were not delivered",
            count,
            address=need.address,
        ),
        said(about, since, went_on if need.passed_on else "", need.error[:160]),
        _("See the message") if count == 1 else _("See the messages"),
        url_for("mail_log.index", address=need.address),
    )


def mails_failed(need: Need, _show: Show) -> Told:
    """Further addresses with such mails."""
    return Told(
        ngettext(
            "Messages to one more address were not delivered",
            "Messages to %(num)s more addresses were not delivered",
            need.count,
        ),
        said(_("Where the side has no other address, nothing goes by itself any more.")),
        _("See the messages"),
        url_for("mail_log.index"),
    )

"""How a provision reads on a page: its number, its obligation, its levels."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from flask import Blueprint

from review import reference
from review.reference import Provision
from review.services.snapshot import Snapshot
from review.web import present, wording
from review.web.entry_forms import LEVELS
from review.web.words import _
from workflows.spec import Party, Reason


def name(provision: Provision) -> str:
    """ "Article 15(a)"."""
    return _("Article %(ref)s", ref=number(provision))


def number(provision: Provision) -> str:
    """ "15(a)", for a sentence in any direction."""
    return present.isolated(provision.ref)


def obligation(provision: Provision) -> str:
    """The badge: "Mandatory: “shall”"."""
    return _(reference.obligation_label(provision.obligation))


def obligation_of_kind(kind: str) -> str:
    """The same for a kind of obligation."""
    return _(reference.obligation_label(kind))


def legend(provision: Provision) -> str:
    """What the obligation means, in a sentence."""
    return _(reference.obligation_legend(provision.obligation))


def in_short(provision: Provision) -> str:
    """What the provision is about, in our words; it goes on after "In short:"."""
    topic = _(provision.topic or provision.title)
    return topic if topic.endswith(".") else f"{topic}."


def level(code: str) -> str:
    """A level of implementation, or a dash."""
    return _(LEVELS[code]) if code in LEVELS else "–"


def assistance(code: str) -> str:
    """A form of technical assistance, of either cycle."""
    for cycle in reference.CHAPTERS_OF_CYCLE:
        for option in reference.checklist(cycle).assistance:
            if option.code == code:
                return _(option.label)
    return code


def plain_reason(reason: Reason, review: Snapshot) -> str:
    """Why something is not possible; who can change it is added where it is not the reader."""
    if reason.unblocked_by is Party.SECRETARIAT:
        return wording.reason(reason, review)
    return wording.reason(replace(reason, unblocked_by=None), review)


def install(blueprint: Blueprint) -> None:
    """Give every template these functions under the name `provisions`."""
    shown = (
        name,
        number,
        obligation,
        obligation_of_kind,
        legend,
        in_short,
        level,
        assistance,
        plain_reason,
    )
    words = SimpleNamespace(
        kinds=reference.OBLIGATION_KINDS, **{function.__name__: function for function in shown}
    )
    blueprint.app_context_processor(lambda: {"provisions": words})

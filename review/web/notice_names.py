"""The kinds of messages by name: those of a step are called after what the step brought about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from review.languages import N_
from review.web import wording
from review.web.words import _
from workflows.registry import PROCESSES
from workflows.spec import Notice

_OTHERS = {
    "reminder": N_("Reminder"),
    "task_link": N_("New link to a task"),
    "reminder_passed_on": N_("Reminder, passed on because the date has passed"),
    "escalation": N_("Long past a date, to the secretariat"),
    "digest": N_("Summary of the day"),
    "invitation": N_("Invitation"),
    "invitation_expired": N_("Invitation expired unused, to: the secretariat"),
    "password_reset": N_("Link for a new password"),
    "incident_opened": N_("Something does not run, to the administrators"),
    "incident_closed": N_("It runs again, to the administrators"),
    "office_ended": N_("Part in a review ended, to: whoever had it"),
    "office_taken_over": N_("Office handed over, to: the successor"),
    "succession_asked": N_("Who holds an office now, to: the Permanent Mission"),
    "succession_receipt": N_("Office handed over, to: the Permanent Mission"),
    "succession_refused": N_("Still in office, to: the secretariat"),
    "reviewer_released": N_("Reviewing State drawn anew, to: the former one"),
}


def name(notice: str) -> str:
    """A kind of message in the reader's language; the key itself for one that nobody knows."""
    if notice in _OTHERS:
        return _(_OTHERS[notice])
    if notice not in _of_steps():
        return notice
    label, told, twins = _of_steps()[notice]
    what = _(label)
    if told.own:
        return _("%(what)s, receipt", what=what)
    if twins:
        return _("%(what)s, to: %(party)s", what=what, party=wording.party(told.to[0]))
    return what


@cache
def _of_steps() -> dict[str, tuple[str, Notice, bool]]:
    """For each message of a step: what the step brought about, and whether others say the same."""
    found = dict(_told())
    often = Counter(label for label, told in found.values() if not told.own)
    return {key: (label, told, often[label] > 1) for key, (label, told) in found.items()}


def _told() -> Iterator[tuple[str, tuple[str, Notice]]]:
    for process in PROCESSES.values():
        for step in process.steps:
            for told in step.tells:
                yield told.key, (process.event(step), told)

"""Whom the reader of a link asks about a review."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr

from flask import current_app

from review.services.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers: the title of a person, which may be empty, and an address."""

    title: str
    email: str


def of(seen: Snapshot) -> Desk:
    """The officer of a review, else the secretariat's own address."""
    if seen.columns["officer_id"] and seen.secretariat:
        officer = seen.secretariat[0]
        return Desk(officer.title, officer.email)
    return Desk("", parseaddr(current_app.extensions["review"].mail_from)[1])

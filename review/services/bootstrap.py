"""The first rows of a real installation: States, cycles, an administrator to invite the rest."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Person
from review.services import accounts, seed
from review.services.snapshot import VIENNA


def begin(session: Session, administrator: str, *, now: datetime) -> bool:
    """Load States and cycles, and invite an administrator; False if there is one already.

    Loading again adds what is missing and changes nothing. States come without addresses of their
    Permanent Missions: those are entered, not invented. Raises AccountError for an unusable
    address.
    """
    seed.load_reference(session)
    known = session.scalar(
        sa.select(sa.func.count())
        .select_from(Person)
        .where(Person.role == "secretariat_administrator", Person.active)
    )
    if known:
        return False
    accounts.invite(
        session,
        email=administrator,
        title="Administrator",
        role="secretariat_administrator",
        iso3=None,
        preferences=accounts.Preferences(language="en", time_zone=VIENNA, digest=False),
        actor=None,
        now=now,
    )
    return True

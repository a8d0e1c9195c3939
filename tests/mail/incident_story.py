"""Everything that can break does so, and is mended: what the administrators are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from review.services import incidents
from review.services.watchdogs import RULES, Broken, Measured

SUBJECTS = {"job_silent": "remind", "job_failing": "write_digests", "mail_faults": "bounced"}


def break_down(session: Session, now: datetime) -> None:
    """An incident for every rule, opened and closed."""
    broken = [
        Broken(
            rule,
            Measured(
                9.0,
                1.0,
                SUBJECTS.get(rule.key, ""),
                now,
                count=25,
                usual=1.5,
                kind="OperationalError",
            ),
        )
        for rule in RULES
    ]
    for one in broken:  # one by one: together one would explain the other
        incidents.note(session, [one], now, calm=timedelta())
        incidents.note(session, [], now + timedelta(hours=1), calm=timedelta())

"""Announcing a draw of the years of review: who waits for a year, and the places left (ToR 14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from review.languages import N_
from review.models import Cycle
from review.services import cycle_planning
from review.services import parties as roster
from review.services.errors import Refused
from review.services.parties import Party
from review.services.snapshot import VIENNA
from workflows import review_years
from workflows.announcement import YearsAnnouncement
from workflows.deadlines import local_day
from workflows.facts import Reason
from workflows.review_years import NO_GROUP, YearParty


def announcement(
    session: Session, cycle: Cycle, title: str, secret_sha256: str, now: datetime
) -> YearsAnnouncement:
    """The draw of the years for every party of the cycle's beginning that has none yet.

    Parties that joined later have no place in the quotas; their year is set one by one. Raises
    Refused if everybody has a year, or no year of the cycle has a share.
    """
    today = local_day(now, VIENNA)
    everybody = roster.parties(session, cycle, today, cycle_planning.rules_of(cycle))
    divided = roster.divided(everybody)
    shares = [one.share for one in cycle_planning.years_of(session, cycle)]
    waiting = [one for one in divided if one.year is None]
    if not waiting:
        raise Refused("prepare", (Reason(N_("Every party has its year of review.")),))
    if not any(shares):
        raise Refused("prepare", (Reason(N_("No year of the cycle has a share in the reviews.")),))
    return YearsAnnouncement(
        cycle.number,
        title,
        secret_sha256,
        places_left(divided, shares),
        tuple(
            YearParty(one.code, one.name, one.group or NO_GROUP, one.volunteers_for or 0)
            for one in waiting
        ),
    )


def places_left(divided: Sequence[Party], shares: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """For each group the places of each year that no review fills yet.

    Where more stand in a year than its quota gives, the latest years that have places give them up.
    """
    sizes = Counter(one.group or NO_GROUP for one in divided)
    stands = Counter((one.group or NO_GROUP, one.year) for one in divided)
    left = {}
    for group, quota in review_years.quotas(sizes, shares).items():
        row = [count - stands[group, year] for year, count in enumerate(quota, start=1)]
        surplus = -sum(count for count in row if count < 0)
        surplus += sum(stands[group, year] for year in range(len(row) + 1, 6))
        row = [max(0, count) for count in row]
        for year in reversed(range(len(row))):
            given_up = min(row[year], surplus)
            row[year] -= given_up
            surplus -= given_up
        left[group] = tuple(row)
    return {group: row for group, row in left.items() if any(row)}

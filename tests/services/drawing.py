"""A small cycle to draw lots for: eighteen parties of three groups, reviewed in four years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import reference
from review.models import Cycle, CycleYear, Draw, GroupSession, Person, Review, State
from review.services import steps
from review.services.draws import conduct, prepare, record
from review.services.draws.orders import Purpose
from review.services.draws.prepare import DrawOrder
from tests import world
from workflows.announcement import Mode

GROUPS = ("African States", "Asia-Pacific States", "Western European and other States")
IN_A_GROUP = 6
NOW = world.START
READ_OUT = "07 12 31"


@dataclass
class Setting:
    """A cycle with its people, in the session that made it."""

    session: Session
    cycle: Cycle
    officer: Person
    administrator: Person
    held: GroupSession

    def prepared(
        self,
        year: int = 1,
        purpose: Purpose = Purpose.REGULAR,
        mode: Mode = Mode.LOT_BY_LOT,
        title: str = "Specimen draw",
    ) -> Draw:
        """A draw, prepared."""
        order = DrawOrder(year, title, purpose, self.held.id, mode)
        return prepare.prepare(self.session, 1, order, actor=self.officer, now=NOW)

    def opened(
        self,
        year: int = 1,
        purpose: Purpose = Purpose.REGULAR,
        mode: Mode = Mode.LOT_BY_LOT,
    ) -> Draw:
        """A draw for which the numbers were read out."""
        draw = self.prepared(year, purpose, mode)
        prepare.publish(self.session, draw.id, actor=self.officer, now=NOW)
        return conduct.open_draw(
            self.session,
            draw.id,
            READ_OUT,
            drawn_on=NOW.date(),
            drawn_by="the Chair",
            actor=self.officer,
            now=NOW,
        )

    def recorded(
        self,
        year: int = 1,
        purpose: Purpose = Purpose.REGULAR,
        mode: Mode = Mode.LOT_BY_LOT,
    ) -> Draw:
        """A draw from beginning to end."""
        draw = self.opened(year, purpose, mode)
        conduct.draw_rest(self.session, draw.id, actor=self.officer, now=NOW)
        record.record(self.session, draw.id, actor=self.officer, now=NOW)
        self.session.expire_all()
        return draw

    def review(self, iso3: str) -> Review:
        """The review of a State."""
        wanted = sa.select(Review).where(Review.cycle_id == self.cycle.id, Review.iso3 == iso3)
        return self.session.scalars(wanted).one()

    def pairs(self) -> dict[str, tuple[str | None, str | None]]:
        """Who reviews whom, by State under review."""
        found = {}
        for one in self.session.scalars(sa.select(Review).where(Review.cycle_id == self.cycle.id)):
            self.session.refresh(one, ["reviewers"])
            slots = {reviewer.slot: reviewer.iso3 for reviewer in one.reviewers}
            found[one.iso3] = (slots.get(1), slots.get(2))
        return found


def codes() -> list[str]:
    """Six parties of each of the groups that joined before the first cycle."""
    joined = [
        one
        for one in sorted(reference.parties(), key=lambda one: one.iso3)
        if one.ratification_date and one.ratification_date < date(2010, 1, 1)
    ]
    return [
        one.iso3
        for group in GROUPS
        for one in [party for party in joined if party.regional_group == group][:IN_A_GROUP]
    ]


def setting(session: Session, *, reviews: bool = True) -> Setting:
    """The cycle with nobody drawn; without ``reviews`` the years are not drawn either."""
    world.states(session, *codes())
    of = world.cycle(session)
    for year in range(1, 5):
        starts_on = of.starts_on + timedelta(days=365 * (year - 1))
        session.add(CycleYear(cycle_id=of.id, year=year, starts_on=starts_on, share=1))
    held = GroupSession(
        cycle_id=of.id,
        title="Specimen session",
        kind="session",
        first_day=NOW.date(),
        last_day=NOW.date() + timedelta(days=4),
    )
    session.add(held)
    officer = world.person(session, "secretariat_officer")
    administrator = world.person(session, "secretariat_administrator")
    if reviews:
        for number, code in enumerate(codes()):
            world.review(session, of, code, year=number % 4 + 1)
    return Setting(session, of, officer, administrator, held)


def join_late(session: Session, iso3: str, day: datetime) -> None:
    """A State that became a party after the cycle began."""
    world.states(session, iso3)
    session.get_one(State, iso3).ratified_on = day.date()
    session.flush()


def start(setting: Setting, iso3: str) -> None:
    """The review of a State begins; its reviewing States stand."""
    steps.take(
        setting.session, setting.review(iso3).id, "notify_start", actor=setting.officer, now=NOW
    )
    setting.session.expire_all()

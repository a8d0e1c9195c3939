"""A real installation begins with States, cycles and one invited administrator, no more."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Cycle, MilestoneDate, Outbox, Person, Review, State
from review.services import bootstrap, cycles
from review.services.accounts import AccountError
from review.services.errors import InvalidGiven, NotFound
from tests import world
from workflows.registry import process

ADDRESS = "administrator@secretariat.example"


def begin(session: Session, address: str = ADDRESS) -> bool:
    return bootstrap.begin(session, address, now=world.START)


def test_begins_with_states_cycles_and_an_invitation(session: Session) -> None:
    assert begin(session)
    assert session.scalar(sa.select(sa.func.count()).select_from(State)) == 191
    assert set(session.scalars(sa.select(Cycle.process_key))) == {"irm-1", "irm-2"}
    assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 0
    assert not session.scalars(sa.select(State).where(State.mission_email.is_not(None))).all()
    mail = session.scalars(sa.select(Outbox)).one()
    assert (mail.notice, mail.address) == ("invitation", ADDRESS)


def test_beginning_again_changes_nothing(session: Session) -> None:
    begin(session)
    assert not begin(session, "another@secretariat.example")
    assert session.scalars(sa.select(Person.email)).all() == [ADDRESS]


@pytest.mark.parametrize("address", ["", "no address", "a@b", "x" * 300 + "@example.example"])
def test_unusable_address_is_refused(session: Session, address: str) -> None:
    with pytest.raises(AccountError):
        begin(session, address)


def select(session: Session, iso3: str, year: int = 1, cycle: int = 1) -> Review:
    actor = session.scalars(sa.select(Person)).first()
    assert actor is not None
    return cycles.select_state(session, cycle, iso3, year, actor=actor, now=world.START)


def test_selected_state_has_a_review_with_open_milestones(session: Session) -> None:
    begin(session)
    review = select(session, "ZMB", 2)
    assert (review.stage, review.year, review.process_key) == ("selected", 2, "irm-1")
    dates = session.scalars(sa.select(MilestoneDate).where(MilestoneDate.review_id == review.id))
    assert {(d.key, d.slot) for d in dates} == {
        (item.key, slot) for item, slot in process("irm-1").instances()
    }


@pytest.mark.parametrize(
    ("iso3", "year", "field"),
    [("XXX", 1, "state"), ("DEU", 1, "state"), ("ZMB", 0, "year"), ("ZMB", 6, "year")],
)
def test_who_is_no_party_or_has_no_such_year_is_refused(
    session: Session, iso3: str, year: int, field: str
) -> None:
    begin(session)  # Germany ratified in 2014; the test lives in 2011
    with pytest.raises(InvalidGiven) as refused:
        select(session, iso3, year)
    assert list(refused.value.errors) == [field]


def test_no_state_is_reviewed_twice_in_a_cycle(session: Session) -> None:
    begin(session)
    select(session, "ZMB")
    with pytest.raises(InvalidGiven):
        select(session, "ZMB", 2)
    assert select(session, "ZMB", cycle=2).process_key == "irm-2"


def test_unknown_cycle(session: Session) -> None:
    begin(session)
    with pytest.raises(NotFound):
        select(session, "ZMB", cycle=9)

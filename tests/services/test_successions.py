"""Who follows in an office: asked for, proposed, answered; found by the sweep, each once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.models import Audit, DeadAddress, Member, Outbox, Person, Succession
from review.services import people, steps, succession_sweep, successions
from review.services.accounts import AccountError
from review.services.change import Mission
from review.services.errors import InvalidGiven, NotAllowed, NotFound, Stale
from review.services.proposals import Answered, Proposal
from tests import world
from tests.world import World
from workflows.registry import process

DAY = timedelta(days=1)
NEW = {"title": "New focal point", "email": "new@zmb.example", "language": "fr"}
ZAMBIA = Mission("ZMB", 0)
SILENCE = process("irm-1").silence.days


@pytest.fixture
def w(session: Session) -> World:
    return world.advance(world.world(session), "self_assessment")


def member_of(session: Session, person: Person) -> Member:
    wanted = sa.select(Member).where(Member.person_id == person.id).order_by(Member.id.desc())
    return session.scalars(wanted).first() or pytest.fail("nobody")


def begin(w: World, who: str = "focal_point", why: str = "not_me", **more: Any) -> Succession:
    given: dict[str, Any] = {"actor": w.people[who], "now": w.now} | more
    return successions.begin(w.session, member_of(w.session, w.people[who]).id, why, **given)


def count(session: Session, table: type[Any], *where: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def asked(session: Session) -> int:
    return count(session, Outbox, Outbox.notice == "succession_asked")


# Begun and answered ------------------------------------------------------------------------------


def test_nothing_moves_until_the_state_answers(w: World) -> None:
    one = begin(w, proposal=Proposal(**NEW), reason="Another ministry.")
    assert (one.state, one.title, one.reason) == ("proposed", NEW["title"], "Another ministry.")
    assert member_of(w.session, w.focal_point).ended_at is None
    assert w.focal_point.active
    mail = w.session.scalars(sa.select(Outbox).where(Outbox.notice == "succession_asked")).one()
    assert (mail.address, mail.person_id) == ("mission@zmb.example", None)
    assert "Another ministry" not in str(mail.params)
    successions.confirm(w.session, one.id, NEW, actor=ZAMBIA, now=w.now, signed_by="Counsellor")
    w.session.refresh(one)
    assert (one.state, one.answered_as, one.signed_by) == ("confirmed", "mission", "Counsellor")
    assert one.answered_by is None
    assert member_of(w.session, w.focal_point).ended_at == w.now
    step = w.session.scalars(sa.select(Audit).where(Audit.verb == "hand_over")).one()
    assert (step.acting_as, step.iso3, step.person_id) == ("mission:0", "ZMB", None)


def test_begun_twice_is_one_and_takes_the_later_proposal(w: World) -> None:
    one = begin(w)
    again = begin(w, proposal=Proposal(**NEW))
    assert again.id == one.id
    assert (again.state, again.email) == ("proposed", NEW["email"])
    assert asked(w.session) == 1


def test_still_in_office(w: World) -> None:
    one = begin(w)
    successions.refuse(w.session, one.id, actor=ZAMBIA, now=w.now, signed_by="Counsellor")
    assert (one.state, one.answered_as) == ("refused", "mission")
    assert member_of(w.session, w.focal_point).ended_at is None
    told = w.session.scalars(sa.select(Outbox).where(Outbox.notice == "succession_refused")).one()
    assert told.person_id == w.officer.id
    with pytest.raises(Answered):
        successions.confirm(w.session, one.id, NEW, actor=ZAMBIA, now=w.now)
    assert begin(w).id != one.id, "and it can be begun anew"


def test_withdrawn_by_whoever_began_it_or_the_secretariat(w: World) -> None:
    one = begin(w)
    with pytest.raises(NotAllowed):
        successions.withdraw(w.session, one.id, actor=w.expert_1, now=w.now)
    successions.withdraw(w.session, one.id, actor=w.focal_point, now=w.now)
    assert (one.state, one.answered_as) == ("withdrawn", "predecessor")
    other = begin(w, actor=w.officer, why="requested")
    with pytest.raises(NotAllowed):
        successions.withdraw(w.session, other.id, actor=w.focal_point, now=w.now)
    successions.withdraw(w.session, other.id, actor=w.officer, now=w.now)
    with pytest.raises(Answered):
        successions.withdraw(w.session, other.id, actor=w.officer, now=w.now)


def test_nobody_reports_somebody_else_but_the_secretariat(w: World) -> None:
    for who in (w.expert_1, w.expert_2):
        with pytest.raises(NotAllowed):
            begin(w, actor=who)
    with pytest.raises(NotFound):
        successions.begin(w.session, 404_404, "not_me", actor=w.officer, now=w.now)
    assert count(w.session, Succession) == 0


def test_a_mission_speaks_for_its_own_state_alone(w: World) -> None:
    one = begin(w)
    for wrong in (Mission("ITA", 2), Mission("PNG", 0), Mission("ZMB", 1)):
        with pytest.raises((NotFound, InvalidGiven)), w.session.begin_nested():
            successions.confirm(w.session, one.id, NEW, actor=wrong, now=w.now)
        w.session.refresh(one)
        assert one.state == "open"


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"email": "no address"}, {"email"}),
        ({"email": "focal.point@example.example"}, {"email"}),
        ({"title": "", "email": "a@b.example"}, {"title"}),
        ({"title": "x" * 201, "email": "a" * 260 + "@b.example"}, {"title", "email"}),
        ({"title": "a\x00b"}, {"title"}),
        ({"language": "tlh"}, {"language"}),
    ],
)
def test_a_proposal_that_cannot_be_used(w: World, given: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(InvalidGiven) as wrong:
        begin(w, proposal=Proposal(**(NEW | given)))
    assert set(wrong.value.errors) == fields
    assert (count(w.session, Succession), asked(w.session)) == (0, 0)


def test_a_state_without_a_mission_is_answered_for_by_the_secretariat(w: World) -> None:
    w.review.state.mission_email = None
    w.session.flush()
    one = begin(w)
    assert asked(w.session) == 0
    successions.confirm(
        w.session, one.id, NEW | {"note_verbale": "NV 7"}, actor=w.officer, now=w.now
    )
    w.session.refresh(one)
    assert (one.answered_as, one.note_verbale) == ("secretariat", "NV 7")


def test_who_is_released_needs_no_successor(w: World) -> None:
    one = begin(w)
    member = member_of(w.session, w.focal_point)
    w.take("release_person", w.officer, member=str(member.id), reason="Specimen text.")
    w.session.refresh(one)
    assert (one.state, one.answered_as) == ("withdrawn", "")


def test_the_mission_is_asked_again_but_not_without_end(w: World) -> None:
    one = begin(w)
    done = [successions.ask_again(w.session, one.id, now=w.now) for _ in range(8)]
    assert done == [True] * (successions.A_DAY - 1) + [False] * (9 - successions.A_DAY)
    assert asked(w.session) == successions.A_DAY


# The sweep -------------------------------------------------------------------------------------


def look(w: World, now: datetime | None = None) -> list[str]:
    succession_sweep.look(w.session, now or w.now)
    return list(w.session.scalars(sa.select(Succession.why).order_by(Succession.id)))


def test_a_mandate_that_is_over_is_found_once_and_may_be_renewed(w: World) -> None:
    member = member_of(w.session, w.expert_1)
    member.mandate_ends_on = w.now.date() + 3 * DAY
    w.session.flush()
    assert look(w, w.now + 3 * DAY) == [], "its last day is still one of the mandate"
    assert look(w, w.now + 4 * DAY) == look(w, w.now + 5 * DAY) == ["mandate_ended"]
    one = w.session.scalars(sa.select(Succession)).one()
    assert (one.begun_by, one.predecessor_id) == (None, member.id)
    until: date = w.now.date() + 30 * DAY
    successions.refuse(w.session, one.id, actor=Mission("ZWE", 1), now=w.now + 6 * DAY, until=until)
    assert member.mandate_ends_on == until
    assert look(w, w.now + 29 * DAY) == ["mandate_ended"]
    assert look(w, w.now + 31 * DAY) == ["mandate_ended"] * 2


def test_a_mandate_that_is_found_over_just_after_midnight_is_asked_about_once(w: World) -> None:
    member = member_of(w.session, w.expert_1)
    member.mandate_ends_on = w.now.date() + 3 * DAY
    w.session.flush()
    midnight = (w.now + 3 * DAY).replace(hour=22, minute=30)  # 00:30 of the next day in Vienna
    assert look(w, midnight) == ["mandate_ended"]
    one = w.session.scalars(sa.select(Succession)).one()
    successions.withdraw(w.session, one.id, actor=w.officer, now=midnight + DAY)
    assert look(w, midnight + 2 * DAY) == ["mandate_ended"]


def test_an_address_that_comes_back_is_found_once(w: World) -> None:
    mail = w.session.scalars(sa.select(Outbox).limit(1)).one()
    w.session.add(DeadAddress(address=w.focal_point.email.lower(), outbox_id=mail.id, since=w.now))
    w.session.flush()
    assert look(w) == look(w) == ["bounced"]
    one = w.session.scalars(sa.select(Succession)).one()
    successions.refuse(w.session, one.id, actor=w.officer, now=w.now)
    assert look(w, w.now + 9 * DAY) == ["bounced"], "the State has answered"


def silent_since(w: World) -> datetime:
    """The response is late; a reminder left the day after it was due. Returns that day."""
    due = w.seen().facts.due["self_assessment_submitted", 0]
    at = datetime(due.year, due.month, due.day, 12, tzinfo=w.now.tzinfo) + DAY
    mail = w.session.scalars(sa.select(Outbox).where(Outbox.person_id == w.focal_point.id)).first()
    assert mail is not None
    w.session.execute(
        sa.update(Outbox)
        .where(Outbox.id == mail.id)
        .values(notice="reminder", state="sent", sent_at=at + DAY)
    )
    return at


def test_silence_is_so_many_days_late_reminded_and_without_a_sign(w: World) -> None:
    late = silent_since(w)
    assert look(w, late + (SILENCE - 2) * DAY) == []
    assert look(w, late + SILENCE * DAY) == ["silent"]
    one = w.session.scalars(sa.select(Succession)).one()
    successions.refuse(w.session, one.id, actor=ZAMBIA, now=late + SILENCE * DAY)
    assert look(w, late + (SILENCE + 5) * DAY) == ["silent"], "the State says they are there"


@pytest.mark.parametrize("sign", ["signed in", "acted", "never reminded", "suspended"])
def test_what_is_no_silence(w: World, sign: str) -> None:
    late = silent_since(w)
    if sign == "signed in":
        w.focal_point.signed_in_at = late + 10 * DAY
    elif sign == "acted":
        w.session.add(Audit(at=late + 10 * DAY, verb="x", person_id=w.focal_point.id))
    elif sign == "never reminded":
        w.session.execute(sa.update(Outbox).values(state="recorded"))
    else:
        w.take("suspend", w.officer, reason="Specimen text.")
    w.session.flush()
    assert look(w, late + (SILENCE + 1) * DAY) == []


def test_a_try_of_somebody_else_to_sign_in_is_no_sign_of_life(w: World) -> None:
    late = silent_since(w)
    failed = Audit(at=late + 10 * DAY, verb="sign_in_failed", person_id=w.focal_point.id)
    w.session.add(failed)
    w.session.flush()
    assert look(w, late + SILENCE * DAY) == ["silent"]


# At once ---------------------------------------------------------------------------------------


@pytest.fixture
def real(database: str) -> World:
    """The same review, committed."""
    with db.transaction() as session:
        made = world.advance(world.world(session), "self_assessment")
        for one in (made.officer, *made.people.values()):
            session.refresh(one)
    return made


def at_once(what: Any, times: int = 2) -> Counter[str]:
    """Do something several times at the same moment, each in a transaction; how it went."""
    barrier = Barrier(times)

    def one(number: int) -> str:
        barrier.wait()
        try:
            with db.transaction() as session:
                return str(what(session, number))
        except (Answered, NotFound, Stale, InvalidGiven) as problem:
            return type(problem).__name__

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(one, range(times)))


def test_two_confirmations_at_once_are_one(real: World) -> None:
    with db.transaction() as session:
        member = member_of(session, real.focal_point)
        number = successions.begin(
            session, member.id, "not_me", actor=real.officer, now=real.now
        ).id

    def confirm(session: Session, which: int) -> str:
        given = NEW | {"email": f"new{which}@zmb.example"}
        actor = ZAMBIA if which % 2 else session.get_one(Person, real.officer.id)
        successions.confirm(session, number, given, actor=actor, now=real.now)
        return "done"

    assert at_once(confirm, 4) == {"done": 1, "Answered": 3}
    with db.reading() as session:
        assert count(session, Member, Member.role == "focal_point", Member.ended_at.is_(None)) == 1
        assert count(session, Audit, Audit.verb == "hand_over") == 1
        assert count(session, Outbox, Outbox.notice == "office_taken_over") == 1


def test_step_of_the_predecessor_against_the_cut_over(real: World) -> None:
    """Whoever is first has the review; after the cut-over nothing of the predecessor is taken."""
    with db.transaction() as session:
        member = member_of(session, real.focal_point)
        number = successions.begin(
            session, member.id, "not_me", actor=real.officer, now=real.now
        ).id
        world.answer_all(World(session, real.review_id, real.officer, real.officer, real.people))

    def press(session: Session, which: int) -> str:
        if which:
            successions.confirm(session, number, NEW, actor=ZAMBIA, now=real.now)
            return "handed over"
        actor = session.get_one(Person, real.focal_point.id)
        steps.take(session, real.review_id, "submit_self_assessment", actor=actor, now=real.now)
        return "submitted"

    fared = at_once(press)
    assert fared in (
        Counter({"handed over": 1, "submitted": 1}),
        Counter({"handed over": 1, "NotFound": 1}),
    )
    assert at_once(press)["NotFound"] == 1, "and now it is certain"


def test_sweeps_at_once_write_each_cause_once(real: World) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Member).values(mandate_ends_on=real.now.date() + DAY))
    later = real.now + 3 * DAY
    found = at_once(lambda session, _: succession_sweep.look(session, later), 4)
    assert sum(int(key) * times for key, times in found.items()) == 3
    with db.reading() as session:
        assert count(session, Succession) == 3
        assert asked(session) == 3


# Accounts --------------------------------------------------------------------------------------


def close(w: World, person: Person) -> None:
    people.close(w.session, person.id, "Has left.", actor=w.administrator, now=w.now)


def test_closing_the_account_of_a_holder_asks_the_state_who_follows(w: World) -> None:
    close(w, w.focal_point)
    one = w.session.scalars(sa.select(Succession)).one()
    assert (one.why, one.state, one.begun_by) == ("account_closed", "open", w.administrator.id)
    assert one.reason == "Has left."
    assert one.predecessor_id == member_of(w.session, w.focal_point).id
    mail = w.session.scalars(sa.select(Outbox).where(Outbox.notice == "succession_asked")).one()
    assert (mail.address, mail.params["why"]) == ("mission@zmb.example", "account_closed")
    assert "Has left" not in str(mail.params)
    assert look(w) == ["account_closed"], "the sweep finds nothing more"
    successions.confirm(w.session, one.id, NEW, actor=ZAMBIA, now=w.now)
    assert [m.email for m in w.seen().members if m.role == "focal_point"] == [NEW["email"]]
    assert count(w.session, Outbox, Outbox.notice == "office_ended") == 0, "the account was closed"


def test_opening_it_again_takes_back_what_is_not_answered(w: World) -> None:
    close(w, w.focal_point)
    people.open_again(w.session, w.focal_point.id, actor=w.administrator, now=w.now)
    one = w.session.scalars(sa.select(Succession)).one()
    assert (one.state, one.answered_as) == ("withdrawn", "secretariat")
    close(w, w.focal_point)
    found = w.session.scalars(sa.select(Succession).order_by(Succession.id)).all()
    assert [one.state for one in found] == ["withdrawn", "open"], "closed again, asked again"
    successions.confirm(w.session, found[-1].id, NEW, actor=ZAMBIA, now=w.now)
    people.open_again(w.session, w.focal_point.id, actor=w.administrator, now=w.now)
    assert found[-1].state == "confirmed", "an answer stays"


def test_opening_an_account_takes_back_no_other_question(w: World) -> None:
    one = begin(w)
    close(w, w.focal_point)
    people.open_again(w.session, w.focal_point.id, actor=w.administrator, now=w.now)
    w.session.refresh(one)
    assert (one.why, one.state) == ("not_me", "open")
    assert asked(w.session) == 1


def test_an_account_without_an_office_asks_nobody(w: World) -> None:
    close(w, world.person(w.session, "expert", "ZWE", "colleague"))
    member = member_of(w.session, w.expert_1)
    w.take("release_person", w.officer, member=str(member.id), reason="Specimen text.")
    close(w, w.expert_1)
    assert count(w.session, Succession) == 0


def test_an_account_that_was_closed_before_is_found_once(w: World) -> None:
    w.focal_point.active = False
    w.session.flush()
    assert look(w) == look(w) == ["account_closed"]
    one = w.session.scalars(sa.select(Succession)).one()
    successions.refuse(w.session, one.id, actor=ZAMBIA, now=w.now)
    assert look(w, w.now + 9 * DAY) == ["account_closed"], "the State has answered"


def test_closing_an_account_against_a_hand_over_waits_for_nobody_for_ever(real: World) -> None:
    with db.transaction() as session:
        member = member_of(session, real.focal_point)
        number = successions.begin(
            session, member.id, "not_me", actor=real.officer, now=real.now
        ).id
        wanted = sa.select(Person.id).where(Person.role == "secretariat_administrator")
        administrator, holder = session.scalars(wanted).one(), member.person_id

    def press(session: Session, which: int) -> str:
        if which:
            successions.confirm(session, number, NEW, actor=ZAMBIA, now=real.now)
            return "handed over"
        actor = session.get_one(Person, administrator)
        try:
            people.close(session, holder, "Left.", actor=actor, now=real.now)
        except AccountError:
            return "closed already"
        return "closed"

    assert at_once(press) in (
        Counter({"handed over": 1, "closed": 1}),
        Counter({"handed over": 1, "closed already": 1}),
    )

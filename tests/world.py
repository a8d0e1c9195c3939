"""Small worlds for tests: two cycles, a few States, people by role, one review at any stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from review import reference
from review.models import Cycle, MilestoneDate, Person, Review, State
from review.services import answers, blueprint, findings, passwords, snapshot, steps
from review.services.change import Change
from workflows.registry import process

START = datetime(2011, 7, 11, 8, 0, tzinfo=UTC)
PASSWORD = "a long specimen phrase"
STOPPED = {"reason": "Specimen reason.", "approved_by": "Chief of the Branch, specimen"}
"""What a stop of the clock is recorded with, beside its last day."""


def stop(now: datetime) -> dict[str, str]:
    """What is given with a stop of the clock of sixty days, where a test does not care."""
    return STOPPED | {"until": (now + timedelta(days=60)).date().isoformat()}


@dataclass
class World:
    """A review with its people. ``now`` moves on by a day with each step taken here."""

    session: Session
    review_id: int
    officer: Person
    administrator: Person
    people: dict[str, Person]
    now: datetime = START

    def take(self, step: str, actor: Person, **given: Any) -> Change:
        """Take a step a day later than the last one."""
        self.now += timedelta(days=1)
        if step == "suspend":
            given = stop(self.now) | given
        change = steps.take(
            self.session, self.review_id, step, actor=actor, now=self.now, given=given
        )
        self.session.flush()
        self.session.expire_all()
        return change

    @property
    def review(self) -> Review:
        """The review as it stands."""
        return self.session.get_one(Review, self.review_id)

    def seen(self, *groups: str) -> snapshot.Snapshot:
        """The review as the engine sees it."""
        return snapshot.load(self.session, self.review_id, self.now, groups)

    def __getattr__(self, name: str) -> Person:
        """``world.focal_point``, ``world.expert_1``, ``world.expert_2``."""
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


def states(session: Session, *codes: str) -> None:
    """Make States parties from the reference data, with a mission's address each."""
    for code in codes:
        if session.get(State, code) is None:
            party = reference.party(code)
            session.add(
                State(
                    iso3=code,
                    name=party.name,
                    regional_group=party.regional_group,
                    ratified_on=party.ratification_date,
                    signed_on=party.signature_date,
                    language=party.language,
                    capital=party.capital,
                    time_zone=party.time_zone,
                    mission_email=f"mission@{code.lower()}.example",
                    basis=party.dates_basis,
                )
            )
    session.flush()


def cycle(session: Session, number: int = 1) -> Cycle:
    """The first cycle (irm-1) or the second (irm-2)."""
    key = f"irm-{number}"
    made = Cycle(
        number=number,
        process_key=key,
        chapters=list(process(key).chapters),
        starts_on=date(2010, 6, 28) if number == 1 else date(2016, 6, 20),
    )
    session.add(made)
    session.flush()
    return made


def person(
    session: Session, role: str, iso3: str | None = None, name: str = "", **more: Any
) -> Person:
    """An account that can sign in with PASSWORD."""
    name = name or role
    place = iso3.lower() if iso3 else "secretariat"
    values: dict[str, Any] = {
        "email": f"{name.replace('_', '.')}@{place}.example",
        "title": name.replace("_", " ").capitalize(),
        "invited_at": START,
        "activated_at": START,
        "password_hash": passwords.hash_password(PASSWORD),
    }
    made = Person(**(values | {"role": role, "iso3": iso3} | more))
    session.add(made)
    session.flush()
    return made


def review(session: Session, of: Cycle, iso3: str, year: int = 1, **more: Any) -> Review:
    """A review in ``selected`` with its milestones."""
    made = Review(
        cycle_id=of.id,
        iso3=iso3,
        year=year,
        process_key=of.process_key,
        stage="selected",
        stage_since=START,
        **more,
    )
    session.add(made)
    session.flush()
    for item, slot in process(of.process_key).instances():
        session.add(MilestoneDate(review_id=made.id, key=item.key, slot=slot))
    session.flush()
    return made


def world(session: Session, *, process_number: int = 1) -> World:
    """Zambia under review by Zimbabwe (own group) and Italy; drawn by nobody yet."""
    states(session, "ZMB", "ZWE", "ITA", "PNG")
    of = cycle(session, process_number)
    officer = person(session, "secretariat_officer")
    administrator = person(session, "secretariat_administrator")
    made = review(session, of, "ZMB", officer_id=officer.id)
    return World(session, made.id, officer, administrator, {})


def nominate(w: World, key: str, step: str, **given: Any) -> None:
    """Nominate somebody and remember them under ``key``."""
    email = f"{key.replace('_', '.')}@example.example"
    w.take(step, w.officer, title=key, email=email, language="en", **given)
    found = next(m for m in w.seen().members if m.email == email)
    made = w.session.get_one(Person, found.person_id)
    made.activated_at, made.password_hash = w.now, passwords.hash_password(PASSWORD)
    w.people[key] = made
    w.session.flush()


ANSWER: Mapping[str, Any] = {"adopted": "yes", "measures": "Specimen text.", "complete": True}
FINDING: Mapping[str, Any] = {
    "level": "in_part",
    "observation": "Specimen text.",
    "challenge": "Specimen text on a challenge.",
    "complete": True,
}


def answer_all(w: World, **more: Any) -> None:
    """Answer every provision with specimen text, or with these values."""
    entries = [dict(ANSWER, provision=ref) | more for ref in w.seen().provisions(0)]
    answers.save_many(w.session, w.review_id, entries, actor=w.focal_point, now=w.now)


def find_all(w: World, slot: int, **more: Any) -> None:
    """Write a specimen finding of one reviewing State on each of its provisions."""
    expert = w.people[f"expert_{slot}"]
    entries = [dict(FINDING, provision=ref) | more for ref in w.seen().provisions(slot)]
    findings.save_many(w.session, w.review_id, entries, actor=expert, now=w.now)


def advance(w: World, to: str) -> World:
    """Lead the review through the process until it is in a stage (or completed)."""
    for stage, move in _MOVES:
        if w.review.stage == to:
            return w
        if w.review.stage == stage:
            move(w)
    return w


def _start(w: World) -> None:
    w.take(
        "assign_reviewers",
        w.officer,
        first="ZWE",
        second="ITA",
        session="First session",
        drawn_on="2011-07-01",
    )
    w.take("notify_start", w.officer)


def _begin(w: World) -> None:
    nominate(w, "focal_point", "nominate_focal_point")
    nominate(w, "expert_1", "nominate_expert", side="1")
    nominate(w, "expert_2", "nominate_expert", side="2")
    held = w.now.date().isoformat()
    w.take("hold_introductory_call", w.officer, held_on=held, language="en", division="both")


def _answer(w: World) -> None:
    answer_all(w)
    w.take("submit_self_assessment", w.focal_point)
    w.take("circulate_response", w.officer)


def _assess(w: World) -> None:
    for slot in (1, 2):
        find_all(w, slot)
        w.take("submit_desk_review", w.people[f"expert_{slot}"])
    w.take("forward_outcome", w.officer)


def _talk(w: World) -> None:
    w.take("agree_means", w.focal_point, means="remote")
    w.take("close_dialogue", w.officer)


def _agree(w: World) -> None:
    w.take("assemble_draft", w.officer)
    write_summary(w)
    w.take("circulate_draft", w.officer)
    w.take("comment_on_draft", w.expert_1)
    w.take("comment_on_draft", w.expert_2)
    w.take("send_report_to_state", w.officer)
    approve_all(w)
    w.take("agree_report", w.officer)
    w.take("issue_summary", w.officer, symbol="CAC/COSP/IRG/I/1/1/Add.1")


def write_summary(w: World) -> None:
    """Write what nobody can assemble of the executive summary, each section a day later."""
    for key in blueprint.to_write(w.seen().process.chapters):
        w.take("edit_report", w.officer, section=key, text="Specimen text of the summary.")


def approve_all(w: World) -> None:
    """All three States approve the present text."""
    for who in ("expert_1", "expert_2", "focal_point"):
        w.take("approve_report", w.people[who], text_hash=w.review.report_sha256)


_MOVES = (
    ("selected", _start),
    ("initial_steps", _begin),
    ("self_assessment", _answer),
    ("desk_review", _assess),
    ("country_dialogue", _talk),
    ("finalization", _agree),
)

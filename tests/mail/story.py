"""A review in which everything happens, for tests of the mails that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.mail.letter import Letter
from review.models import Outbox
from review.services import (
    accounts,
    answers,
    by_link,
    capabilities,
    digest,
    findings,
    invitations,
    mail_links,
    reminders,
)
from review.services.draws import assignment
from review.services.draws.assignment import Assignment
from tests import world
from tests.mail.incident_story import break_down
from tests.mail.succession_story import secrets, succeed
from tests.world import World

MARK = "SECRET-7f3a"
"""Stands in everything that people write; no mail may hold it."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Story:
    """What a review has caused to be written, from beginning to end."""

    letters: tuple[Letter, ...]
    officer: str
    now: datetime

    def one_of_each(self, language: str) -> list[Letter]:
        """One letter for each notice and role of its reader, in a language."""
        kinds = {(letter.notice, letter.params["role"]): letter for letter in self.letters}
        return [replace(letter, language=language) for letter in kinds.values()]


def tell(session: Session) -> Story:
    """Play the review; every text that people write in it is marked."""
    w = world.world(session)
    _draw_and_defer(w)
    world.advance(w, "self_assessment")
    _answer(w)
    succeed(w, MARK)
    _invite_in_vain(w)
    _assess_and_ask(w)
    _talk(w)
    _agree_and_publish(w)
    _go_astray(w)
    break_down(session, w.now)
    return Story(tuple(_letters(session)), w.officer.email, w.now)


def _invite_in_vain(w: World) -> None:
    """An expert who never accepts the invitation."""
    given = {"email": "silent@zwe.example", "title": "Silent", "language": "en", "side": "1"}
    w.take("nominate_expert", w.officer, **given)
    assert invitations.tell_of_expired(w.session, w.now + 15 * DAY)


def _letters(session: Session) -> list[Letter]:
    """What waits in the outbox."""
    return [
        Letter(
            m.id, m.key, m.notice, m.language, m.address, m.params | secrets(m.notice), m.review_id
        )
        for m in session.scalars(sa.select(Outbox).order_by(Outbox.id))
    ]


def _draw_and_defer(w: World) -> None:
    drawn = {"first": "ZWE", "second": "ITA", "session": MARK, "drawn_on": "2011-07-01"}
    w.take("assign_reviewers", w.officer, **drawn)
    _draw_anew(w)
    w.take("defer", w.officer, justification=MARK)


def _draw_anew(w: World) -> None:
    """The second place is drawn anew, as a recorded draw does it."""
    assignment.assign(
        w.session,
        w.review.cycle,
        [Assignment("ZMB", {2: "PNG"})],
        held=MARK,
        drawn_on=w.now.date(),
        actor=w.officer,
        now=w.now,
    )
    w.session.expire_all()


def _answer(w: World) -> None:
    marked = {"adopted": "in_part", "measures": MARK, "reasons": MARK, "complete": True}
    entries = [dict(marked, provision=ref) for ref in w.seen().provisions(0)]
    answers.save_many(w.session, w.review_id, entries, actor=w.focal_point, now=w.now)
    w.take("submit_self_assessment", w.focal_point, note=MARK)
    w.take("return_for_completion", w.officer, reason=MARK)
    w.take("submit_self_assessment", w.focal_point)
    w.take("circulate_response", w.officer, note=MARK)


def _assess_and_ask(w: World) -> None:
    marked = {"level": "no", "observation": MARK, "challenge": MARK, "complete": True}
    for slot in (1, 2):
        expert = w.people[f"expert_{slot}"]
        entries = [dict(marked, provision=ref) for ref in w.seen().provisions(slot)]
        findings.save_many(w.session, w.review_id, entries, actor=expert, now=w.now)
    provision = w.seen().provisions(1)[0]
    by = (w.now + 20 * DAY).date().isoformat()
    w.take("ask_for_information", w.expert_1, provision=provision, text=MARK, answer_by=by)
    w.take("ask_for_information", w.officer, provision=provision, text=MARK)
    for number in ("1", "2"):
        w.take("answer_question", w.focal_point, question=number, answer=MARK)
    w.take("submit_desk_review", w.expert_1, note=MARK)
    w.take("submit_desk_review", w.expert_2)
    w.take("forward_outcome", w.officer, note=MARK)


def _talk(w: World) -> None:
    w.take("agree_means", w.focal_point, means="country_visit", note=MARK)
    day = (w.now + 2 * DAY).date().isoformat()
    days = {"first_day": day, "last_day": day}
    w.take("schedule_dialogue", w.focal_point, place=MARK, **days)
    w.now += 2 * DAY
    w.take("record_dialogue", w.officer, took_part=MARK, **days)
    w.take("close_dialogue", w.officer, note=MARK)


def _agree_and_publish(w: World) -> None:
    w.take("assemble_draft", w.officer)
    world.write_summary(w)
    w.take("circulate_draft", w.officer, note=MARK)
    w.take("comment_on_draft", w.expert_1, comment=MARK)
    w.take("comment_on_draft", w.expert_2)
    w.take("send_report_to_state", w.officer, note=MARK)
    w.take("ask_for_consensus_dialogue", w.focal_point, comment=MARK)
    w.take("send_report_to_state", w.officer)
    world.approve_all(w)
    w.take("agree_report", w.officer)
    w.take("issue_summary", w.officer, symbol="CAC/COSP/IRG/I/1/1/Add.1")
    w.take("publish_response", w.focal_point, consent=True)
    w.take("publish_report", w.focal_point, extent="part", consent=True)


def _lose_a_link(w: World) -> None:
    """Somebody opens the link of a reminder after its end, and asks for a new one."""
    mails = w.session.scalars(sa.select(Outbox).where(Outbox.notice == "reminder")).all()
    row = next(one for one in mails if one.person_id == w.focal_point.id)
    token = mail_links.given(w.session, row, w.now)["task"]
    by_link.ask_for_new_link(w.session, token, now=w.now + capabilities.TASK_FOR)


def _go_astray(w: World) -> None:
    """What the secretariat mends, and what others then owe and do not do."""
    w.take("correct_position", w.officer, stage="self_assessment", reason=MARK)
    w.take("return_for_completion", w.officer, reason=MARK)
    w.take("suspend", w.officer, reason=MARK, approved_by=MARK)
    until = (w.now + 9 * DAY).date().isoformat()
    w.take("prolong_stop", w.officer, reason=MARK, approved_by=MARK, until=until)
    w.take("resume", w.officer, note=MARK)
    late = (w.now + 5 * DAY).date().isoformat()
    asked = {"milestone": "self_assessment_submitted:0", "reason": MARK}
    w.take("ask_extension", w.focal_point, new_date="2012-12-03", **asked)
    w.take("refuse_extension", w.officer, **asked)
    w.take("grant_extension", w.officer, new_date=late, moves="yes", **asked)
    _admit_observer(w)
    member = next(m for m in w.seen().members if m.role == "expert")
    w.take("release_person", w.officer, member=str(member.member_id), reason=MARK)
    again = {"side": str(member.slot), "title": member.title, "email": member.email}
    w.take("nominate_expert", w.officer, language="en", **again)
    accounts.forgot_password(w.session, w.focal_point.email, now=w.now)
    for days in range(1, 31):
        reminders.sweep(w.session, w.now + days * DAY)
    _lose_a_link(w)
    w.focal_point.digest = True
    w.session.flush()
    for days in range(60, 64):  # one of them is a working day
        reminders.sweep(w.session, (w.now + days * DAY).replace(hour=12))
        digest.write(w.session, (w.now + days * DAY).replace(hour=12))
    w.session.flush()


def _admit_observer(w: World) -> None:
    w.take(
        "admit_observer",
        w.officer,
        side="0",
        title="Observer of Zambia",
        email="observer@zambia.example",
        language="en",
        note_verbale=MARK,
    )

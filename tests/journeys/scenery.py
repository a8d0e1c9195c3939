"""The reviews of the landscape, stage by stage, and the mails that they sent."""

from __future__ import annotations

from email.message import EmailMessage

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.mail.transport import Refused, TryLater
from review.models import Draw, Outbox, State, Submission
from review.services import (
    accounts,
    answers,
    cycle_planning,
    expert_lists,
    group_sessions,
    parties,
    people,
    successions,
)
from review.services.cycle_planning import CyclePlan, YearPlan
from review.services.draws import conduct
from review.services.expert_lists import ExpertGiven
from review.services.group_sessions import SessionGiven
from review.services.proposals import Proposal
from tests import world
from tests.journeys.landscape import (
    EVERYBODY,
    EXPERTS,
    LEVELS,
    NOW,
    OFFICE,
    PARTIES,
    Builder,
    Landscape,
)
from tests.world import World
from workflows import chance
from workflows.announcement import YearsAnnouncement
from workflows.review_years import YearParty

SECRET = "5c" * 32


def build(session: Session) -> Landscape:
    """Every review, and links of mails; ``PNG`` and ``BGD`` are reviews of others."""
    builder = Builder(session)
    for scene in _SCENES:
        scene(builder)
    return builder.finish()


class Post:
    """Takes every third mail, refuses every third and keeps the others waiting."""

    def __init__(self) -> None:
        self._count = 0

    def send(
        self, message: EmailMessage, sender: str, recipient: str, envelope_id: str = ""
    ) -> str:
        """Nothing leaves."""
        self._count += 1
        if self._count % 3 == 1:
            raise Refused("550 Specimen text: no such mailbox", address=True)
        if self._count % 3 == 2:
            raise TryLater("451 Specimen text: try again later")
        return "250 OK"


def _waiting_to_begin(b: Builder) -> None:
    b.review("GHA", 2)
    b.drawn("KEN", year=2)
    b.peopled("ZMB")
    w = b.drawn("GAB", year=2)
    reason = b.made.plant("GAB", "justification", OFFICE)
    w.take("defer", w.officer, justification=f"Specimen text {reason}.")


def _answering(b: Builder) -> None:
    w = b.called("UGA")
    word = b.made.plant("UGA", "answers", {"state"})
    refs = w.seen().provisions(0)[:9]
    entries = [dict(LEVELS, provision=ref, measures=f"Specimen text {word}.") for ref in refs]
    answers.save_many(b.session, w.review_id, entries, actor=w.focal_point, now=w.now)
    b.document(w, "focal_point", {"state"})
    b.document(w, "officer", PARTIES)
    b.answered("RWA", OFFICE | {"state"})
    _succeeding(b, w)


def _succeeding(b: Builder, w: World) -> None:
    """The focal point has said that the task is theirs no longer; the mission is asked."""
    reason = b.made.plant("UGA", "reason", OFFICE | {"state"})
    holders = {m.person_id: m.member_id for m in w.seen().members}
    one = successions.begin(
        b.session,
        holders[w.focal_point.id],
        "not_me",
        actor=w.focal_point,
        now=w.now,
        reason=f"Specimen text {reason}.",
        proposal=Proposal("Proposed successor", "proposed@uga.example", "fr"),
    )
    b.made.offices |= {"SUCCESSION": one.id, "SEAT": holders[w.expert_1.id]}


def _assessing(b: Builder) -> None:
    w = b.assessed("LSO", {1: OFFICE | {"ZWE"}, 2: {"ITA"}})
    b.question(w, "expert_2")
    w.take("submit_desk_review", w.expert_1)
    w = b.assessed("MAR", {1: {"ZWE"}})
    reason = b.made.plant("MAR", "stop", PARTIES)
    w.take("suspend", w.officer, reason=f"Specimen text {reason}.")


def _talking(b: Builder) -> None:
    w = b.discussed("BEN")
    w.take("agree_means", w.focal_point, means="joint_meeting")
    days = {"first_day": "2011-12-12", "last_day": "2011-12-14"}
    w.take("schedule_dialogue", w.focal_point, place="Vienna", **days)
    w.focal_point.language = "ar"


def _agreeing(b: Builder) -> None:
    b.drafted("BDI", edit=OFFICE | EXPERTS)
    w = b.drafted("SLE")
    w.take("comment_on_draft", w.expert_2)
    w.take("send_report_to_state", w.officer)
    w.take("approve_report", w.expert_2, text_hash=w.review.report_sha256)


def _completed(b: Builder) -> None:
    w = b.agreed("TGO", edit=EVERYBODY, readers=EVERYBODY, response=EVERYBODY)
    w.take("publish_report", w.focal_point, extent="all", consent=True)
    w.take("publish_response", w.focal_point, consent=True)
    w = b.agreed("NER")
    w.review.simulated = True
    b.session.execute(
        sa.update(Submission).where(Submission.review_id == w.review_id).values(simulated=True)
    )
    b.session.execute(
        sa.text("UPDATE milestone SET simulated = true WHERE review_id = :id"), {"id": w.review_id}
    )


def _mails(b: Builder) -> None:
    administrator = b.made.cast["administrator"]
    people.invite_secretariat(
        b.session,
        email="invited@secretariat.example",
        title="Invited and not here yet",
        role="secretariat_officer",
        language="en",
        actor=administrator,
        now=NOW,
    )
    accounts.forgot_password(b.session, administrator.email, now=NOW)
    mails = sa.select(Outbox).where(Outbox.created_at == NOW, Outbox.params.has_key("token"))
    tokens = {mail.notice: mail.params["token"] for mail in b.session.scalars(mails)}
    b.made.links += [
        f"/invitation/{tokens['invitation']}",
        f"/password/{tokens['password_reset']}",
    ]


def _of_others(b: Builder) -> None:
    b.discussed("PNG", OFFICE | {"state"}, first="FJI", second="FIN")
    b.assessed("BGD", {1: ()}, first="FJI", second="FIN", cycle=2, division="split")
    person = world.person(b.session, "focal_point", "FIN", title="Nominated nowhere")
    administrator = b.made.cast["administrator"]
    people.close(b.session, person.id, "Specimen text.", actor=administrator, now=NOW)


def _drawing(b: Builder) -> None:
    """Draws of the years of two States that are in no review: recorded here, drawn there."""
    officer = b.made.cast["officer"]
    for number, state in ((1, "recorded"), (2, "drawn")):
        announced = YearsAnnouncement(
            number,
            "Specimen draw",
            chance.secret_hash(SECRET),
            {"Asia-Pacific States": (1,), "Western European and other States": (1,)},
            (
                YearParty("FJI", "Fiji", "Asia-Pacific States"),
                YearParty("FIN", "Finland", "Western European and other States"),
            ),
        )
        draw = Draw(
            cycle_id=b.cycles[number].id,
            kind="years",
            year=0,
            purpose="regular",
            announcement=announced.document(),
            commitment=announced.commitment,
            secret=SECRET,
            state="published",
            prepared_at=NOW,
            prepared_by=officer.id,
            published_at=NOW,
        )
        b.session.add(draw)
        b.session.flush()
        conduct.open_draw(
            b.session, draw.id, "1 2 3", drawn_on=NOW.date(), drawn_by="", actor=officer, now=NOW
        )
        conduct.draw_rest(b.session, draw.id, actor=officer, now=NOW)
        draw.state = state
        b.made.draws[state.upper()] = draw.id


def _planned(b: Builder) -> None:
    """The first party's experts in one cycle and withdrawal in the other; a cycle to come."""
    first = b.session.scalars(
        sa.select(State.iso3).where(State.ratified_on <= NOW.date()).order_by(State.name).limit(1)
    ).one()
    officer = b.made.cast["officer"]
    given = ExpertGiven("Specimen expert")
    expert_lists.add(b.session, 1, first, given, actor=officer, now=NOW)
    parties.withdraw(b.session, 2, first, "Specimen text.", actor=officer, now=NOW)
    held = SessionGiven("Specimen session", "session", NOW.date(), NOW.date())
    group_sessions.add(b.session, 1, held, actor=officer, now=NOW)
    begins = NOW.date().replace(year=NOW.year + 5)
    plan = CyclePlan("irm-2", begins, None, (YearPlan(begins, 1),))
    administrator = b.made.cast["administrator"]
    cycle_planning.create(b.session, 3, plan, actor=administrator, now=NOW)


_SCENES = (
    _waiting_to_begin,
    _answering,
    _assessing,
    _talking,
    _agreeing,
    _completed,
    _of_others,
    _planned,
    _drawing,
    _mails,
)

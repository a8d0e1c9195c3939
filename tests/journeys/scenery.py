"""The reviews of the landscape, stage by stage, and the mails that they sent."""

from __future__ import annotations

from email.message import EmailMessage

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.mail.transport import Refused, TryLater
from review.models import Outbox, Submission
from review.services import accounts, answers, people
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

    def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Nothing leaves."""
        self._count += 1
        if self._count % 3 == 1:
            raise Refused("550 Specimen text: no such mailbox")
        if self._count % 3 == 2:
            raise TryLater("451 Specimen text: try again later")


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


_SCENES = (
    _waiting_to_begin,
    _answering,
    _assessing,
    _talking,
    _agreeing,
    _completed,
    _of_others,
    _mails,
)

"""The secret links that a mail carries, given while it is sent and stored nowhere.

Who is reminded of something, or told of something that their side owes, gets the link of that
task. The secretariat gets none: it works signed in. A digest carries the link that ends it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from review.mail import owed
from review.mail.render import CannotWrite
from review.models import Outbox
from review.services import capabilities
from review.services.capabilities import About, Purpose
from review.services.succession_mails import ASKED
from workflows.spec import Party

_SUCCESSION = "succession_link"


def given(session: Session, row: Outbox, now: datetime) -> dict[str, str]:
    """What the words of a mail may name besides its stored parameters: secrets.

    ``task`` opens the task, ``leaving`` the page on which a digest is ended. A mail that is tried
    again gets the same. Raises CannotWrite for parameters that say nothing.
    """
    if row.notice == "digest":
        return {
            "leaving": capabilities.give_with_mail(
                session, row, Purpose.DIGEST, about=About(), iso3=None, now=now, lasts=None
            )
        }
    if row.notice == ASKED:
        return {_SUCCESSION: _of_mission(session, row, now)}
    try:
        about = _task(row)
    except LookupError as problem:
        raise CannotWrite(f"{row.notice}: {type(problem).__name__}: {problem}") from problem
    if about is None:
        return {}
    state = row.params["for_state"]
    return {
        "task": capabilities.give_with_mail(
            session, row, Purpose.TASK, about=about, iso3=state, now=now
        )
    }


def _of_mission(session: Session, row: Outbox, now: datetime) -> str:
    """The link by which a mission says who holds an office."""
    state, slot = row.params["office_state"], int(row.params["slot"])
    about = About(row.review_id, slot)
    return capabilities.give_with_mail(
        session, row, Purpose.SUCCESSION, about=about, iso3=state, now=now
    )


def _task(row: Outbox) -> About | None:
    """The task of a mail; None where its reader owes nothing, or works for the secretariat."""
    p = row.params
    if row.review_id is None or p.get("party") == Party.SECRETARIAT.value or not p.get("for_state"):
        return None
    if not owed.by_reader(p) or "answer_by_mail" in p:  # told for its State, has no part itself
        return None
    return About(row.review_id, int(p["slot"]), p["milestone"], owed.number_of(p))

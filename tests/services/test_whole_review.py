"""A review from selection to completion through the services alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Audit, MilestoneDate, Outbox
from tests import world
from workflows.registry import process


@pytest.mark.parametrize("number", [1, 2])
def test_review_runs_to_completion(session: Session, number: int) -> None:
    w = world.advance(world.world(session, process_number=number), "completed")

    assert w.review.stage == "completed"
    assert w.review.document_symbol == "CAC/COSP/IRG/I/1/1/Add.1"
    open_dates = session.scalars(
        sa.select(MilestoneDate.key).where(MilestoneDate.done_at.is_(None))
    )
    assert set(open_dates) == {"dialogue_scheduled", "dialogue_held"}, "the dialogue was remote"
    verbs = list(
        session.scalars(
            sa.select(Audit.verb).where(Audit.review_id == w.review_id).order_by(Audit.id)
        )
    )
    assert verbs[0] == "assign_reviewers"
    assert verbs[-1] == "issue_summary"
    told = set(session.scalars(sa.select(Outbox.notice)))
    assert {"review_started", "desk_review_requested", "summary_issued", "invitation"} <= told
    assert set(session.scalars(sa.select(Audit.definition).distinct())) >= {
        f"irm-{number}@{process(f'irm-{number}').version}"
    }

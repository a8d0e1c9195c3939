"""Sessions that end for every copy of their cookie; to which States a response was circulated.

A response that had been circulated before is taken to have gone to the reviewing States of today:
nothing older says otherwise, and they could read it.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

CIRCULATED = """
UPDATE submission SET circulated_to = ARRAY(
  SELECT v.iso3 FROM reviewer v
  WHERE v.review_id = submission.review_id AND v.voided_at IS NULL ORDER BY v.slot
)
FROM milestone m
WHERE m.review_id = submission.review_id AND m.key = 'response_circulated'
  AND submission.submitted_at <= m.done_at
"""


def upgrade() -> None:
    op.create_table(
        "ended_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_ended_session")),
    )
    op.add_column(
        "submission",
        sa.Column(
            "circulated_to", postgresql.ARRAY(sa.String(length=3)), server_default="{}",
            nullable=False,
        ),
    )  # fmt: skip
    op.execute(CIRCULATED)


def downgrade() -> None:
    op.drop_column("submission", "circulated_to")
    op.drop_table("ended_session")

"""A stopped clock has an end and an approver, and runs again by itself."""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("review", sa.Column("suspended_until", sa.Date(), nullable=True))
    op.add_column("review", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("clock_stop", sa.Column("until", sa.Date(), nullable=True))
    op.add_column(
        "clock_stop",
        sa.Column("approved_by", sa.String(length=200), server_default="", nullable=False),
    )
    for name in ("stopped_by", "resumed_by"):
        op.add_column("clock_stop", sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_clock_stop_{name}"), "clock_stop", "person", [name], ["id"])


def downgrade() -> None:
    for name in ("resumed_by", "stopped_by", "approved_by", "until"):
        op.drop_column("clock_stop", name)
    op.drop_column("review", "resumed_at")
    op.drop_column("review", "suspended_until")

"""From which place in the ladder on reminders count at the next moment."""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("milestone", sa.Column("remind_rung", sa.Integer(), nullable=True))
    op.add_column("prepared_reminder", sa.Column("again_rung", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("prepared_reminder", "again_rung")
    op.drop_column("milestone", "remind_rung")

"""Whose trouble a refusal for reasons of policy was taken for."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "mail_attempt",
        sa.Column("policy", sa.String(length=10), server_default="", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_mail_attempt_policy"),
        "mail_attempt",
        "policy IN ('', 'doubt', 'domain', 'server')",
    )
    op.create_index(
        "ix_mail_attempt_policy", "mail_attempt", ["id"], postgresql_where=sa.text("policy <> ''")
    )


def downgrade() -> None:
    op.drop_index("ix_mail_attempt_policy", table_name="mail_attempt")
    op.drop_constraint(op.f("ck_mail_attempt_policy"), "mail_attempt")
    op.drop_column("mail_attempt", "policy")

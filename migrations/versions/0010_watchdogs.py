"""Signs of life of every background job, and incidents."""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

_MOMENTS = ("begun_at", "finished_at", "failed_at")


def upgrade() -> None:
    op.alter_column("heartbeat", "at", new_column_name="since")
    for name in _MOMENTS:
        op.add_column("heartbeat", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("heartbeat", sa.Column("seconds", sa.Float(), nullable=True))
    op.add_column(
        "heartbeat", sa.Column("failure", sa.String(length=80), server_default="", nullable=False)
    )
    for name in ("failures", "runs", "failed_runs"):
        op.add_column(
            "heartbeat", sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        )
    op.execute(
        "UPDATE heartbeat SET begun_at = since, finished_at = since, runs = 1,"
        " name = CASE name WHEN 'scheduler' THEN 'give_sign_of_life' ELSE name END"
    )
    _incidents()
    op.create_index("ix_mail_attempt_at", "mail_attempt", ["at"])
    op.create_index(
        "ix_outbox_fate_at", "outbox", ["fate_at"], postgresql_where=sa.text("fate_at IS NOT NULL")
    )


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calm_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts", sa.dialects.postgresql.JSONB(), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "closed_at IS NULL OR closed_at >= opened_at", name=op.f("ck_incident_closes_later")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(
        "uq_incident_open",
        "incident",
        ["rule", "subject"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_fate_at", table_name="outbox")
    op.drop_index("ix_mail_attempt_at", table_name="mail_attempt")
    op.drop_table("incident")
    op.execute("DELETE FROM heartbeat WHERE name <> 'give_sign_of_life' OR finished_at IS NULL")
    op.execute("UPDATE heartbeat SET name = 'scheduler', since = finished_at")
    for name in ("failed_runs", "runs", "failures", "failure", "seconds", *_MOMENTS[::-1]):
        op.drop_column("heartbeat", name)
    op.alter_column("heartbeat", "since", new_column_name="at")

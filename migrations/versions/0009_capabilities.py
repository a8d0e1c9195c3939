"""Links by mail that let their reader do something without signing in."""

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "capability",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("iso3", sa.String(length=3), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=True),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("milestone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("milestone_slot", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('task', 'calendar', 'digest', 'succession')",
            name=op.f("ck_capability_purpose"),
        ),
        sa.CheckConstraint(
            "person_id IS NOT NULL OR iso3 IS NOT NULL", name=op.f("ck_capability_has_holder")
        ),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_capability_{column}"))
            for column, target in (
                ("person_id", "person.id"),
                ("iso3", "state.iso3"),
                ("review_id", "review.id"),
                ("outbox_id", "outbox.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capability")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_capability_outbox_id")),
    )
    for column in ("person_id", "review_id"):
        op.create_index(op.f(f"ix_capability_{column}"), "capability", [column])
    op.create_table(
        "capability_use",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("capability_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["capability_id"], ["capability.id"], name=op.f("fk_capability_use_capability_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capability_use")),
    )
    op.create_index(op.f("ix_capability_use_capability_id"), "capability_use", ["capability_id"])


def downgrade() -> None:
    op.drop_table("capability_use")
    op.drop_table("capability")

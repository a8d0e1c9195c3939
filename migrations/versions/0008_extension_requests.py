"""Requests for another date, and which date moved along with which."""

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "extension_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("milestone", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("old_date", sa.Date(), nullable=False),
        sa.Column("asked_date", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'granted', 'refused', 'taken_back', 'overtaken')",
            name=op.f("ck_extension_request_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome = '') = (answered_at IS NULL)", name=op.f("ck_extension_request_answered")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_extension_request_{column}")
            )
            for column, table in (
                ("review_id", "review"),
                ("asked_by", "person"),
                ("answered_by", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension_request")),
    )
    op.create_index(op.f("ix_extension_request_review_id"), "extension_request", ["review_id"])
    op.create_index(
        "uq_extension_request_open",
        "extension_request",
        ["review_id", "milestone", "slot"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    for column, table in (("request_id", "extension_request"), ("moved_with", "extension")):
        op.add_column("extension", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(f"fk_extension_{column}", "extension", table, [column], ["id"])


def downgrade() -> None:
    for column in ("moved_with", "request_id"):
        op.drop_column("extension", column)
    op.drop_table("extension_request")

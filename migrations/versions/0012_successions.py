"""Offices in a review, who holds them, and who follows whom."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

_WHYS = "why IN ('not_me', 'mandate_ended', 'bounced', 'silent', 'requested')"
_STATES = "state IN ('open', 'proposed', 'confirmed', 'refused', 'withdrawn')"


def upgrade() -> None:
    op.create_table(
        "office",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("iso3", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_office_review_id")),
        sa.ForeignKeyConstraint(["iso3"], ["state.iso3"], name=op.f("fk_office_iso3")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint(
            "review_id",
            "role",
            "slot",
            "number",
            name=op.f("uq_office_review_id_role_slot_number"),
        ),
    )
    op.add_column("member", sa.Column("office_id", sa.BigInteger(), nullable=True))
    op.add_column("member", sa.Column("mandate_ends_on", sa.Date(), nullable=True))
    op.create_foreign_key(op.f("fk_member_office_id"), "member", "office", ["office_id"], ["id"])
    _seat_everybody(op.get_bind())
    op.alter_column("member", "office_id", nullable=False)
    op.create_index(op.f("ix_member_office_id"), "member", ["office_id"])
    op.create_index(
        "uq_member_holder",
        "member",
        ["office_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _create_successions()


def _seat_everybody(connection: sa.Connection) -> None:
    """Give each membership its office: the first of its side that nobody held at that time."""
    rows = connection.execute(
        sa.text(
            "SELECT m.id, m.review_id, m.role, m.slot, p.iso3, m.since, m.ended_at"
            " FROM member m JOIN person p ON p.id = m.person_id ORDER BY m.since, m.id"
        )
    ).all()
    offices: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        mine = offices[row.review_id, row.role, row.slot]
        free = (
            one
            for one in mine
            if one["iso3"] == row.iso3 and one["until"] and one["until"] <= row.since
        )
        office = next(free, None)
        if office is None:
            number = connection.scalar(
                sa.text(
                    "INSERT INTO office (review_id, role, slot, number, iso3)"
                    " VALUES (:review, :role, :slot, :number, :iso3) RETURNING id"
                ),
                {
                    "review": row.review_id,
                    "role": row.role,
                    "slot": row.slot,
                    "number": len(mine) + 1,
                    "iso3": row.iso3,
                },
            )
            office = {"id": number, "iso3": row.iso3, "until": None}
            mine.append(office)
        office["until"] = row.ended_at
        connection.execute(
            sa.text("UPDATE member SET office_id = :office WHERE id = :member"),
            {"office": office["id"], "member": row.id},
        )


def _create_successions() -> None:
    op.create_table(
        "succession",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("predecessor_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("title", sa.String(length=200), server_default="", nullable=False),
        sa.Column("email", sa.String(length=254), server_default="", nullable=False),
        sa.Column("language", sa.String(length=2), server_default="", nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_as", sa.String(length=20), server_default="", nullable=False),
        sa.Column("signed_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("note_verbale", sa.String(length=200), server_default="", nullable=False),
        sa.Column("successor_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_WHYS, name=op.f("ck_succession_why")),
        sa.CheckConstraint(_STATES, name=op.f("ck_succession_state")),
        sa.CheckConstraint(
            "(state IN ('open', 'proposed')) = (answered_at IS NULL)",
            name=op.f("ck_succession_answered"),
        ),
        sa.CheckConstraint(
            "state <> 'proposed' OR email <> ''", name=op.f("ck_succession_proposed_has_address")
        ),
        sa.CheckConstraint(
            "(state = 'confirmed') = (successor_id IS NOT NULL)",
            name=op.f("ck_succession_confirmed_has_successor"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_succession_{column}"))
            for column, table in (
                ("office_id", "office"),
                ("predecessor_id", "member"),
                ("successor_id", "member"),
                ("begun_by", "person"),
                ("proposed_by", "person"),
                ("answered_by", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_succession")),
    )
    op.create_index(op.f("ix_succession_predecessor_id"), "succession", ["predecessor_id"])
    op.create_index(
        "uq_succession_open",
        "succession",
        ["office_id"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("succession")
    op.drop_column("member", "office_id")
    op.drop_column("member", "mandate_ends_on")
    op.drop_table("office")

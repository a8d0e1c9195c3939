"""The planning of a cycle and the drawing of lots.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "cycle_party",
        sa.Column("cycle_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("iso3", sa.String(length=3), nullable=False),
        sa.Column("volunteers_for", sa.SmallInteger(), nullable=True),
        sa.Column("excused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("experts_circulated_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "volunteers_for BETWEEN 1 AND 5", name=op.f("ck_cycle_party_volunteers_for")
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_party_cycle_id")),
        sa.ForeignKeyConstraint(["iso3"], ["state.iso3"], name=op.f("fk_cycle_party_iso3")),
        sa.PrimaryKeyConstraint("cycle_id", "iso3", name=op.f("pk_cycle_party")),
    )
    op.create_table(
        "cycle_year",
        sa.Column("cycle_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("share", sa.SmallInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("share >= 0", name=op.f("ck_cycle_year_share")),
        sa.CheckConstraint("year BETWEEN 1 AND 5", name=op.f("ck_cycle_year_year")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_year_cycle_id")),
        sa.PrimaryKeyConstraint("cycle_id", "year", name=op.f("pk_cycle_year")),
    )
    op.create_table(
        "group_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=120), server_default="", nullable=False),
        sa.Column("document_symbol", sa.String(length=60), server_default="", nullable=False),
        sa.Column("drawn_by", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.String(length=20), server_default="", nullable=False),
        sa.CheckConstraint(
            "kind IN ('session', 'resumed', 'intersessional')", name=op.f("ck_group_session_kind")
        ),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_group_session_days")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_group_session_cycle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_session")),
        sa.UniqueConstraint("title", name=op.f("uq_group_session_title")),
    )
    op.create_index(op.f("ix_group_session_cycle_id"), "group_session", ["cycle_id"], unique=False)
    op.create_table(
        "listed_expert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("iso3", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.String(length=200), server_default="", nullable=False),
        sa.Column("background", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "expertise", postgresql.ARRAY(sa.String(length=10)), server_default="{}", nullable=False
        ),
        sa.Column(
            "languages", postgresql.ARRAY(sa.String(length=2)), server_default="{}", nullable=False
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_listed_expert_cycle_id")),
        sa.ForeignKeyConstraint(["iso3"], ["state.iso3"], name=op.f("fk_listed_expert_iso3")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_expert")),
    )
    op.create_index(op.f("ix_listed_expert_iso3"), "listed_expert", ["iso3"], unique=False)
    op.create_table(
        "draw",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("announcement", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("read_out", sa.Text(), server_default="", nullable=False),
        sa.Column("seed", sa.String(length=64), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=True),
        sa.Column("drawn_by", sa.Text(), server_default="", nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("transcript", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("kind IN ('reviewers', 'years')", name=op.f("ck_draw_kind")),
        sa.CheckConstraint(
            "state IN ('prepared', 'published', 'open', 'drawn', 'recorded', 'void')",
            name=op.f("ck_draw_state"),
        ),
        sa.CheckConstraint(
            "state IN ('prepared', 'published', 'void') OR seed <> ''", name=op.f("ck_draw_seed")
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_draw_cycle_id")),
        sa.ForeignKeyConstraint(["prepared_by"], ["person.id"], name=op.f("fk_draw_prepared_by")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["group_session.id"], name=op.f("fk_draw_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
    )
    op.create_index(op.f("ix_draw_cycle_id"), "draw", ["cycle_id"], unique=False)
    op.create_index(
        "uq_draw_one_in_progress",
        "draw",
        ["cycle_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('prepared', 'published', 'open', 'drawn')"),
    )
    op.create_table(
        "lot",
        sa.Column("draw_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_lot_draw_id")),
        sa.ForeignKeyConstraint(["drawn_by"], ["person.id"], name=op.f("fk_lot_drawn_by")),
        sa.PrimaryKeyConstraint("draw_id", "number", name=op.f("pk_lot")),
    )
    op.create_table(
        "lot_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("slots", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("exceptional_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draw_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('repeat', 'withdrawal')", name=op.f("ck_lot_request_kind")),
        sa.CheckConstraint(
            "slots <@ ARRAY[1, 2]::smallint[] AND slots <> '{}'", name=op.f("ck_lot_request_slots")
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_lot_request_draw_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["person.id"], name=op.f("fk_lot_request_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_lot_request_review_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_request")),
    )
    op.create_index(op.f("ix_lot_request_draw_id"), "lot_request", ["draw_id"], unique=False)
    op.create_index(op.f("ix_lot_request_review_id"), "lot_request", ["review_id"], unique=False)
    op.add_column(
        "cycle",
        sa.Column(
            "lot_rules",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
        ),
    )
    op.add_column(
        "state",
        sa.Column("legal_tradition", sa.String(length=30), server_default="", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("state", "legal_tradition")
    op.drop_column("cycle", "lot_rules")
    op.drop_index(op.f("ix_lot_request_review_id"), table_name="lot_request")
    op.drop_index(op.f("ix_lot_request_draw_id"), table_name="lot_request")
    op.drop_table("lot_request")
    op.drop_table("lot")
    op.drop_index(
        "uq_draw_one_in_progress",
        table_name="draw",
        postgresql_where=sa.text("state IN ('prepared', 'published', 'open', 'drawn')"),
    )
    op.drop_index(op.f("ix_draw_cycle_id"), table_name="draw")
    op.drop_table("draw")
    op.drop_index(op.f("ix_listed_expert_iso3"), table_name="listed_expert")
    op.drop_table("listed_expert")
    op.drop_index(op.f("ix_group_session_cycle_id"), table_name="group_session")
    op.drop_table("group_session")
    op.drop_table("cycle_year")
    op.drop_table("cycle_party")

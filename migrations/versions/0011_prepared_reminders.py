"""Reminders that are decided ahead, what makes such a decision void, and what has no date."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

_NOTE = """
CREATE FUNCTION note_reminder_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  about bigint;
BEGIN
  IF TG_NARGS > 0 THEN
    one := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    IF one->>'role' IS DISTINCT FROM 'focal_point' THEN
      about := one->>TG_ARGV[0];
    END IF;
  END IF;
  INSERT INTO reminder_change (by, review_id)
    VALUES (pg_current_xact_id()::text::bigint, about);
  RETURN NULL;
END $$;
"""
_TRIGGERS = {
    "person": """AFTER UPDATE OF email, title, role, iso3, language, time_zone, digest, active
      ON person FOR EACH ROW WHEN (
        (OLD.email, OLD.title, OLD.role, OLD.iso3, OLD.language, OLD.time_zone, OLD.digest,
         OLD.active) IS DISTINCT FROM
        (NEW.email, NEW.title, NEW.role, NEW.iso3, NEW.language, NEW.time_zone, NEW.digest,
         NEW.active))""",
    "new_person": """AFTER INSERT ON person FOR EACH ROW
      WHEN (NEW.role = 'secretariat_administrator')""",
    "state": """AFTER UPDATE OF language, capital, time_zone, mission_email ON state FOR EACH ROW
      WHEN ((OLD.language, OLD.capital, OLD.time_zone, OLD.mission_email) IS DISTINCT FROM
            (NEW.language, NEW.capital, NEW.time_zone, NEW.mission_email))""",
    "pause": "AFTER INSERT OR UPDATE OR DELETE ON pause FOR EACH STATEMENT",
    "day_off": "AFTER INSERT OR UPDATE OR DELETE ON day_off FOR EACH STATEMENT",
}
_OF_REVIEW = {
    "member": "AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW",
    "reviewer": """AFTER INSERT OR DELETE OR UPDATE OF iso3, slot, voided_at ON reviewer
      FOR EACH ROW""",
    "review": """AFTER UPDATE OF officer_id ON review FOR EACH ROW
      WHEN (OLD.officer_id IS DISTINCT FROM NEW.officer_id)""",
}


def upgrade() -> None:
    op.create_table(
        "prepared_reminder",
        sa.Column("review_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mails", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("oldest", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "key", "slot"],
            ["milestone.review_id", "milestone.key", "milestone.slot"],
            name=op.f("fk_prepared_reminder_review_id_milestone"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("review_id", "key", "slot", name=op.f("pk_prepared_reminder")),
    )
    op.create_index("ix_prepared_reminder_at", "prepared_reminder", ["at"])
    op.create_table(
        "reminder_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_change")),
    )
    op.execute(_NOTE)
    for name, event in _TRIGGERS.items():
        _trigger(name, event, "")
    for name, event in _OF_REVIEW.items():
        _trigger(name, event, "'id'" if name == "review" else "'review_id'")
    _look_at_what_has_no_date()


def _trigger(name: str, event: str, given: str) -> None:
    op.execute(
        f"CREATE TRIGGER reminders_of_{name} {event} EXECUTE FUNCTION note_reminder_change({given})"
    )


def _look_at_what_has_no_date() -> None:
    """The next sweep finds out whose turn it is, and since when."""
    op.execute(
        "UPDATE milestone m SET remind_at = r.stage_since FROM review r"
        " WHERE r.id = m.review_id AND r.stage NOT IN ('selected', 'completed')"
        " AND r.suspended_at IS NULL AND m.done_at IS NULL AND m.remind_at IS NULL"
        " AND m.model_on IS NULL AND m.agreed_on IS NULL"
    )


def downgrade() -> None:
    op.execute("UPDATE milestone SET remind_at = NULL WHERE model_on IS NULL AND agreed_on IS NULL")
    tables = {"new_person": "person"}
    for name in (*_TRIGGERS, *_OF_REVIEW):
        op.execute(f"DROP TRIGGER reminders_of_{name} ON {tables.get(name, name)}")
    op.execute("DROP FUNCTION note_reminder_change()")
    op.drop_table("reminder_change")
    op.drop_index("ix_prepared_reminder_at", table_name="prepared_reminder")
    op.drop_table("prepared_reminder")

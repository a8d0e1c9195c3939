"""Weekdays on which somebody is not reminded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

_KNOWN = "email, title, role, iso3, language, time_zone, digest, active"


def upgrade() -> None:
    op.add_column(
        "person",
        sa.Column(
            "quiet_weekdays",
            postgresql.ARRAY(sa.SmallInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.create_check_constraint(
        op.f("ck_person_quiet_weekdays"),
        "person",
        "quiet_weekdays <@ '{0,1,2,3,4,5,6}'::smallint[]",
    )
    _note_changes_of(f"{_KNOWN}, quiet_weekdays")


def downgrade() -> None:
    _note_changes_of(_KNOWN)
    op.drop_constraint(op.f("ck_person_quiet_weekdays"), "person")
    op.drop_column("person", "quiet_weekdays")


def _note_changes_of(columns: str) -> None:
    """What was decided ahead is void once one of these has changed."""
    old, new = (
        ", ".join(f"{row}.{name}" for name in columns.split(", ")) for row in ("OLD", "NEW")
    )
    op.execute("DROP TRIGGER reminders_of_person ON person")
    op.execute(
        f"CREATE TRIGGER reminders_of_person AFTER UPDATE OF {columns} ON person FOR EACH ROW"
        f" WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION note_reminder_change()"
    )

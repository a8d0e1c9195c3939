"""Days off that the secretariat records for a State or for the duty station."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "day_off",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("iso3", sa.String(length=3), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("works", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["iso3"], ["state.iso3"], name=op.f("fk_day_off_iso3")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["person.id"], name=op.f("fk_day_off_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_off")),
    )
    op.create_index(
        "uq_day_off_iso3_day",
        "day_off",
        [sa.literal_column("COALESCE(iso3, '')"), sa.literal_column("day")],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index("uq_day_off_iso3_day", table_name="day_off")
    op.drop_table("day_off")

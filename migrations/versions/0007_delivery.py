"""What becomes of a mail after the mail server took it; tries; addresses that do not work."""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _fates()
    op.create_table(
        "mail_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("domain", sa.String(length=254), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'later', 'refused')", name=op.f("ck_mail_attempt_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_mail_attempt_outbox_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_attempt")),
    )
    op.create_index(op.f("ix_mail_attempt_outbox_id"), "mail_attempt", ["outbox_id"])
    op.create_index("ix_mail_attempt_domain_at", "mail_attempt", ["domain", "at"])
    op.create_table(
        "dead_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("address = lower(address)", name=op.f("ck_dead_address_small_letters")),
        sa.ForeignKeyConstraint(
            ["cleared_by"], ["person.id"], name=op.f("fk_dead_address_cleared_by")
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_dead_address_outbox_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_address")),
    )
    op.create_index(
        "uq_dead_address_address",
        "dead_address",
        ["address"],
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )


def _fates() -> None:
    op.add_column(
        "outbox", sa.Column("fate", sa.String(length=10), server_default="", nullable=False)
    )
    op.add_column("outbox", sa.Column("fate_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("fate_said", sa.Text(), server_default="", nullable=False))
    op.add_column("outbox", sa.Column("instead_of", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_outbox_instead_of"), "outbox", "outbox", ["instead_of"], ["id"])
    op.create_unique_constraint(op.f("uq_outbox_instead_of"), "outbox", ["instead_of"])
    op.create_check_constraint(
        op.f("ck_outbox_fate"),
        "outbox",
        "fate IN ('', 'delayed', 'delivered', 'bounced', 'complained')",
    )
    op.create_check_constraint(
        op.f("ck_outbox_fate_has_time"), "outbox", "(fate = '') = (fate_at IS NULL)"
    )
    op.create_index(
        "ix_outbox_message_id",
        "outbox",
        ["message_id"],
        postgresql_where=sa.text("message_id <> ''"),
    )


def downgrade() -> None:
    op.drop_table("dead_address")
    op.drop_table("mail_attempt")
    op.drop_index("ix_outbox_message_id", table_name="outbox")
    for name in ("ck_outbox_fate", "ck_outbox_fate_has_time", "fk_outbox_instead_of"):
        op.drop_constraint(name, "outbox")
    op.drop_constraint("uq_outbox_instead_of", "outbox")
    for column in ("instead_of", "fate_said", "fate_at", "fate"):
        op.drop_column("outbox", column)

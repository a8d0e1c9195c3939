"""A closed account is a reason to ask who follows in an office."""

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None

_BEFORE = "why IN ('not_me', 'mandate_ended', 'bounced', 'silent', 'requested')"
_AFTER = "why IN ('not_me', 'mandate_ended', 'bounced', 'silent', 'requested', 'account_closed')"


def upgrade() -> None:
    _check(_AFTER)


def downgrade() -> None:
    op.execute(sa.text("UPDATE succession SET why = 'requested' WHERE why = 'account_closed'"))
    _check(_BEFORE)


def _check(condition: str) -> None:
    op.drop_constraint(op.f("ck_succession_why"), "succession", type_="check")
    op.create_check_constraint(op.f("ck_succession_why"), "succession", condition)

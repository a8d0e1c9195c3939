"""A document symbol belongs to one executive summary, whoever issues at the same moment.

Where older rows share a symbol, the review that was completed first keeps it as it is and the
others get a number behind it, so that nothing is lost and the secretariat can correct them.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

TELL_APART = """
UPDATE review SET document_symbol = left(document_symbol, 50) || ' (' || shared.place || ')'
FROM (
  SELECT id, row_number() OVER (PARTITION BY document_symbol ORDER BY completed_at, id) AS place
  FROM review WHERE document_symbol IS NOT NULL
) AS shared
WHERE review.id = shared.id AND shared.place > 1
"""


def upgrade() -> None:
    op.execute(TELL_APART)
    op.create_unique_constraint(op.f("uq_review_document_symbol"), "review", ["document_symbol"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_review_document_symbol"), "review", type_="unique")

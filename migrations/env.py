"""How Alembic reaches the database: one transaction, one migrator at a time, no long wait.

The address comes from `review.schema`, or from DATABASE_URL for `alembic -c setup.cfg …`.
"""

import os

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import review.models  # noqa: F401 - its tables are what the migrations are compared with
from review.db import Base

LOCK = 20091109  # any number, as long as every migrator asks for the same
LOCK_TIMEOUT = "10s"  # a table that somebody holds longer ends the migration; nothing has changed


def _database_url() -> str:
    return str(context.config.attributes.get("database_url") or os.environ["DATABASE_URL"])


def run() -> None:
    """Run what Alembic asks for, in one transaction under an advisory lock."""
    engine = create_engine(_database_url(), poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            connection.execute(text(f"set local lock_timeout = '{LOCK_TIMEOUT}'"))
            context.run_migrations()


run()

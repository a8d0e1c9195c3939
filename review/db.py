"""The database: one engine per process, two ways to use it, and the base of all models.

``transaction()`` commits when its block returns and rolls back when it raises; ``reading()`` runs
in a READ ONLY transaction, so PostgreSQL itself refuses a write. Services get the session and
flush; nobody else commits.
"""

from __future__ import annotations

import re
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every model; constraints get speaking, stable names."""

    metadata = sa.MetaData(naming_convention=CONVENTION)


class NotConnected(RuntimeError):
    """The database is used before ``connect()``."""


_QUOTED = re.compile(r'"[^"]*"|\([^)]*\)')
_factory: sessionmaker[Session] | None = None


def driver_url(url: str) -> str:
    """The same address, for the driver we use (psycopg 3)."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def make_engine(url: str, **options: Any) -> sa.Engine:
    """An engine that notices a restarted server instead of failing on its dead connections."""
    engine = sa.create_engine(
        driver_url(url),
        pool_size=options.pop("pool_size", 8),
        max_overflow=options.pop("max_overflow", 8),
        pool_timeout=options.pop("pool_timeout", 10),
        hide_parameters=True,  # what a statement carries may be confidential: never into a log
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=10s"},
        **options,
    )
    sa.event.listen(engine, "checkout", _refuse_dead)
    sa.event.listen(engine, "handle_error", _leave_out_values)
    return engine


def _leave_out_values(context: sa.engine.ExceptionContext) -> None:
    """Shorten a server's error to what it is: DETAIL and CONTEXT may quote the row concerned.

    A row may be confidential, and errors end up in logs. Bad data (class 22) is quoted in the first
    line too. ``diag`` keeps the parts for whoever has to tell one constraint from another.
    """
    problem = context.original_exception
    if not isinstance(problem, psycopg.Error) or not problem.diag.message_primary:
        return
    whole, short = str(problem), problem.diag.message_primary
    if (problem.sqlstate or "").startswith("22"):
        short = _QUOTED.sub("…", short)
    problem.args = (short,)
    if context.sqlalchemy_exception is not None:
        said = context.sqlalchemy_exception.args
        context.sqlalchemy_exception.args = tuple(str(one).replace(whole, short) for one in said)


def _refuse_dead(connection: psycopg.Connection[Any], *_: object) -> None:
    """Let the pool replace a connection that the server has closed.

    A server that goes away says so on the socket; nothing else is ever to be read there between
    two uses. So this costs no question to the server, as ``pool_pre_ping`` would.
    """
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    if socket.poll(0):
        raise sa.exc.DisconnectionError("the server closed this connection")


def connect(url: str, **options: Any) -> sa.Engine:
    """Connect this process to a database; replaces and closes an earlier connection."""
    disconnect()
    engine = make_engine(url, **options)
    use(sessionmaker(engine, expire_on_commit=False))
    return engine


def use(factory: sessionmaker[Session]) -> None:
    """Use this session factory from now on (tests bind it to a connection of their own)."""
    global _factory  # noqa: PLW0603 - a process has one database
    _factory = factory


def disconnect() -> None:
    """Close every connection of this process."""
    global _factory  # noqa: PLW0603 - a process has one database
    if _factory is not None:
        bind = _factory.kw.get("bind")
        if isinstance(bind, sa.Engine):
            bind.dispose()
    _factory = None


def _session() -> Session:
    if _factory is None:
        raise NotConnected("review.db.connect(url) has not been called")
    return _factory()


def execute(
    session: Session, statement: str, parameters: Mapping[str, Any]
) -> sa.CursorResult[Any]:
    """Run SQL in the driver's own words (``%(name)s``), in the session's transaction.

    For the few statements that run all the time: nothing is compiled.
    """
    session.flush()
    return session.connection().exec_driver_sql(statement, dict(parameters))


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose work is committed when the block returns, undone when it raises."""
    with _session() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            _undo(session)
            raise


@contextmanager
def reading() -> Iterator[Session]:
    """A session that cannot write: its transaction is READ ONLY and is rolled back at the end."""
    with _session() as session:
        session.execute(sa.text("SET TRANSACTION READ ONLY"))
        try:
            yield session
        finally:
            _undo(session)


def _undo(session: Session) -> None:
    """Roll back; where the connection is gone the server has done so, and it is thrown away."""
    try:
        session.rollback()
    except Exception:  # noqa: BLE001 - what ended the block is the error to report, not this one
        session.invalidate()

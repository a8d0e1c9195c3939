"""The database session from which a page is shown: one a request, READ ONLY, opened when needed.

A view that changes something opens `db.transaction()` itself.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from flask import Flask, g

from review import db

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def session() -> Session:
    """The request's reading session; the database refuses any write through it."""
    if "reading" not in g:
        stack = ExitStack()
        g.reading = stack.enter_context(db.reading())
        g.reading_stack = stack
    reading: Session = g.reading
    return reading


def release() -> None:
    """Close the reading session, so that what is read next is fresh; what was read stays usable."""
    reading = g.pop("reading", None)
    if reading is not None:
        reading.expunge_all()
    stack = g.pop("reading_stack", None)
    if stack is not None:
        stack.close()


def refresh() -> None:
    """Read again what this request has read before; everything loaded stays usable."""
    session().expire_all()


def install(app: Flask) -> None:
    """Close the session with the request, whatever happened in it."""
    app.teardown_appcontext(lambda _error: release())

"""Who is signed in, for how long.

The session is Flask's signed cookie. It ends when nothing was opened for `session_hours` (the
cookie is renewed with every answer), `LONGEST` after signing in whatever happens, and at once when
the person signs out: the database then knows its number as ended, so that a copy of the cookie is
void too. Who signs out everywhere gets another epoch, which ends every session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, g, session
from flask_login import LoginManager, login_user, logout_user

from review import clock, db
from review.services import open_sessions
from review.services.open_sessions import LONGEST
from review.web import kept, reading

if TYPE_CHECKING:
    from review.models.people import Person

login_manager = LoginManager()
login_manager.session_protection = None  # people travel; the cookie is bound by its signature


def begin(person: Person) -> None:
    """Sign a person in, in a fresh session: nothing of the one before is carried over.

    A session that was open in this browser ends.
    """
    _end_number()
    session.clear()
    session.permanent = True
    login_user(person)
    session["since"] = int(clock.now().timestamp())
    session["number"] = open_sessions.new_number()
    session["csrf_token"] = kept.token_for(person.get_id())
    g.pop("csrf_token", None)


def end() -> None:
    """Sign out on this device, and wherever the cookie of this session was copied to."""
    _end_number()
    logout_user()
    session.clear()
    g.pop("csrf_token", None)


def _end_number() -> None:
    number = session.get("number")
    if number is not None:
        with db.transaction() as work:
            open_sessions.end(work, number, now=clock.now())


def install(app: Flask) -> None:
    """Let Flask-Login find people by the identity in the cookie."""
    # no context processor: the page of a database that is away must not look for a person
    login_manager.init_app(app, add_context_processor=False)
    login_manager.user_loader(_load)


def _load(identity: str) -> Person | None:
    age = clock.now().timestamp() - session.get("since", 0)
    if not 0 <= age <= LONGEST.total_seconds():
        return None
    number, _, epoch = identity.partition(".")
    if not number.isdigit() or "number" not in session:
        return None
    person = open_sessions.person_of(reading.session(), int(number), session["number"])
    if person is None or not person.is_active or person.get_id() != f"{number}.{epoch}":
        return None
    return person

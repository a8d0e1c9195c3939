"""The web application on rows of its own for every test, and people who can sign in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache

from review import db
from review.app import create_app
from review.models import Outbox, Person, State
from review.services import passwords
from review.settings import Settings
from review.web.security import limiter
from tests import databases
from tests.web.built import NOTHING, Ground

NOW = datetime(2013, 5, 24, 8, 0, tzinfo=UTC)
PASSWORD = "a calm sentence about herons"

_numbers = itertools.count(1)
MakePerson = Callable[..., Person]


@pytest.fixture
def settings(template_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=template_url,
        redis_url=redis_url,
        smtp_url="smtp://127.0.0.1:1",
        secret_key="a key that is used in tests and nowhere else",
        base_url="http://localhost",
        mail_from="reviews@secretariat.example",
        host="127.0.0.1",
        port=8000,
        web_workers=1,
        demonstration=False,
        clock_offset_seconds=0,
        data_dir=tmp_path,
        session_hours=12,
        upload_limit_bytes=1024 * 1024,
        mailbox_url="",
        log_level="INFO",
        trusted_proxies=0,
    )


@pytest.fixture(scope="session")
def ground(template_url: str) -> Iterator[Ground]:
    with databases.copied(template_url, "pattern") as url:
        made = Ground(url)
        yield made
        made.leave()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """What is compiled from the templates: the same for every application."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(
    settings: Settings,
    ground: Ground,
    templates: BytecodeCache,
    quick_passwords: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Flask]:
    monkeypatch.setattr(passwords, "_nobody", "")
    application = create_app(settings)
    application.jinja_env.bytecode_cache = templates
    application.extensions["ground"] = ground
    ground.lay(NOTHING)
    ground.connect()
    limiter.reset()
    yield application
    db.disconnect()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def person(app: Flask) -> MakePerson:
    """Make somebody who can sign in with PASSWORD; a role of a State comes with the State."""

    def make(role: str = "secretariat_officer", **values: Any) -> Person:
        iso3 = None if role.startswith("secretariat") else values.pop("iso3", "ZMB")
        with db.transaction() as session:
            if iso3 and session.get(State, iso3) is None:
                session.add(
                    State(
                        iso3=iso3,
                        name="Zambia" if iso3 == "ZMB" else iso3,
                        language="en",
                        capital="Lusaka",
                        time_zone="Africa/Lusaka",
                        basis="documented",
                    )
                )
                session.flush()
            one = Person(
                **{
                    "email": f"{role}{next(_numbers)}@zambia.example",
                    "title": "Focal point of Zambia" if iso3 else "Review officer",
                    "role": role,
                    "iso3": iso3,
                    "language": "en",
                    "time_zone": "Europe/Vienna",
                    "digest": False,
                    "password_hash": passwords.hash_password(PASSWORD),
                    "invited_at": NOW,
                    "activated_at": NOW,
                    **values,
                }
            )
            session.add(one)
            session.flush()
            session.refresh(one)
        return one

    return make


def token_of(client: FlaskClient, path: str = "/sign-in") -> str:
    """The token against forged requests of a page."""
    page = client.get(path).get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def sign_in(client: FlaskClient, one: Person, password: str = PASSWORD, **fields: str) -> Any:
    """Sign in through the page."""
    data = {"email": one.email, "password": password, "csrf_token": token_of(client), **fields}
    return client.post("/sign-in", data=data)


def last_mail(notice: str) -> Outbox | None:
    """The newest mail of a kind in the outbox."""
    with db.reading() as session:
        wanted = sa.select(Outbox).where(Outbox.notice == notice).order_by(Outbox.id.desc())
        mail = session.scalars(wanted).first()
        if mail is not None:
            session.expunge(mail)
    return mail

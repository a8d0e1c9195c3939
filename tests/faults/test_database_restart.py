"""The database is restarted in the middle of a request: nothing half done, a calm page, then on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from bs4 import BeautifulSoup

from review import clock, db, embedded, schema, settings
from review.app import create_app
from review.embedded.common import Server
from review.models import Audit, Outbox, Person, Review
from review.services import passwords
from tests import world
from tests.web.conftest import sign_in

ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SMTP_URL": "smtp://127.0.0.1:1",
    "SECRET_KEY": "a key that is used in tests and nowhere else",
    "BASE_URL": "http://localhost",
    "MAIL_FROM": "reviews@secretariat.example",
}


class Database:
    """A PostgreSQL server of the test's own, that can go away and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: Server = embedded.start_postgres(folder, durable=False)

    def restart(self) -> None:
        """Stop the server, breaking every connection, and start it again at the same address."""
        self.server.stop()
        self.server = embedded.start_postgres(self.folder, durable=False)


@pytest.fixture
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(tmp_path_factory.mktemp("restarted"))
    schema.upgrade(made.server.url)
    yield made
    db.disconnect()
    made.server.stop()


def _traces() -> tuple[int, int, str]:
    with db.reading() as session:
        review = session.scalars(sa.select(Review)).one()
        audits = session.scalar(sa.select(sa.func.count(Audit.id))) or 0
        mails = session.scalar(sa.select(sa.func.count(Outbox.id))) or 0
        return audits, mails, f"{review.stage} {review.version} {review.means}"


def test_step_survives_a_restart_in_its_middle(
    database_server: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(1, 8, 1))
    environment = ENVIRONMENT | {
        "DATABASE_URL": database_server.server.url,
        "DATA_DIR": str(tmp_path),
    }
    app = create_app(replace(settings.load(environment), demonstration=True))
    with db.transaction() as session:
        w = world.advance(world.world(session), "country_dialogue")
        person: Person = w.focal_point
        session.refresh(person)
        path, now = f"/reviews/{w.review_id}/steps/agree_means", w.now + timedelta(days=1)
    client = app.test_client()
    with clock.frozen(now):
        assert sign_in(client, person, world.PASSWORD).status_code == 302
        page = BeautifulSoup(client.get(path).data, "html.parser")
        hidden = page.select("main form input[type=hidden]")
        form = {str(one["name"]): str(one.get("value", "")) for one in hidden}
        form |= {"means": "remote", "note": "A longer word that must not be lost"}
        before = _traces()

        with _restart_before_writing(database_server):
            answer = client.post(path, data=form)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "A longer word that must not be lost" in answer.text
        assert _traces() == before

        again = client.post(path, data=form)
        assert again.status_code == 302
    _, _, after = _traces()
    stage, version, means = before[2].split(" ")
    assert (stage, means) == ("country_dialogue", "")
    assert after == f"country_dialogue {int(version) + 1} remote", "taken once"


class _restart_before_writing:  # noqa: N801 - used as a context manager
    """Restart the server when the step is about to write, once."""

    def __init__(self, server: Database) -> None:
        self.server, self.done = server, False

    def __enter__(self) -> None:
        sa.event.listen(sa.Engine, "before_cursor_execute", self._strike)

    def __exit__(self, *_: object) -> None:
        sa.event.remove(sa.Engine, "before_cursor_execute", self._strike)
        assert self.done

    def _strike(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "UPDATE review SET" in statement and not self.done:
            self.done = True
            self.server.restart()

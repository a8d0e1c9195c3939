"""What `uncac-review check` asks: the parts of `/health`, the tables, and the mail server."""

import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from review import clock, schema, tasks
from review.services import health
from review.services.health import Part
from review.settings import Settings

_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_MAIL_SECONDS = 5.0


def run(settings: Settings) -> Iterator[tuple[str, Part]]:
    """Each part by name with a word about it; nothing is changed and no mail is sent."""
    jobs = tasks.jobs(settings)
    found = health.report(settings, jobs, now=clock.now(), machine=clock.machine)
    parts = dict(found.parts)
    yield "database", parts.pop("database")
    yield "tables", tables(settings.database_url)
    yield from parts.items()
    yield from found.jobs.items()
    yield "mail server", mail_server(settings.smtp_url)


def tables(database_url: str) -> Part:
    """Whether the tables are those of this version."""
    try:
        found, wanted = schema.revision(database_url), schema.head()
    except SQLAlchemyError:
        return Part(ok=False, state="unknown while the database is away")
    if found == wanted:
        return Part(ok=True, state=f"up to date ({found})")
    return Part(
        ok=False, state=f"at {found or 'nothing'}, {wanted} is needed: uncac-review migrate"
    )


def mail_server(smtp_url: str) -> Part:
    """Whether something answers at the mail server's address; nobody signs in."""
    parts = urlsplit(smtp_url)
    address = (parts.hostname or "", parts.port or _MAIL_PORTS[parts.scheme])
    try:
        with closing(socket.create_connection(address, timeout=_MAIL_SECONDS)) as connection:
            greeting = "220" if parts.scheme == "smtps" else connection.recv(200).decode("latin-1")
    except OSError as problem:
        return Part(ok=False, state=f"away ({problem.strerror or problem})")
    if not greeting.startswith("220"):
        return Part(ok=False, state=f"does not take mail: {greeting.strip()[:80]}")
    return Part(ok=True, state="answers")

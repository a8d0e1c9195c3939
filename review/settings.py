"""The settings of one process, read once from the environment, typed and checked.

`load()` reports every missing and every unusable value in one message, each with what would be
accepted, so that a deployment is mended in one go.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

MEBIBYTE: Final = 1024 * 1024
_DOMAIN: Final = re.compile(r"(?a:(?=.{4,180}$)([a-z0-9-]{1,63}\.)+[a-z]{2,63})", re.IGNORECASE)
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """One or more settings are missing or cannot be used; the text lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        heading = "1 setting needs" if len(problems) == 1 else f"{len(problems)} settings need"
        super().__init__("\n  ".join([f"{heading} your attention:", *problems]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process is told from outside. The environment names are these in capitals."""

    database_url: str = field(repr=False)
    """PostgreSQL, with the driver named: postgresql+psycopg://…"""
    redis_url: str = field(repr=False)
    """Celery's broker and the counters of throttled sign-in."""
    smtp_url: str = field(repr=False)
    """smtp://, smtp+starttls:// or smtps://, with user and password where the server asks."""
    secret_key: str = field(repr=False)
    """Signs cookies and links."""
    base_url: str
    """The address that people open, without a slash at its end; stands in every mail."""
    mail_from: str
    host: str
    port: int
    web_workers: int
    demonstration: bool
    """The pages say that everything is a specimen, and link to the local mailbox."""
    clock_offset_seconds: int
    """Added to the machine's clock: the demonstration lives in 2013."""
    data_dir: Path
    """Uploaded documents and generated reports."""
    session_hours: int
    upload_limit_bytes: int
    mailbox_url: str
    """The page of the demonstration's mailbox; empty where mail really leaves."""
    log_level: str
    trusted_proxies: int
    """How many reverse proxies stand before the application; their word on the reader's address
    and on https is believed."""
    domain_mails_a_minute: int = 60
    """So many mails leave for one domain in a minute; 0 sets no limit."""
    bounce_domain: str = ""
    """Mail for it comes back to us: each mail then has a return address of its own."""
    bounce_secret: str = field(default="", repr=False)
    """What a mail server shows when it reports to /bounces; without one nobody may."""
    imap_url: str = field(default="", repr=False)
    """The mailbox of reports about mails: imaps://, imap+starttls:// or imap://, with user and
    password, and the folder where it is not INBOX. Empty: none is read."""
    longest_pause_days: int = 90
    """How long reminders may be paused at once."""
    metrics_token: str = field(default="", repr=False)
    """What a collector of figures shows at /metrics; without one the page does not exist."""
    watch_scheduler_seconds: int = 180
    """Silence after which scheduler or workers count as down; a sign comes every 30 s."""
    watch_job_intervals: int = 3
    """So many of its intervals, and ten minutes at least, a job may be silent."""
    watch_failures: int = 3
    """So many failures of a job in a row are an incident."""
    watch_unsent_seconds: int = 900
    """The longest that a message may wait while nothing but the mail server holds it up."""
    watch_reminder_seconds: int = 900
    """The longest that a reminder may be due and not written."""
    watch_mail_faults: int = 20
    """So many messages in an hour that are put off, refused or come back, and three times the
    usual, are an incident."""
    watch_queue: int = 100
    """So many messages waiting for ten minutes, and more than an hour ago, are an incident."""
    watch_clock_seconds: int = 10
    """How far the clocks of database and application may be apart."""
    watch_calm_seconds: int = 300
    """How long a rule holds again before its incident is closed."""

    @property
    def clock_offset(self) -> timedelta:
        """How far this process lives from the machine's clock."""
        return timedelta(seconds=self.clock_offset_seconds)


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings out of `environ`.

    Raises SettingsError, which lists every missing and every unusable value.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for one in fields(Settings):
        name = one.name.upper()
        default, read = _READERS[one.name]
        text = environ.get(name, "").strip() or default
        if text is None:
            problems.append(f"{name} is missing: {_WANTED[one.name]}")
            continue
        try:
            values[one.name] = read(text)
        except ValueError as problem:
            problems.append(f"{name} cannot be used: {problem}")
    if problems:
        raise SettingsError(problems)
    return Settings(**values)  # type: ignore[arg-type]  # each reader returns its field's type


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment from which `load` makes these settings again."""
    texts = {one.name.upper(): getattr(settings, one.name) for one in fields(settings)}
    return {name: _text(value) for name, value in texts.items()}


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _url(*schemes: str) -> Callable[[str], str]:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)

    def read(text: str) -> str:
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError:
            raise ValueError(f"it is no address; it should begin with {wanted}") from None
        if parts.scheme not in schemes:
            raise ValueError(f"it should begin with {wanted}")
        return text

    return read


def _database(text: str) -> str:
    _url("postgresql", "postgresql+psycopg")(text)
    parts = urlsplit(text)
    if not parts.path.strip("/"):
        raise ValueError("the name of the database is missing: postgresql://user@host/NAME")
    return f"postgresql+psycopg://{text.partition('://')[2]}"


def _server(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        _url(*schemes)(text)
        if not urlsplit(text).hostname:
            raise ValueError(f"the server's name is missing: {schemes[0]}://HOST:PORT")
        return text

    return read


def _base_url(text: str) -> str:
    _server("https", "http")(text)
    parts: SplitResult = urlsplit(text)
    if parts.query or parts.fragment:
        raise ValueError(
            "it should end after the host or a path, as in https://reviews.example.org"
        )
    return text.rstrip("/")


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError(f"it has {len(text)} characters; at least 32 random ones are needed")
    return text


def _mail_address(text: str) -> str:
    local, at, domain = text.rpartition("<")[2].rstrip(">").partition("@")
    if not (local and at and domain) or "\n" in text:
        raise ValueError('it should be an address, as in reviews@example.org or "Name <…@…>"')
    return text


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ValueError(f"it should be a whole number from {least} to {most}")
        return number

    return read


def _yes_or_no(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("it should be 1 or 0")


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"it should be one of {', '.join(LOG_LEVELS)}")
    return text.upper()


def _optional_page(text: str) -> str:
    return _base_url(text) if text else ""


def _optional_domain(text: str) -> str:
    if text and not _DOMAIN.fullmatch(text):
        raise ValueError("it should be a domain, as in bounces.example.org")
    return text.lower()


def _optional_secret(text: str) -> str:
    return _secret(text) if text else ""


def _optional_mailbox(text: str) -> str:
    if not text:
        return ""
    _server("imaps", "imap+starttls", "imap")(text)
    if not (urlsplit(text).username and urlsplit(text).password):
        raise ValueError("user and password are missing: imaps://USER:PASSWORD@HOST/FOLDER")
    if re.search(r'["\\\x00-\x1f]', unquote(urlsplit(text).path)):
        raise ValueError("the name of its folder has a sign that none can have")
    return text


_WANTED: Final = {
    "database_url": "the PostgreSQL database, as in postgresql://user:password@host:5432/reviews",
    "redis_url": "the Redis server, as in redis://host:6379/0",
    "smtp_url": "the mail server, as in smtp+starttls://user:password@host:587",
    "secret_key": "at least 32 random characters, the same for every process",
    "base_url": "the address that people open, as in https://reviews.example.org",
    "mail_from": "the sender of every mail, as in reviews@example.org",
}

_READERS: Final[Mapping[str, tuple[str | None, Callable[[str], object]]]] = {
    "database_url": (None, _database),
    "redis_url": (None, _server("redis", "rediss")),
    "smtp_url": (None, _server("smtp", "smtp+starttls", "smtps")),
    "secret_key": (None, _secret),
    "base_url": (None, _base_url),
    "mail_from": (None, _mail_address),
    "host": ("127.0.0.1", str),
    "port": ("8000", _whole_number(1, 65535)),
    "web_workers": ("2", _whole_number(1, 64)),
    "demonstration": ("0", _yes_or_no),
    "clock_offset_seconds": ("0", _whole_number(-(10**10), 10**10)),
    "data_dir": ("var", lambda text: Path(text).absolute()),
    "session_hours": ("12", _whole_number(1, 24 * 30)),
    "upload_limit_bytes": (str(25 * MEBIBYTE), _whole_number(1024, 1024 * MEBIBYTE)),
    "mailbox_url": ("", _optional_page),
    "log_level": ("INFO", _log_level),
    "trusted_proxies": ("0", _whole_number(0, 9)),
    "domain_mails_a_minute": ("60", _whole_number(0, 10**6)),
    "bounce_domain": ("", _optional_domain),
    "bounce_secret": ("", _optional_secret),
    "imap_url": ("", _optional_mailbox),
    "longest_pause_days": ("90", _whole_number(1, 366)),
    "metrics_token": ("", _optional_secret),
    "watch_scheduler_seconds": ("180", _whole_number(60, 86400)),
    "watch_job_intervals": ("3", _whole_number(1, 100)),
    "watch_failures": ("3", _whole_number(1, 1000)),
    "watch_unsent_seconds": ("900", _whole_number(60, 7 * 86400)),
    "watch_reminder_seconds": ("900", _whole_number(60, 7 * 86400)),
    "watch_mail_faults": ("20", _whole_number(1, 10**6)),
    "watch_queue": ("100", _whole_number(1, 10**6)),
    "watch_clock_seconds": ("10", _whole_number(1, 3600)),
    "watch_calm_seconds": ("300", _whole_number(0, 86400)),
}

"""Settings: typed, and every problem named at once with the way out."""

from datetime import timedelta
from pathlib import Path

import pytest

from review import settings
from review.settings import SettingsError

COMPLETE = {
    "DATABASE_URL": "postgresql://reviews:secret@database.example/reviews",
    "REDIS_URL": "rediss://:secret@redis.example:6380/1",
    "SMTP_URL": "smtp+starttls://reviews:secret@mail.example:587",
    "SECRET_KEY": "k" * 43,
    "BASE_URL": "https://reviews.example/",
    "MAIL_FROM": "Country reviews <reviews@secretariat.example>",
}


def test_production_needs_six_values_and_has_sense_for_the_rest() -> None:
    loaded = settings.load(COMPLETE)
    assert loaded.database_url == "postgresql+psycopg://reviews:secret@database.example/reviews"
    assert loaded.base_url == "https://reviews.example"
    assert (loaded.host, loaded.port, loaded.web_workers) == ("127.0.0.1", 8000, 2)
    assert loaded.demonstration is False
    assert loaded.clock_offset == timedelta()
    assert loaded.mailbox_url == ""
    assert loaded.data_dir == Path("var").absolute()


def test_one_message_lists_every_missing_value_with_what_it_is() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({})
    message = str(caught.value)
    assert message.startswith("6 settings need your attention:")
    assert len(caught.value.problems) == 6
    for name in COMPLETE:
        assert f"{name} is missing: " in message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://host/reviews", "postgresql://"),
        ("DATABASE_URL", "postgresql://host", "name of the database is missing"),
        ("DATABASE_URL", "postgresql://host:port/reviews", "no address"),
        ("REDIS_URL", "redis://", "server's name is missing"),
        ("REDIS_URL", "amqp://host", "redis:// or rediss://"),
        ("SMTP_URL", "mail.example:25", "smtp://"),
        ("SECRET_KEY", "short", "it has 5 characters"),
        ("BASE_URL", "reviews.example", "https:// or http://"),
        ("BASE_URL", "https://reviews.example/?a=1", "end after the host"),
        ("MAIL_FROM", "the secretariat", "reviews@example.org"),
        ("PORT", "80a", "whole number from 1 to 65535"),
        ("PORT", "70000", "whole number from 1 to 65535"),
        ("WEB_WORKERS", "0", "whole number from 1 to 64"),
        ("DEMONSTRATION", "perhaps", "1 or 0"),
        ("CLOCK_OFFSET_SECONDS", "a year", "whole number"),
        ("SESSION_HOURS", "-1", "whole number"),
        ("BOUNCE_DOMAIN", "no domain", "bounces.example.org"),
        ("BOUNCE_DOMAIN", "a@b.example", "bounces.example.org"),
        ("BOUNCE_SECRET", "short", "it has 5 characters"),
        ("IMAP_URL", "imaps://mail.example", "user and password are missing"),
        ("IMAP_URL", "pop3://u:p@mail.example", "imaps://"),
        ("IMAP_URL", "imaps://u:p@mail.example/a%0D%0Ab", "name of its folder"),
        ("UPLOAD_LIMIT_BYTES", "25 MB", "whole number"),
        ("MAILBOX_URL", "here", "https:// or http://"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
        ("METRICS_TOKEN", "short", "it has 5 characters"),
        ("WATCH_FAILURES", "0", "whole number from 1 to 1000"),
        ("WATCH_CALM_SECONDS", "soon", "whole number from 0 to 86400"),
    ],
)
def test_an_unusable_value_is_named_with_what_would_do(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({**COMPLETE, name: value})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} cannot be used: ")
    assert words in problem


def test_missing_and_unusable_values_stand_in_one_message() -> None:
    given = {name: value for name, value in COMPLETE.items() if name != "REDIS_URL"}
    with pytest.raises(SettingsError) as caught:
        settings.load({**given, "PORT": "x"})
    assert [problem.split()[0] for problem in caught.value.problems] == ["REDIS_URL", "PORT"]


def test_settings_survive_the_way_through_an_environment() -> None:
    loaded = settings.load({**COMPLETE, "DEMONSTRATION": "yes", "CLOCK_OFFSET_SECONDS": "-3600"})
    assert settings.load(settings.as_environment(loaded)) == loaded


def test_no_secret_is_shown_when_settings_are_printed() -> None:
    shown = repr(settings.load(COMPLETE))
    assert "secret" not in shown.replace("secretariat", "")
    assert COMPLETE["SECRET_KEY"] not in shown

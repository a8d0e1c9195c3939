"""What a failing database says in the logs: what went wrong, never what stands in a row."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from review import db
from review.web.access import public

PLANTED = "plantedconfidentialword"
FAILURES = {
    "a row that breaks a rule": (
        "INSERT INTO audit (at, verb, definition, after) VALUES (now(), :word, NULL, '{}')",
        "violates not-null constraint",
    ),
    "a value that is there": (
        "INSERT INTO person (email, title, role, invited_at) SELECT :word, 'x',"
        " 'secretariat_officer', now() FROM generate_series(1, 2)",
        "violates unique constraint",
    ),
    "data of another kind": ("SELECT cast(:word AS integer)", "invalid input syntax"),
    "data that is no JSON": ("SELECT cast(:word AS json)", "invalid input syntax"),
    "a word inside a function": (
        "SELECT to_date(:word, 'YYYY-MM-DD')",
        "invalid value",
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_log_of_a_failure_names_no_value(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    statement, said = FAILURES[what]

    @public
    def fail() -> str:
        with db.transaction() as session:
            session.execute(sa.text(statement), {"word": PLANTED})
        return ""

    app.add_url_rule("/fail", "fail", fail)
    with caplog.at_level(logging.INFO):
        page = client.get("/fail")

    assert page.status_code == 500
    (entry,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    logged = logging.Formatter("%(message)s").format(entry)
    assert said in logged, "what went wrong is still said"
    assert "Traceback" in logged
    assert PLANTED not in logged
    assert "DETAIL" not in logged
    assert PLANTED not in page.get_data(as_text=True)


def test_constraint_is_still_known(database: str) -> None:
    with pytest.raises(sa.exc.IntegrityError) as clash, db.transaction() as session:
        session.execute(sa.text(FAILURES["a value that is there"][0]), {"word": PLANTED})

    found: Any = clash.value.orig
    assert found.diag.constraint_name == "uq_person_email"

"""What the database refuses is said in words, for the field concerned."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review.db import Base
from review.services import constraints
from tests import world


def test_every_spoken_constraint_is_in_the_database(engine: sa.Engine) -> None:
    found = sa.inspect(engine)
    names = {
        one["name"]
        for table in Base.metadata.tables
        for one in (*found.get_indexes(table), *found.get_unique_constraints(table))
    }
    assert names >= constraints.SAID.keys()


def test_second_use_of_a_symbol_is_refused_in_words(session: Session) -> None:
    world.states(session, "ZMB", "ZWE")
    cycle = world.cycle(session)
    symbol = "CAC/COSP/IRG/I/1/1/Add.1"
    world.review(session, cycle, "ZMB", document_symbol=symbol)
    with pytest.raises(IntegrityError) as clash, session.begin_nested():
        world.review(session, cycle, "ZWE", document_symbol=symbol)
    said = constraints.spoken(clash.value)
    assert said is not None
    assert said.errors == {"symbol": "Another executive summary has this symbol."}


def test_what_nobody_can_run_into_stays_an_error(session: Session) -> None:
    with pytest.raises(IntegrityError) as clash, session.begin_nested():
        session.execute(sa.text("INSERT INTO heartbeat (name) VALUES ('x')"))
    assert constraints.spoken(clash.value) is None

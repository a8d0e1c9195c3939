"""What the tests of mails share: an address for links, and a story in which all mails occur."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import links
from tests.mail.story import Story, tell


@pytest.fixture(autouse=True)
def base() -> Iterator[None]:
    """The address that mails lead to."""
    links.set_base("https://reviews.example")
    yield
    links.set_base("")


@pytest.fixture(scope="module")
def story(engine: sa.Engine, quick_passwords: None) -> Story:
    """What a review with everything that can happen has caused to be written."""
    with engine.connect() as connection, connection.begin() as undone:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            told = tell(session)
        undone.rollback()
    return told

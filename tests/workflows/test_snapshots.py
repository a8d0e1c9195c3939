"""Rows in use name stages, milestones and steps: a definition is not changed under them unseen."""

from __future__ import annotations

import json

import pytest

from tests.workflows.snapshots import file_of, snapshot
from workflows.registry import PROCESSES


@pytest.mark.parametrize("key", PROCESSES)
def test_definition_is_the_one_that_rows_were_written_under(key: str) -> None:
    kept = json.loads(file_of(PROCESSES[key]).read_text())

    assert snapshot(PROCESSES[key]) == kept, "see tests/workflows/snapshots.py"

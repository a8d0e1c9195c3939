"""What a step of ours wrote, so that floor and peers can write the same for another review."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_DIVISION = """WITH v AS (
  UPDATE reviewer SET chapters = CASE slot WHEN 1 THEN '{III}'::varchar[] ELSE '{IV}' END
  WHERE review_id = %(review_id)s AND voided_at IS NULL
), r AS ("""


@dataclass(frozen=True)
class Recorded:
    """The statement of one step, its parameters, of which review, from which version."""

    sql: str
    given: dict[str, Any]
    review_id: int
    version: int

    @cached_property
    def statement(self) -> str:
        """The statement; the one step that also writes the division of labour does so in it."""
        if self.given["verb"] == "hold_introductory_call":
            return self.sql.replace("WITH r AS (", _DIVISION, 1)
        return self.sql

    def for_review(self, number: int) -> dict[str, Any]:
        """The parameters of the same step of another review."""
        mails = self.given["mails"].replace(f'"step:{self.review_id}:', f'"step:{number}:')
        return self.given | {"review_id": number, "mails": mails}

    def mails(self, number: int) -> list[dict[str, Any]]:
        """The mails of the step, for another review."""
        found: list[dict[str, Any]] = json.loads(self.for_review(number)["mails"])
        return found

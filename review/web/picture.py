"""The picture of the process with the position of one review, as safe markup."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from markupsafe import Markup

from review import languages
from review.services.queries.reviews import MilestoneRow, ReviewPage
from review.web import frame, present
from review.web.words import _
from workflows.diagram import Mark, diagram


def picture(page: ReviewPage) -> Markup:
    """The SVG in the reader's language and direction."""
    rows = groupby(page.milestones, key=lambda row: row.milestone.key)
    right_to_left = languages.find(frame.language_code()).direction == "rtl"
    markup = diagram(
        page.seen.process,
        stage=page.seen.stage,
        marks={key: _mark(list(group)) for key, group in rows},
        labels=_,
        rtl=right_to_left,
    )
    return Markup(markup)  # noqa: S704 - made by our own code, every text escaped


def _mark(rows: list[MilestoneRow]) -> Mark:
    """How a milestone stands: of several States, it is done when the last one has done it."""
    if not any(row.applies for row in rows):
        return Mark("off")
    if all(row.dates.done_at for row in rows):
        last = max(rows, key=lambda row: str(row.dates.done_at))
        done_at = last.dates.done_at
        return Mark("done", present.short_day(done_at, last.due.zone) if done_at else "")
    note = _next_date(row for row in rows if not row.dates.done_at)
    return Mark("now" if any(row.turn for row in rows) else "ahead", note)


def _next_date(rows: Iterable[MilestoneRow]) -> str:
    days = [row.dates.due_on for row in rows if row.dates.due_on]
    return _("due %(day)s", day=present.short_day(min(days))) if days else ""

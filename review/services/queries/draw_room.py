"""A draw as its pages replay it: the announcement and the lots that a person may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.models import Draw, Person
from review.services.draws import conduct
from review.services.queries import draws
from review.services.queries.draws import DrawPage
from workflows import announcement
from workflows.announcement import Announcement
from workflows.drawing import Entry


@dataclass(frozen=True, slots=True)
class SeenDraw:
    """A draw with its announcement, read, and the lots drawn so far, none where they are hidden."""

    page: DrawPage
    announcement: Announcement
    entries: tuple[Entry, ...]

    @property
    def id(self) -> int:
        """Number of the draw."""
        return self.page.row.id

    @property
    def state(self) -> str:
        """How far the draw is."""
        return self.page.row.state


def find(session: Session, draw_id: int, person: Person) -> SeenDraw:
    """A draw as a person may see it. Raises NotFound."""
    page = draws.draw(session, draw_id, person)
    row = session.get_one(Draw, draw_id)
    lots = conduct.entries(session, row) if page.row.drawn else []
    return SeenDraw(page, announcement.read(row.announcement), tuple(lots))

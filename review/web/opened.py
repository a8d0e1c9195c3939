"""The review that a page is about, with the right that the page asks for."""

from __future__ import annotations

from collections.abc import Iterable

from flask import abort

from review import clock
from review.policy import Action
from review.services import snapshot
from review.services.errors import NotFound
from review.services.snapshot import Snapshot
from review.web import reading
from review.web.access import seen

_LARGEST = 2**63 - 1


def review(review_id: int, action: Action, groups: Iterable[str] = ()) -> Snapshot:
    """The review, where it exists and the reader has the right to ``action``; else 404."""
    if review_id > _LARGEST:
        abort(404)
    try:
        found = snapshot.load(reading.session(), review_id, clock.now(), groups)
    except NotFound:
        abort(404)
    return seen(found, action)

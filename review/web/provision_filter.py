"""What a reader asks of a list of provisions, out of the address of the page."""

from __future__ import annotations

from typing import Final

from flask import request

from review.reference import OBLIGATION_KINDS
from review.services.queries.provision_list import Wanted

STATES: Final = ("missing", "open", "draft", "done")
_LONGEST: Final = 100


def wanted_of_request() -> Wanted:
    """The filter of this request; what is unknown counts as not asked."""
    obligation, state = request.args.get("obligation", ""), request.args.get("state", "")
    return Wanted(
        obligation if obligation in OBLIGATION_KINDS else "",
        state if state in STATES else "",
        request.args.get("q", "").strip()[:_LONGEST],
    )

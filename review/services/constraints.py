"""What the database refuses although the checks passed: two people were faster than one look."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import IntegrityError

from review.services.errors import InvalidGiven
from workflows.spec import N_

SAID: Final = {
    "uq_review_document_symbol": ("symbol", N_("Another executive summary has this symbol.")),
    "uq_person_email": ("email", N_("There is an account with this address already.")),
    "uq_member_in_force": ("email", N_("This person takes part in the review already.")),
    "uq_reviewer_in_force": ("first", N_("The reviewing States were recorded meanwhile.")),
    "uq_review_cycle_id_iso3": ("state", N_("This State is under review in this cycle already.")),
}


def spoken(problem: IntegrityError) -> InvalidGiven | None:
    """The refusal in words for the field concerned; None for a constraint nobody can run into."""
    name = getattr(getattr(problem.orig, "diag", None), "constraint_name", None) or ""
    if name not in SAID:
        return None
    field, text = SAID[name]
    return InvalidGiven({field: text})

"""Whether a challenge is worded as strongly as the provision binds.

Reports word a challenge by its obligation: a duty as "should" or "ensure", an obligation to
consider as "consider", best efforts as "continue efforts", an option as "may wish to". Only English
words are known here; in other languages nothing is said. A hint, never a refusal.
"""

from __future__ import annotations

import re
from typing import Final

TOO_STRONG: Final = "too_strong"
TOO_SOFT: Final = "too_soft"

_DUTY: Final = re.compile(
    r"\b(should|shall|must|ensure|amend|(?:is|are) required|needs? to|ha(?:s|ve) to)\b",
    re.IGNORECASE,
)
_SOFT: Final = re.compile(
    r"\b(consider\w*|may wish|might|could|continue\w*|efforts?|endeavou?r\w*|strive\w*|explor\w+"
    r"|encourag\w+|invited?|possibility)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[.;:!?\n]+")


def mismatch(challenge: str, obligation: str) -> str:
    """``too_strong``, ``too_soft`` or nothing, for a challenge on a provision of this obligation.

    ``obligation`` is one of ``reference.OBLIGATION_KINDS``.
    """
    sentences = [part for part in _SENTENCE.split(challenge) if part.strip()]
    if obligation in {"consider", "endeavour", "optional"}:
        if any(_DUTY.search(part) and not _SOFT.search(part) for part in sentences):
            return TOO_STRONG
    elif obligation == "mandatory":
        soft = any(_SOFT.search(part) for part in sentences)
        if soft and not any(_DUTY.search(part) for part in sentences):
            return TOO_SOFT
    return ""

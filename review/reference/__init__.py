"""Reference data: parties, provisions, checklist, the first cycle. Read once, never changed.

The files and their sources are described in `review/data/README.md`.
"""

from __future__ import annotations

from review.reference.convention import (
    CHAPTERS_OF_CYCLE,
    OBLIGATION_KINDS,
    OFFICIAL_TEXT,
    Article,
    Provision,
    articles,
    chapter_title,
    obligation_label,
    obligation_legend,
    provision,
    provisions,
    slug,
    unslug,
)
from review.reference.cycle import (
    DocumentedMilestone,
    FirstCycleEntry,
    documented_milestones,
    first_cycle,
)
from review.reference.labels import translatable_labels
from review.reference.lot_rules import (
    LotRules,
    LotRulesError,
    LotSetting,
    lot_rules,
    lot_settings,
)
from review.reference.questions import (
    Checklist,
    Option,
    Question,
    SummaryGroup,
    checklist,
    summary_groups,
)
from review.reference.source import UnknownReferenceError
from review.reference.states import (
    REGIONAL_GROUPS,
    Party,
    parties,
    parties_at,
    party,
    signatories_at,
)

__all__ = [
    "CHAPTERS_OF_CYCLE",
    "OBLIGATION_KINDS",
    "OFFICIAL_TEXT",
    "REGIONAL_GROUPS",
    "Article",
    "Checklist",
    "DocumentedMilestone",
    "FirstCycleEntry",
    "LotRules",
    "LotRulesError",
    "LotSetting",
    "Option",
    "Party",
    "Provision",
    "Question",
    "SummaryGroup",
    "UnknownReferenceError",
    "articles",
    "chapter_title",
    "checklist",
    "documented_milestones",
    "first_cycle",
    "lot_rules",
    "lot_settings",
    "obligation_label",
    "obligation_legend",
    "parties",
    "parties_at",
    "party",
    "provision",
    "provisions",
    "signatories_at",
    "slug",
    "summary_groups",
    "translatable_labels",
    "unslug",
]

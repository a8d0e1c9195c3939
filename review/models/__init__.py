"""The tables, a file a subject."""

from review.models.calendars import DayOff
from review.models.capabilities import Capability, CapabilityUse
from review.models.delivery import DeadAddress, MailAttempt
from review.models.log import Audit, Outbox
from review.models.lots import Draw, Lot
from review.models.material import (
    Answer,
    Document,
    DocumentBytes,
    Finding,
    Question,
    Submission,
)
from review.models.offices import Succession
from review.models.parties import Cycle, State
from review.models.pauses import Pause
from review.models.people import ROLES, EndedSession, Person, Secret
from review.models.planning import (
    CycleParty,
    CycleYear,
    GroupSession,
    ListedExpert,
    LotRequest,
)
from review.models.prepared import PreparedReminder, ReminderChange
from review.models.reports import Approval, ReportComment, ReportSection, ReportText
from review.models.reviews import (
    ClockStop,
    Extension,
    ExtensionRequest,
    Member,
    MilestoneDate,
    Office,
    Review,
    Reviewer,
)
from review.models.watch import Heartbeat, Incident

__all__ = [
    "ROLES",
    "Answer",
    "Approval",
    "Audit",
    "Capability",
    "CapabilityUse",
    "ClockStop",
    "Cycle",
    "CycleParty",
    "CycleYear",
    "DayOff",
    "DeadAddress",
    "Document",
    "DocumentBytes",
    "Draw",
    "EndedSession",
    "Extension",
    "ExtensionRequest",
    "Finding",
    "GroupSession",
    "Heartbeat",
    "Incident",
    "ListedExpert",
    "Lot",
    "LotRequest",
    "MailAttempt",
    "Member",
    "MilestoneDate",
    "Office",
    "Outbox",
    "Pause",
    "Person",
    "PreparedReminder",
    "Question",
    "ReminderChange",
    "ReportComment",
    "ReportSection",
    "ReportText",
    "Review",
    "Reviewer",
    "Secret",
    "State",
    "Submission",
    "Succession",
]

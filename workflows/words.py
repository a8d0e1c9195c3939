"""The words of a process: who acts, whose turn it is, how sure a rule is, what a step asks for."""

from __future__ import annotations

from enum import StrEnum


def N_(text: str) -> str:  # noqa: N802 - the name that pybabel looks for
    """Mark a text for translation; the text itself is returned and translated where it is shown."""
    return text


class Actor(StrEnum):
    """Who takes a step or owes a milestone, in the words of the terms of reference."""

    SECRETARIAT = "secretariat"
    FOCAL_POINT = "focal_point"
    EXPERT = "expert"
    MISSION = "mission"
    """The Permanent Mission of a State, which says who holds its offices; it has no account."""

    @property
    def party(self) -> Party:
        """The party for which this actor acts. Raises KeyError for a mission: of either State."""
        return {
            Actor.SECRETARIAT: Party.SECRETARIAT,
            Actor.FOCAL_POINT: Party.STATE_UNDER_REVIEW,
            Actor.EXPERT: Party.REVIEWING_STATE,
        }[self]


class Party(StrEnum):
    """Whose turn it is: one of the three parties to a review."""

    SECRETARIAT = "secretariat"
    STATE_UNDER_REVIEW = "state_under_review"
    REVIEWING_STATE = "reviewing_state"

    @property
    def actor(self) -> Actor:
        """The role in which people act for this party."""
        return {
            Party.SECRETARIAT: Actor.SECRETARIAT,
            Party.STATE_UNDER_REVIEW: Actor.FOCAL_POINT,
            Party.REVIEWING_STATE: Actor.EXPERT,
        }[self]


class Basis(StrEnum):
    """How sure a rule is: shown wherever the rule is shown, never presented as more."""

    SOURCED = "sourced"
    RECALLED = "recalled"
    PRACTICE = "practice"
    DESIGN = "design"


class Recipient(StrEnum):
    """Who is told by a rule of reminders, from the lowest rung of the ladder to the last.

    The State of the second and third is the one that owes the step: reviewing States have a focal
    point where they are, or were, under review themselves.
    """

    PERSON = "person"
    FOCAL_POINT = "focal_point"
    MISSION = "mission"
    SECRETARIAT = "secretariat"

    @property
    def rung(self) -> int:
        """The place on the ladder, from 0."""
        return list(Recipient).index(self)


class Trigger(StrEnum):
    """From which day a rule counts: the due date or, where there is none, the day of the turn."""

    DUE = "due"
    TURN = "turn"


class Channel(StrEnum):
    """How a rule tells somebody: by mail, or as an entry on the secretariat's board."""

    MAIL = "mail"
    BOARD = "board"


class Each(StrEnum):
    """For whom a milestone is recorded: once, for each reviewing State, or for all three."""

    ONCE = "once"
    REVIEWERS = "reviewers"
    THREE = "three"
    QUESTION = "question"


class FieldKind(StrEnum):
    """What kind of value a step asks for; the web page and the engine check the same kinds."""

    LINE = "line"
    TEXT = "text"
    DATE = "date"
    EMAIL = "email"
    CHOICE = "choice"
    CONFIRM = "confirm"
    SYMBOL = "symbol"
    LANGUAGE = "language"
    STATE = "state"
    SIDE = "side"
    ANY_SIDE = "any_side"
    PROVISION = "provision"
    QUESTION = "question"
    MEMBER = "member"
    MILESTONE = "milestone"
    OWED = "owed"
    REQUEST = "request"
    STAGE = "stage"


class Effect(StrEnum):
    """What a step changes besides stage and milestones; each has one function in the services."""

    START = "start"
    ASSIGN_REVIEWERS = "assign_reviewers"
    DEFER = "defer"
    NOMINATE_FOCAL_POINT = "nominate_focal_point"
    NOMINATE_EXPERT = "nominate_expert"
    ADMIT_OBSERVER = "admit_observer"
    RELEASE_PERSON = "release_person"
    HAND_OVER = "hand_over"
    AGREE_SCHEDULE = "agree_schedule"
    FREEZE_RESPONSE = "freeze_response"
    CIRCULATE_RESPONSE = "circulate_response"
    ASK_QUESTION = "ask_question"
    ANSWER_QUESTION = "answer_question"
    AGREE_MEANS = "agree_means"
    SCHEDULE_DIALOGUE = "schedule_dialogue"
    RECORD_DIALOGUE = "record_dialogue"
    ASSEMBLE_DRAFT = "assemble_draft"
    EDIT_REPORT = "edit_report"
    FREEZE_TEXT = "freeze_text"
    COMMENT = "comment"
    APPROVE = "approve"
    CLEAR_APPROVALS = "clear_approvals"
    ISSUE_SUMMARY = "issue_summary"
    PUBLISH_REPORT = "publish_report"
    PUBLISH_RESPONSE = "publish_response"
    EXTEND = "extend"
    ASK_EXTENSION = "ask_extension"
    REFUSE_EXTENSION = "refuse_extension"
    TAKE_BACK_REQUEST = "take_back_request"
    SUSPEND = "suspend"
    PROLONG_STOP = "prolong_stop"
    RESUME = "resume"
    CORRECT = "correct"

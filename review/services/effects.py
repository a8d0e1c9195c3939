"""What each effect of a step does: one function an effect, kept with its subject."""

from __future__ import annotations

from collections.abc import Callable

from review.services import (
    answers,
    conduct,
    dialogue,
    extensions,
    handover,
    nominations,
    questions,
    reports,
    selection,
)
from review.services.change import Change
from workflows.spec import Effect

EFFECTS: dict[Effect, Callable[[Change], None]] = {
    Effect.START: selection.start,
    Effect.ASSIGN_REVIEWERS: selection.assign_reviewers,
    Effect.DEFER: selection.defer,
    Effect.NOMINATE_FOCAL_POINT: nominations.nominate_focal_point,
    Effect.NOMINATE_EXPERT: nominations.nominate_expert,
    Effect.ADMIT_OBSERVER: nominations.admit_observer,
    Effect.RELEASE_PERSON: nominations.release_person,
    Effect.HAND_OVER: handover.hand_over,
    Effect.AGREE_SCHEDULE: dialogue.agree_schedule,
    Effect.FREEZE_RESPONSE: answers.freeze,
    Effect.CIRCULATE_RESPONSE: answers.circulate,
    Effect.ASK_QUESTION: questions.ask,
    Effect.ANSWER_QUESTION: questions.answer,
    Effect.AGREE_MEANS: dialogue.agree_means,
    Effect.SCHEDULE_DIALOGUE: dialogue.schedule,
    Effect.RECORD_DIALOGUE: dialogue.record,
    Effect.ASSEMBLE_DRAFT: reports.assemble,
    Effect.EDIT_REPORT: reports.edit,
    Effect.FREEZE_TEXT: reports.freeze,
    Effect.COMMENT: reports.comment,
    Effect.APPROVE: reports.approve,
    Effect.CLEAR_APPROVALS: reports.clear_approvals,
    Effect.ISSUE_SUMMARY: reports.issue_summary,
    Effect.PUBLISH_REPORT: reports.publish_report,
    Effect.PUBLISH_RESPONSE: reports.publish_response,
    Effect.EXTEND: extensions.extend,
    Effect.ASK_EXTENSION: extensions.ask,
    Effect.TAKE_BACK_REQUEST: extensions.take_back,
    Effect.REFUSE_EXTENSION: extensions.refuse,
    Effect.SUSPEND: conduct.suspend,
    Effect.PROLONG_STOP: conduct.prolong,
    Effect.RESUME: conduct.resume,
    Effect.CORRECT: conduct.correct,
}

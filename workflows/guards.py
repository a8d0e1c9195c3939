"""Named conditions of steps: nothing, or the reason to show to the person who would act.

A guard is pure: it reads :class:`~workflows.spec.Facts` and says why not, in plain words, with the
party that can change it. ``says`` is the same condition as a sentence, for the documentation.
"""

from __future__ import annotations

from collections.abc import Callable

from workflows.spec import N_, Actor, Facts, Guard, GuardFunction, Party, Reason, Who

DIRECT = frozenset({"country_visit", "joint_meeting", "virtual_visit"})
"""Means of direct dialogue; anything else is by calls and mail only (ToR 24, 29)."""


def guard(says: str, *reads: str) -> Callable[[GuardFunction], Guard]:
    """Make a named guard of a function; ``reads`` are the groups of facts it needs."""

    def wrap(check: GuardFunction) -> Guard:
        return Guard(check.__name__, check, says, frozenset(reads))

    return wrap


@guard(N_("both reviewing States are drawn"))
def reviewers_drawn(facts: Facts, who: Who) -> Reason | None:
    if facts.reviewers == {1, 2}:
        return None
    return Reason(
        N_("The two reviewing States have not been drawn yet."), unblocked_by=Party.SECRETARIAT
    )


@guard(N_("the review was not deferred before"))
def not_deferred_before(facts: Facts, who: Who) -> Reason | None:
    if not facts.deferred:
        return None
    return Reason(N_("This review was already deferred; a State may defer once."))


@guard(N_("there is a following year in the cycle"))
def before_last_year(facts: Facts, who: Who) -> Reason | None:
    if facts.year < 5:
        return None
    return Reason(N_("The fifth year is the last of the cycle; there is no year to defer to."))


@guard(N_("a focal point is nominated"))
def focal_point_known(facts: Facts, who: Who) -> Reason | None:
    if facts.focal_points:
        return None
    return Reason(
        N_("The State under review has not nominated a focal point yet."),
        unblocked_by=Party.STATE_UNDER_REVIEW,
    )


@guard(N_("both reviewing States have nominated experts"))
def experts_known(facts: Facts, who: Who) -> Reason | None:
    missing = sorted({1, 2} - facts.experts)
    if not missing:
        return None
    text = (
        N_("Neither reviewing State has nominated its governmental experts yet.")
        if len(missing) == 2
        else N_("One reviewing State has not nominated its governmental experts yet.")
    )
    return Reason(text, unblocked_by=Party.REVIEWING_STATE)


@guard(N_("every provision under review has an answer"), "answers")
def every_provision_answered(facts: Facts, who: Who) -> Reason | None:
    missing = facts.provisions - facts.answered
    if missing <= 0:
        return None
    return Reason(
        N_("%(missing)s of %(all)s provisions have no answer yet."),
        {"missing": missing, "all": facts.provisions},
        Party.STATE_UNDER_REVIEW,
    )


@guard(N_("the response is not with the secretariat already"))
def response_open(facts: Facts, who: Who) -> Reason | None:
    if not facts.is_done("self_assessment_submitted"):
        return None
    return Reason(
        N_("The response was submitted. The secretariat can return it for completion."),
        unblocked_by=Party.SECRETARIAT,
    )


@guard(N_("the response has been submitted"))
def response_submitted(facts: Facts, who: Who) -> Reason | None:
    if facts.is_done("self_assessment_submitted"):
        return None
    return Reason(
        N_("The State under review has not submitted its response yet."),
        unblocked_by=Party.STATE_UNDER_REVIEW,
    )


@guard(N_("every provision in the division of labour is assessed"), "findings")
def every_provision_assessed(facts: Facts, who: Who) -> Reason | None:
    assigned = facts.assigned.get(who.slot, 0)
    missing = assigned - facts.assessed.get(who.slot, 0)
    if missing <= 0:
        return None
    return Reason(
        N_("%(missing)s of your %(all)s provisions have no submitted finding yet."),
        {"missing": missing, "all": assigned},
        Party.REVIEWING_STATE,
    )


@guard(N_("this reviewing State has not submitted its desk review already"))
def desk_review_open(facts: Facts, who: Who) -> Reason | None:
    if not facts.is_done("desk_review", who.slot):
        return None
    return Reason(N_("Your State's desk review was submitted."))


@guard(N_("both desk reviews are in"))
def both_desk_reviews_in(facts: Facts, who: Who) -> Reason | None:
    missing = [slot for slot in (1, 2) if not facts.is_done("desk_review", slot)]
    if not missing:
        return None
    text = (
        N_("Neither reviewing State has submitted its desk review yet.")
        if len(missing) == 2
        else N_("One reviewing State has not submitted its desk review yet.")
    )
    return Reason(text, unblocked_by=Party.REVIEWING_STATE)


@guard(N_("there is an open question"), "questions")
def question_open(facts: Facts, who: Who) -> Reason | None:
    if facts.open_questions:
        return None
    return Reason(N_("There is no open question."))


@guard(N_("every question is answered"), "questions")
def questions_answered(facts: Facts, who: Who) -> Reason | None:
    if not facts.open_questions:
        return None
    return Reason(
        N_("%(open)s questions have no answer yet."),
        {"open": facts.open_questions},
        Party.STATE_UNDER_REVIEW,
    )


@guard(N_("the means of dialogue are not agreed already"))
def means_open(facts: Facts, who: Who) -> Reason | None:
    if not facts.is_done("dialogue_held"):
        return None
    return Reason(N_("The dialogue was held; its means can no longer change."))


@guard(N_("the means of dialogue are agreed"))
def means_agreed(facts: Facts, who: Who) -> Reason | None:
    if facts.means:
        return None
    return Reason(
        N_("The State under review has not agreed the means of dialogue yet."),
        unblocked_by=Party.STATE_UNDER_REVIEW,
    )


@guard(N_("a country visit or a joint meeting is agreed"))
def direct_dialogue_agreed(facts: Facts, who: Who) -> Reason | None:
    if facts.means in DIRECT:
        return None
    if facts.means:
        return Reason(N_("The dialogue is held remotely; nothing is to be scheduled or recorded."))
    return means_agreed(facts, who)


@guard(N_("the dialogue has not been held yet"))
def dialogue_not_held(facts: Facts, who: Who) -> Reason | None:
    if not facts.is_done("dialogue_held"):
        return None
    return Reason(N_("The dialogue is recorded as held."))


@guard(N_("the dates of the direct dialogue are set"))
def dialogue_has_dates(facts: Facts, who: Who) -> Reason | None:
    if facts.dialogue_scheduled:
        return None
    return Reason(
        N_("The dates of the dialogue are not set yet."), unblocked_by=Party.STATE_UNDER_REVIEW
    )


@guard(N_("an agreed visit or meeting has been held"))
def direct_dialogue_held(facts: Facts, who: Who) -> Reason | None:
    if facts.means not in DIRECT or facts.is_done("dialogue_held"):
        return None
    return Reason(
        N_("The agreed visit or meeting is not recorded as held yet."),
        unblocked_by=Party.SECRETARIAT,
    )


@guard(N_("there is a draft report"))
def draft_exists(facts: Facts, who: Who) -> Reason | None:
    if facts.draft_hash:
        return None
    return Reason(
        N_("The draft report has not been assembled yet."), unblocked_by=Party.SECRETARIAT
    )


@guard(N_("the draft is circulated"))
def draft_circulated(facts: Facts, who: Who) -> Reason | None:
    if facts.is_done("draft_circulated"):
        return None
    return Reason(
        N_("The draft report has not been circulated yet."), unblocked_by=Party.SECRETARIAT
    )


@guard(N_("the draft is circulated, where a reviewing State edits it"))
def draft_open_to_reviewers(facts: Facts, who: Who) -> Reason | None:
    return None if who.actor is Actor.SECRETARIAT else draft_circulated(facts, who)


@guard(N_("this reviewing State has not commented already"))
def comments_open(facts: Facts, who: Who) -> Reason | None:
    if facts.is_done("reviewer_comments", who.slot):
        return Reason(N_("Your State's comments were sent."))
    return None


@guard(N_("both reviewing States have commented, or the time for comments is over"))
def comments_in_or_time_over(facts: Facts, who: Who) -> Reason | None:
    for slot in (1, 2):
        due = facts.due.get(("reviewer_comments", slot))
        over = due is not None and facts.today is not None and facts.today > due
        if not facts.is_done("reviewer_comments", slot) and not over:
            return Reason(
                N_("A reviewing State has not commented and still has time for it."),
                unblocked_by=Party.REVIEWING_STATE,
            )
    return None


@guard(N_("the executive summary is written"), "report")
def summary_written(facts: Facts, who: Who) -> Reason | None:
    if not facts.draft_hash or not facts.summary_unwritten:
        return None
    return Reason(
        N_("Sections of the executive summary still to be written: %(missing)s."),
        {"missing": facts.summary_unwritten},
        Party.SECRETARIAT,
    )


@guard(N_("the report is with the State under review"))
def report_with_state(facts: Facts, who: Who) -> Reason | None:
    if facts.is_done("report_sent_to_state"):
        return None
    return Reason(
        N_("The report has not been sent to the State under review yet."),
        unblocked_by=Party.SECRETARIAT,
    )


@guard(N_("the report is not agreed already"))
def report_not_agreed(facts: Facts, who: Who) -> Reason | None:
    if not facts.is_done("report_agreed"):
        return None
    return Reason(N_("The report is agreed; its text can no longer change."))


@guard(N_("this State has not approved this very text"), "report")
def not_approved_yet(facts: Facts, who: Who) -> Reason | None:
    if who.slot not in facts.approved:
        return None
    return Reason(N_("Your State has approved this text."))


@guard(N_("all three States have approved the same text"), "report")
def three_approvals(facts: Facts, who: Who) -> Reason | None:
    missing = {0, 1, 2} - facts.approved
    if not missing:
        return None
    concerned = {Party.REVIEWING_STATE if slot else Party.STATE_UNDER_REVIEW for slot in missing}
    return Reason(
        N_("%(missing)s of 3 approvals of the present text are missing."),
        {"missing": len(missing)},
        concerned.pop() if len(concerned) == 1 else None,
    )


@guard(N_("the report is agreed"))
def report_agreed(facts: Facts, who: Who) -> Reason | None:
    if facts.is_done("report_agreed"):
        return None
    return Reason(N_("The report is not agreed by all three States yet."))


@guard(N_("the full report is not published already"))
def report_unpublished(facts: Facts, who: Who) -> Reason | None:
    if not facts.report_published:
        return None
    return Reason(N_("The full report is published."))


@guard(N_("the self-assessment is not published already"))
def response_unpublished(facts: Facts, who: Who) -> Reason | None:
    if not facts.response_published:
        return None
    return Reason(N_("The self-assessment is published."))


@guard(N_("something with a date is still to be done by them"))
def owes_by_a_date(facts: Facts, who: Who) -> Reason | None:
    if who in facts.owing:
        return None
    return Reason(N_("Nothing with a date is open on your side."))


@guard(N_("a request for another date, to or from them, waits for an answer"))
def date_asked_for(facts: Facts, who: Who) -> Reason | None:
    if who in facts.asking or (who.actor is Actor.SECRETARIAT and facts.asking):
        return None
    return Reason(N_("No request for another date waits for an answer."))


@guard(N_("the clock is running"))
def running(facts: Facts, who: Who) -> Reason | None:
    if not facts.suspended:
        return None
    return Reason(
        N_("The clock of this review is stopped. It must be resumed first."),
        unblocked_by=Party.SECRETARIAT,
    )


@guard(N_("the clock is stopped"))
def stopped(facts: Facts, who: Who) -> Reason | None:
    if facts.suspended:
        return None
    return Reason(N_("The clock of this review is running."))

"""Offices of a review and who holds them; successions for the secretariat and the holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.policy import Action
from review.services import snapshot, succession_mails, successions
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.proposals import Answered
from review.services.queries import offices as query
from review.services.snapshot import Snapshot
from review.web import reading, succession_words
from review.web.access import needs, seen, signed_in, viewer
from review.web.succession_forms import STILL, AnswerForm, MandateForm, NotMeForm, ProposalForm
from review.web.words import _

if TYPE_CHECKING:
    from review.models import Member, Succession

blueprint = Blueprint("offices", __name__)


@blueprint.get("/reviews/<int:review_id>/offices")
@needs(Action.SEE_REVIEW)
def show(review_id: int) -> ResponseReturnValue:
    """Who holds which office of a review since when, and who held it before."""
    review = _review(review_id)
    rows = query.of_review(reading.session(), review_id)
    mine = {m.slot for m in review.members if m.person_id == viewer().id and m.role != "observer"}
    return render_template(
        "offices/show.html",
        review=review,
        rows=rows,
        words=succession_words,
        mine=mine if not viewer().is_secretariat else {0, 1, 2},
    )


@blueprint.route("/offices/<int:member_id>/mandate", methods=["GET", "POST"])
@needs(Action.MANAGE_PEOPLE)
def mandate(member_id: int) -> ResponseReturnValue:
    """Set or remove the last day of a mandate."""
    member = _holder(member_id)
    ends = member.mandate_ends_on
    form = MandateForm(data={"mandate_ends_on": ends.isoformat() if ends else ""})
    if form.validate_on_submit():
        try:
            with db.transaction() as work:
                successions.set_mandate(
                    work, member_id, form.mandate_ends_on.day, actor=viewer(), now=clock.now()
                )
        except InvalidGiven as wrong:
            form.show_errors(wrong.errors)
        else:
            flash(_("The end of the mandate is recorded."), "ok")
            return redirect(url_for("offices.show", review_id=member.review_id))
    page = render_template("offices/mandate.html", form=form, **_about(member))
    return page, 422 if form.errors else 200


@blueprint.route("/offices/<int:member_id>/successor", methods=["GET", "POST"])
@signed_in
def begin(member_id: int) -> ResponseReturnValue:
    """Say that somebody may no longer hold an office: the holder, or the secretariat."""
    member = _holder(member_id)
    own = member.person_id == viewer().id
    if not (own or viewer().is_secretariat):
        abort(404)
    now_open = query.open_of_office(reading.session(), member.office_id)
    if now_open is not None:
        return redirect(url_for("offices.course", succession_id=now_open.id))
    form = NotMeForm(data={"language": member.person.language})
    if form.validate_on_submit():
        try:
            with db.transaction() as work:
                one = successions.begin(
                    work,
                    member_id,
                    "not_me" if own else "requested",
                    actor=viewer(),
                    now=clock.now(),
                    reason=str(form.reason.data or ""),
                    proposal=form.proposal() or None,
                )
                number = one.id
        except InvalidGiven as wrong:
            form.show_errors(wrong.errors)
        else:
            flash(_("The State is asked who follows. Until it answers, nothing changes."), "ok")
            return redirect(url_for("offices.course", succession_id=number))
    page = render_template("offices/begin.html", form=form, own=own, **_about(member))
    return page, 422 if form.errors else 200


# Successions -------------------------------------------------------------------------------------


@blueprint.get("/successions")
@needs(Action.MANAGE_PEOPLE)
def index() -> ResponseReturnValue:
    """The successions that are open, the longest first, and the latest that were answered."""
    session, now = reading.session(), clock.now()
    return render_template(
        "offices/successions.html",
        open_ones=query.lines(session, now, open_ones=True),
        answered=query.lines(session, now, open_ones=False),
        words=succession_words,
    )


@blueprint.get("/successions/<int:succession_id>")
@signed_in
def course(succession_id: int) -> ResponseReturnValue:
    """One succession: why, who is proposed, whom it was asked of, what became of it."""
    return _course(_succession(succession_id))


@blueprint.route("/successions/<int:succession_id>/propose", methods=["GET", "POST"])
@signed_in
def propose(succession_id: int) -> ResponseReturnValue:
    """Name who is to follow, or somebody else than before."""
    one = _succession(succession_id)
    if not one.is_open:
        return _course(one), 409 if request.method == "POST" else 200
    form = ProposalForm(
        data={
            "title": one.title,
            "email": one.email,
            "language": one.language or one.predecessor.person.language,
        }
    )
    if form.validate_on_submit():
        try:
            with db.transaction() as work:
                successions.propose(work, one.id, form.proposal(), actor=viewer(), now=clock.now())
        except InvalidGiven as wrong:
            form.show_errors(wrong.errors)
        except Answered:
            return _moved_on(succession_id)
        else:
            flash(_("The name is recorded. The State decides."), "ok")
            return redirect(url_for("offices.course", succession_id=one.id))
    page = render_template("offices/propose.html", form=form, one=one, **_about(one.predecessor))
    return page, 422 if form.errors else 200


@blueprint.route("/successions/<int:succession_id>/answer", methods=["GET", "POST"])
@needs(Action.MANAGE_PEOPLE)
def answer(succession_id: int) -> ResponseReturnValue:
    """Enter the answer of the State that came on paper."""
    one = _succession(succession_id)
    if not one.is_open:
        return _course(one), 409 if request.method == "POST" else 200
    form = AnswerForm(data={"language": one.predecessor.person.language})
    form.offer(one, mission=False)
    if form.validate_on_submit():
        try:
            _enter(one, form)
        except InvalidGiven as wrong:
            form.show_errors(wrong.errors)
        except Refused as refused:
            form.form_errors.extend(_(why.text, **why.params) for why in refused.reasons)
        except Answered:
            return _moved_on(succession_id)
        else:
            flash(_("The answer of the State is recorded."), "ok")
            return redirect(url_for("offices.course", succession_id=one.id))
    page = render_template("offices/answer.html", form=form, one=one, **_about(one.predecessor))
    return page, 422 if form.errors else 200


def _enter(one: Succession, form: AnswerForm) -> None:
    note = str(form.note_verbale.data).strip()
    with db.transaction() as work:
        if form.answer.data == STILL:
            successions.refuse(
                work,
                one.id,
                actor=viewer(),
                now=clock.now(),
                note_verbale=note,
                until=form.mandate_ends_on.day,
            )
        else:
            successions.confirm(work, one.id, form.given(one), actor=viewer(), now=clock.now())


@blueprint.post("/successions/<int:succession_id>/ask")
@needs(Action.MANAGE_PEOPLE)
def ask_again(succession_id: int) -> ResponseReturnValue:
    """Ask the mission once more, at its registered address."""
    try:
        with db.transaction() as work:
            sent = successions.ask_again(work, succession_id, now=clock.now())
    except Answered:
        return _moved_on(succession_id)
    if sent:
        flash(_("The Permanent Mission is asked once more."), "ok")
    else:
        flash(_("Nothing was sent: no address works, or it was asked often today."), "warn")
    return redirect(url_for("offices.course", succession_id=succession_id))


@blueprint.post("/successions/<int:succession_id>/withdraw")
@signed_in
def withdraw(succession_id: int) -> ResponseReturnValue:
    """Take a succession back before it is answered."""
    one = _succession(succession_id)
    try:
        with db.transaction() as work:
            successions.withdraw(work, succession_id, actor=viewer(), now=clock.now())
    except Answered:
        return _moved_on(succession_id)
    flash(_("Taken back. The holder stays in office."), "ok")
    return redirect(url_for("offices.course", succession_id=one.id))


# Inner parts -------------------------------------------------------------------------------------


def _review(review_id: int) -> Snapshot:
    try:
        found: Snapshot | None = snapshot.load(reading.session(), review_id, clock.now())
    except NotFound:
        found = None
    return seen(found, Action.SEE_REVIEW)


def _holder(member_id: int) -> Member:
    """Who holds an office at present; 404 for anybody else."""
    found = query.member(reading.session(), member_id)
    if found is None:
        abort(404)
    return found


def _succession(succession_id: int) -> Succession:
    """A succession, where the reader may follow it; 404 where not."""
    one = successions.find(reading.session(), succession_id)
    if not successions.may_see(viewer(), one):
        abort(404)
    return one


def _course(one: Succession) -> str:
    session = reading.session()
    mails = query.asked(session, one.id)
    mission = succession_mails.address_of_mission(session, one)
    own = one.begun_by == viewer().id
    return render_template(
        "offices/course.html",
        one=one,
        events=succession_words.course(one, mails),
        why=succession_words.why(one),
        standing=succession_words.state(one),
        mission=mission,
        days=((one.answered_at or clock.now()) - one.begun_at).days,
        may_withdraw=one.is_open and (viewer().is_secretariat or own),
        **_about(one.predecessor),
    )


def _moved_on(succession_id: int) -> ResponseReturnValue:
    """Somebody was faster: the page as it stands now says who and how."""
    reading.release()
    flash(_("Somebody was faster: this has been answered already. Nothing was changed."), "warn")
    return _course(_succession(succession_id)), 409


def _about(member: Member) -> dict[str, Any]:
    """The office of a page and whose it is."""
    numbered = query.is_numbered(reading.session(), member.office)
    return {
        "member": member,
        "review_id": member.review_id,
        "review_of": query.review_name(reading.session(), member.review_id),
        "office": succession_words.office(member.office, numbered=numbered),
    }

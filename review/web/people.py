"""People: the list, one person, invitations, closing and opening accounts, officers of reviews."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, reference
from review.languages import N_
from review.policy import Action
from review.services import dead_addresses, people
from review.services.accounts import AccountError
from review.services.queries import offices
from review.services.queries import people as query
from review.services.queries.people import PeopleFilters, Status
from review.web import asked, reading, succession_words
from review.web.access import needs, viewer
from review.web.people_forms import CloseForm, OfficerForm, SecretariatForm
from review.web.words import _

blueprint = Blueprint("people", __name__)

ROLES: Final = (
    "secretariat_administrator",
    "secretariat_officer",
    "focal_point",
    "expert",
    "observer",
)
_ACTS: Final = {
    "person_invited": N_("Invited"),
    "person_invited_again": N_("Invited again"),
    "nominate_focal_point": N_("Nominated as focal point"),
    "nominate_expert": N_("Nominated as governmental expert"),
    "admit_observer": N_("Admitted as observer"),
    "release_person": N_("Released from a review"),
    "hand_over": N_("Handed over, or took over, an office"),
    "succession_begun": N_("A successor is looked for"),
    "succession_proposed": N_("A successor was proposed"),
    "succession_refused": N_("Still in office, the State says"),
    "succession_withdrawn": N_("The search for a successor was taken back"),
    "mandate_set": N_("End of the mandate set"),
    "account_opened": N_("Invitation accepted"),
    "account_changed": N_("Language, time zone or messages changed"),
    "account_closed": N_("Account closed"),
    "address_dead": N_("Messages to the address came back"),
    "address_corrected": N_("Address corrected"),
    "account_reopened": N_("Account opened again"),
    "password_set": N_("Password changed"),
    "signed_out_everywhere": N_("Signed out everywhere"),
    "calendar_link_made": N_("Address of the calendar made"),
    "calendar_link_renewed": N_("Address of the calendar renewed"),
    "calendar_link_ended": N_("Address of the calendar ended"),
}
"""What is done about an account, as the page names it."""


@blueprint.get("/people")
@needs(Action.MANAGE_PEOPLE)
def index() -> ResponseReturnValue:
    """Everybody with an account, by role, State and how the account stands."""
    reader = asked.Reader(request.args)
    filters = PeopleFilters(
        q=reader.words("q"),
        role=reader.one_of("role", ROLES),
        status=reader.one_of("status", set(Status)),
        group=reader.one_of("group", reference.REGIONAL_GROUPS),
        page=reader.number("page", 1, 9999) or 1,
    )
    page = query.people(reading.session(), filters, clock.now())
    addresses = [row.person.email for row in page.rows]
    return render_template(
        "people/index.html",
        page=page,
        dead=dead_addresses.are_dead(reading.session(), addresses),
        filters=filters,
        ignored=reader.ignored,
        roles=ROLES,
        statuses=tuple(Status),
        groups=reference.REGIONAL_GROUPS,
    )


@blueprint.get("/people/<int:person_id>")
@needs(Action.MANAGE_PEOPLE)
def show(person_id: int) -> ResponseReturnValue:
    """One person: what is known, their reviews, what was done about the account."""
    row = query.find(reading.session(), person_id, clock.now())
    return render_template(
        "people/show.html",
        row=row,
        history=query.history(reading.session(), person_id),
        acts=_ACTS,
        may_change=people.may_change(viewer(), row.person),
        dead=dead_addresses.of_person(reading.session(), row.person),
        successions=offices.of_person(reading.session(), person_id),
        succession_words=succession_words,
    )


# Invitations -------------------------------------------------------------------------------------


@blueprint.route("/people/invite/secretariat", methods=["GET", "POST"])
@needs(Action.APPOINT_SECRETARIAT)
def invite_secretariat() -> ResponseReturnValue:
    """Invite somebody of the secretariat."""
    form = SecretariatForm()
    form.offer()
    if request.method == "GET":
        return render_template("people/invite_secretariat.html", form=form)
    if form.validate_on_submit():
        try:
            with db.transaction() as session:
                person = people.invite_secretariat(
                    session,
                    email=str(form.email.data).strip(),
                    title=str(form.title.data).strip(),
                    role=form.role.data,
                    language=form.language.data,
                    actor=viewer(),
                    now=clock.now(),
                )
        except AccountError as refused:
            form.email.errors = [_(str(refused))]
        else:
            return _invited(person.id, person.email)
    return render_template("people/invite_secretariat.html", form=form), 422


@blueprint.get("/people/invite/observer")
@needs(Action.MANAGE_PEOPLE)
def invite_observer() -> ResponseReturnValue:
    """Choose the review that an observer is to follow; its own page does the rest."""
    reviews = query.reviews(reading.session())
    reader = asked.Reader(request.args)
    chosen = reader.one_of("review", {str(number) for number, _name, _year in reviews})
    if chosen:
        return redirect(url_for("steps.ask", review_id=int(chosen), step="admit_observer"))
    return render_template("people/invite_observer.html", reviews=reviews, ignored=reader.ignored)


def _invited(person_id: int, email: str) -> ResponseReturnValue:
    flash(_("The invitation goes to %(address)s.", address=email), "ok")
    return redirect(url_for("people.show", person_id=person_id))


@blueprint.post("/people/<int:person_id>/invite")
@needs(Action.MANAGE_PEOPLE)
def invite_again(person_id: int) -> ResponseReturnValue:
    """Send a new invitation; the link before it ends."""
    try:
        with db.transaction() as session:
            person = people.invite_again(session, person_id, actor=viewer(), now=clock.now())
    except AccountError as refused:
        flash(_(str(refused)), "warn")
    else:
        flash(_("A new invitation goes to %(address)s.", address=person.email), "ok")
    return redirect(url_for("people.show", person_id=person_id))


# Accounts ----------------------------------------------------------------------------------------


@blueprint.route("/people/<int:person_id>/close", methods=["GET", "POST"])
@needs(Action.MANAGE_PEOPLE)
def close(person_id: int) -> ResponseReturnValue:
    """Close an account, after showing what that means."""
    form = CloseForm()
    if form.validate_on_submit():
        reason = str(form.reason.data).strip()
        try:
            with db.transaction() as session:
                people.close(session, person_id, reason, actor=viewer(), now=clock.now())
        except AccountError as refused:
            form.reason.errors = [_(str(refused))]
        else:
            flash(_("The account is closed. Its sessions have ended."), "ok")
            return redirect(url_for("people.show", person_id=person_id))
    row = query.find(reading.session(), person_id, clock.now())
    page = render_template("people/close.html", row=row, form=form)
    return page, 422 if form.errors else 200


@blueprint.post("/people/<int:person_id>/open")
@needs(Action.MANAGE_PEOPLE)
def open_again(person_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    try:
        with db.transaction() as session:
            people.open_again(session, person_id, actor=viewer(), now=clock.now())
    except AccountError as refused:
        flash(_(str(refused)), "warn")
    else:
        flash(_("The account is open again."), "ok")
    return redirect(url_for("people.show", person_id=person_id))


# Officers ----------------------------------------------------------------------------------------


@blueprint.get("/reviews/<int:review_id>/officer")
@needs(Action.MANAGE_PEOPLE)
def officer(review_id: int) -> ResponseReturnValue:
    """Choose the officer of a review."""
    session = reading.session()
    name, present_one = query.review_and_officer(session, review_id)
    form = OfficerForm(formdata=None)
    form.offer(query.officers(session))
    form.officer.data = str(present_one or "")
    return _officer_page(review_id, name, form)


@blueprint.post("/reviews/<int:review_id>/officer")
@needs(Action.MANAGE_PEOPLE)
def assign_officer(review_id: int) -> ResponseReturnValue:
    """Give a review to an officer."""
    session = reading.session()
    name, _before = query.review_and_officer(session, review_id)
    form = OfficerForm()
    form.offer(query.officers(session))
    if form.validate_on_submit():
        chosen = int(form.officer.data) if form.officer.data else None
        try:
            with db.transaction() as work:
                people.assign_officer(work, review_id, chosen, actor=viewer(), now=clock.now())
        except AccountError as refused:
            form.officer.errors = [_(str(refused))]
        else:
            flash(_("The officer of the review of %(state)s is set.", state=_(name)), "ok")
            return redirect(url_for("reviews.show", review_id=review_id))
    return _officer_page(review_id, name, form), 422


def _officer_page(review_id: int, name: str, form: OfficerForm) -> str:
    return render_template("people/officer.html", review_id=review_id, name=name, form=form)

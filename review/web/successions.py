"""What links by mail let somebody say about an office, without signing in.

Opening a page changes nothing, as mail scanners open links too; a button posts. A Permanent Mission
says who holds an office; whoever holds the link of a task says that it is theirs no longer.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, languages
from review.services import snapshot, succession_links
from review.services.capabilities import Standing
from review.services.errors import InvalidGiven, NotFound, Refused
from review.services.proposals import Answered
from review.services.queries import offices as query
from review.services.succession_links import Holding, LinkClosed, Opened
from review.web import frame, reading, succession_words, whom_to_ask
from review.web.access import public
from review.web.security import per_place
from review.web.succession_forms import STILL, AnswerForm, NotMeForm
from review.web.words import _

blueprint = Blueprint("successions", __name__)


# The Permanent Mission ---------------------------------------------------------------------------


@blueprint.route("/succession/<token>", methods=["GET", "POST"])
@public
@per_place
def of_mission(token: str) -> ResponseReturnValue:
    """Who holds an office now: the mission confirms, names, or says that nothing has changed."""
    opened = _opened(token)
    if opened is None:
        return render_template("successions/unknown.html"), 404
    if opened.standing is not Standing.OPEN:
        return _mission_page(token, opened), 410
    if not opened.succession.is_open:
        return _mission_page(token, opened), 200 if request.method == "GET" else 409
    form = AnswerForm(data={"language": opened.state.language})
    form.offer(opened.succession, mission=True)
    if form.validate_on_submit() and (done := _answered(token, opened, form)) is not None:
        return done
    return _mission_page(token, opened, form), 422 if request.method == "POST" else 200


def _answered(token: str, opened: Opened, form: AnswerForm) -> ResponseReturnValue | None:
    """Take the answer; None where something in the form has to be mended."""
    signed_by, now = str(form.signed_by.data).strip(), clock.now()
    try:
        with db.transaction() as work:
            if form.answer.data == STILL:
                succession_links.still_in_office(work, token, signed_by=signed_by, now=now)
            else:
                given = form.given(opened.succession)
                succession_links.confirm(work, token, given, signed_by=signed_by, now=now)
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return None
    except Refused as refused:
        form.form_errors.extend(_(one.text, **one.params) for one in refused.reasons)
        return None
    except (Answered, LinkClosed, NotFound):
        reading.release()
        now_stands = _opened(token)
        if now_stands is None:
            return render_template("successions/unknown.html"), 404
        return _mission_page(token, now_stands), 409
    flash(_("Thank you. Your answer is recorded."), "ok")
    return redirect(_address("successions.of_mission", token))


@blueprint.post("/succession/<token>/again")
@public
@per_place
def again(token: str) -> ResponseReturnValue:
    """Send a new link to the registered address of the mission; the same answer for every link."""
    with db.transaction() as work:
        succession_links.ask_for_new_link(work, token, now=clock.now())
    return render_template("successions/sent.html")


def _opened(token: str) -> Opened | None:
    """The succession of a link, with the page made for its mission; None for an unknown one."""
    try:
        opened = succession_links.of_mission(reading.session(), token, now=clock.now())
    except NotFound:
        return None
    _speak(opened.state.language, opened.state.time_zone)
    return opened


def _mission_page(token: str, opened: Opened, form: AnswerForm | None = None) -> str:
    one = opened.succession
    seen = snapshot.load(reading.session(), one.office.review_id, clock.now())
    numbered = query.is_numbered(reading.session(), one.office)
    return render_template(
        "successions/mission.html",
        opened=opened,
        one=one,
        token=token,
        form=form,
        office=succession_words.office(one.office, numbered=numbered),
        why=succession_words.why(one),
        answered_by=succession_words.answered_by(one),
        review_of=query.review_name(reading.session(), one.office.review_id),
        desk=whom_to_ask.of(seen),
        language_urls=_in_each_language("successions.of_mission", token),
    )


# The holder of the link of a task ----------------------------------------------------------------


@blueprint.route("/task/<token>/successor", methods=["GET", "POST"])
@public
@per_place
def by_link(token: str) -> ResponseReturnValue:
    """Whoever a task was sent to says that it is not theirs any more, and may name who follows."""
    try:
        holding = succession_links.of_task(reading.session(), token, now=clock.now())
    except NotFound:
        return render_template("task/unknown.html", token=token), 404
    person, member = holding.link.person, holding.member
    if person is None or member is None or holding.standing is not Standing.OPEN:
        return redirect(url_for("task.show", token=token))
    _speak(person.language, person.time_zone)
    form = NotMeForm(data={"language": person.language})
    if form.validate_on_submit():
        proposal = form.proposal()
        try:
            with db.transaction() as work:
                succession_links.not_me(
                    work,
                    token,
                    reason=str(form.reason.data or ""),
                    proposal=proposal or None,
                    now=clock.now(),
                )
        except InvalidGiven as wrong:
            form.show_errors(wrong.errors)
        except (LinkClosed, NotFound):
            return redirect(url_for("task.show", token=token))
        else:
            flash(_("Thank you. Your State is asked who follows."), "ok")
            return redirect(_address("successions.by_link", token))
    return _not_me_page(token, holding, form), 422 if form.errors else 200


def _not_me_page(token: str, holding: Holding, form: NotMeForm) -> str:
    member = holding.member
    assert member is not None  # noqa: S101 - the view has looked
    found: dict[str, Any] = {
        "open": query.open_of_office(reading.session(), member.office_id),
        "review_of": query.review_name(reading.session(), member.review_id),
        "office": succession_words.office(member.office),
    }
    return render_template(
        "successions/not_me.html",
        form=form,
        member=member,
        back=url_for("task.show", token=token),
        target=_address("successions.by_link", token),
        language_urls=_in_each_language("successions.by_link", token),
        **found,
    )


def _speak(language: str, zone: str) -> None:
    frame.made_for(languages.negotiate(request.args.get("language"), language), zone)


def _address(endpoint: str, token: str) -> str:
    return url_for(endpoint, token=token, language=request.args.get("language"))


def _in_each_language(endpoint: str, token: str) -> dict[str, str]:
    return {
        one.code: url_for(endpoint, token=token, language=one.code) for one in languages.LANGUAGES
    }

"""The page behind the link of a mail about a task: it opens without sign-in, and does small things.

Opening it changes nothing, as mail scanners open links too; buttons post. It speaks the language of
whoever the link belongs to, and shows no more than the mail does. What needs an account leads to
the right page after signing in.
"""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, languages, links
from review.services import by_link
from review.services.by_link import NotOpen
from review.services.capabilities import Standing
from review.services.errors import InvalidGiven, NotFound, Refused, Stale
from review.services.queries import task as query
from review.services.queries.task import TaskPage
from review.web import frame, reading, step_pages, steps, whom_to_ask
from review.web.access import public
from review.web.security import per_place
from review.web.step_forms import StepForm, form_for
from review.web.step_pages import Place
from review.web.words import _
from workflows import engine
from workflows.engine import Option
from workflows.spec import N_, Reason

blueprint = Blueprint("task", __name__)

_MOVED = N_("Something in this review has changed meanwhile. Look once more, then send it again.")


@blueprint.get("/task/<token>")
@public
@per_place
def show(token: str) -> ResponseReturnValue:
    """What is asked, by when, who has it, and what can be done; nothing changes."""
    page = _opened(token)
    if page is None:
        return _unknown(token)
    if page.standing is Standing.ENDED:
        return _ended(token, page), 410
    expired = page.done is None and page.standing is Standing.EXPIRED
    return _page(token, page), 410 if expired else 200


@blueprint.post("/task/<token>/receipt")
@public
@per_place
def confirm(token: str) -> ResponseReturnValue:
    """Confirm that the task has arrived."""
    if _opened(token) is None:
        return _unknown(token)
    try:
        with db.transaction() as work:
            by_link.confirm_receipt(work, token, now=clock.now())
    except NotOpen:
        return redirect(_address(token))
    flash(_("Receipt confirmed. The secretariat sees that the task has arrived."), "ok")
    return redirect(_address(token))


@blueprint.post("/task/<token>/again")
@public
@per_place
def again(token: str) -> ResponseReturnValue:
    """Send a new link to the registered address; the same answer for every link."""
    with db.transaction() as work:
        by_link.ask_for_new_link(work, token, now=clock.now())
    return render_template("task/sent.html")


@blueprint.get("/task/<token>/steps/<step>")
@public
@per_place
def ask(token: str, step: str) -> ResponseReturnValue:
    """What a step asks for and what follows; nothing changes."""
    page = _opened(token)
    if page is None:
        return _unknown(token)
    option = _option(page, step)
    if not page.is_open:
        return redirect(_address(token))
    suggested = steps.prefilled(page.seen, option.step) | {"milestone": by_link.named(page.link)}
    form = form_for(reading.session(), page.seen, option.step, option.who, suggested)
    return _step_page(token, page, option, form)


@blueprint.post("/task/<token>/steps/<step>")
@public
@per_place
def take(token: str, step: str) -> ResponseReturnValue:
    """Take a step in the name of whoever the link belongs to."""
    page = _opened(token)
    if page is None:
        return _unknown(token)
    option = _option(page, step)
    form = form_for(reading.session(), page.seen, option.step, option.who, {})
    try:
        with db.transaction() as work:
            by_link.take(
                work,
                token,
                step,
                given=form.given(),
                version=steps.version_of(form),
                now=clock.now(),
            )
    except NotOpen:
        return redirect(_address(token))
    except Stale:
        return _once_more(token, step, form, (Reason(_MOVED),)), 409
    except Refused as refused:
        return _once_more(token, step, form, refused.reasons), 409
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return _step_page(token, page, option, form), 422
    flash(_("Done: %(what)s.", what=_(page.seen.process.event(option.step))), "ok")
    return redirect(_address(token))


def _opened(token: str) -> TaskPage | None:
    """The task of a link, with the page made for whoever holds it; None for an unknown one."""
    try:
        page = query.load(reading.session(), token, clock.now())
    except NotFound:
        return None
    person = page.link.person
    language = person.language if person else page.side.language
    zone = person.time_zone if person else page.side.time_zone
    frame.made_for(languages.negotiate(request.args.get("language"), language), zone)
    return page


def _option(page: TaskPage, step: str) -> Option:
    """A step that this link opens. Raises NotFound for any other."""
    found = next((one for one in page.options if one.step.key == step), None)
    if found is None:
        raise NotFound(step)
    return found


def _address(token: str) -> str:
    return url_for("task.show", token=token, language=request.args.get("language"))


def _place(token: str, step: str, page: TaskPage) -> Place:
    chosen = request.args.get("language")
    return Place(
        "task",
        {"token": token, "language": chosen} if chosen else {"token": token},
        _address(token),
        only=by_link.named(page.link),
        due=page.due,
        language={
            one.code: url_for("task.ask", token=token, step=step, language=one.code)
            for one in languages.LANGUAGES
        },
    )


def _step_page(
    token: str,
    page: TaskPage,
    option: Option,
    form: StepForm,
    reasons: tuple[Reason, ...] | None = None,
) -> str:
    at = _place(token, option.step.key, page)
    return step_pages.page(at, page.seen, option.step, option.who, form, reasons=reasons)


def _once_more(token: str, step: str, form: StepForm, reasons: tuple[Reason, ...]) -> str:
    """The page as it stands now, with what was typed and the reason why nothing was done."""
    reading.release()
    page = query.load(reading.session(), token, clock.now())
    option = _option(page, step)
    form.version.data = str(page.seen.version)
    form.form_errors.extend(_(one.text, **one.params) for one in reasons)
    present = engine.reasons_against(page.seen.process, option.step, page.seen.facts, option.who)
    return _step_page(token, page, option, form, present)


def _page(token: str, page: TaskPage) -> str:
    language = request.args.get("language")
    options = {one.step.key: one for one in page.options}
    return render_template(
        "task/show.html",
        page=page,
        review=page.seen,
        token=token,
        office=whom_to_ask.of(page.seen),
        options=options,
        ask=lambda step: url_for("task.ask", token=token, step=step, language=language),
        elsewhere=[(_elsewhere(page, step.page, step.key), step) for step in page.elsewhere],
        successor=None if page.is_mission else _successor(token),
        language_urls=_in_each_language(token),
    )


def _ended(token: str, page: TaskPage) -> str:
    """The page for whoever has no part in the task any more: that it is so, and whom to ask."""
    return render_template(
        "task/ended.html",
        page=page,
        review=page.seen,
        office=whom_to_ask.of(page.seen),
        language_urls=_in_each_language(token),
    )


def _in_each_language(token: str) -> dict[str, str]:
    return {
        one.code: url_for("task.show", token=token, language=one.code)
        for one in languages.LANGUAGES
    }


def _elsewhere(page: TaskPage, where: str, step: str) -> str:
    """The page on which somebody who is signed in does this; others sign in on the way."""
    if where:
        return url_for(links.PATHS[where][0], review_id=page.seen.id)
    return url_for("steps.ask", review_id=page.seen.id, step=step)


def _successor(token: str) -> str | None:
    """The page on which somebody names who has taken over."""
    if "successions.by_link" not in current_app.view_functions:
        return None
    return url_for("successions.by_link", token=token, language=request.args.get("language"))


def _unknown(token: str) -> ResponseReturnValue:
    return render_template("task/unknown.html", token=token), 404

"""One provision of a response or of a desk review on its page: saved, compared, autosaved.

Everything works without script. With script the form saves itself; the same two rules hold: an
entry is saved only from the version that its author saw, and what was typed is never dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from review import clock, db
from review.reference import Provision
from review.services.errors import InvalidGiven, Refused
from review.services.material import Kind, Overwritten
from review.services.queries import answers as response
from review.services.queries import provision_list
from review.services.queries.provision_list import Chapter
from review.services.snapshot import Snapshot
from review.web import reading, submitting
from review.web.access import viewer
from review.web.entry_forms import EntryForm

if TYPE_CHECKING:
    from review.models.material import Answer, Finding


class Page(Protocol):
    """What saving needs to know of a page."""

    @property
    def provision(self) -> Provision: ...

    @property
    def chapters(self) -> tuple[Chapter, ...]: ...


P = TypeVar("P", bound=Page)


@dataclass(frozen=True)
class Desk(Generic[P]):
    """Where somebody writes: how its pages are read, filled in and shown."""

    name: str
    """Of the blueprint; its pages are ``overview`` and ``show``."""
    done: str
    """The button that marks a provision as done."""
    kind: Kind[Any]
    save: Callable[..., object]
    read: Callable[[Snapshot, str], P]
    entry: Callable[[P], Answer | Finding | None]
    form: Callable[..., EntryForm]
    show: Callable[[Snapshot, P, EntryForm], str]
    saved: Callable[[P], str]


def sent_form(desk: Desk[P], review: Snapshot, page: P) -> EntryForm:
    """The form as it was sent."""
    return desk.form(response.checklist(review), page.provision, {})


def stored_form(desk: Desk[P], review: Snapshot, page: P) -> EntryForm:
    """The form with what is saved."""
    held = desk.entry(page)
    names = (name for name in desk.kind.fields if name != "complete")
    values: dict[str, Any] = {name: getattr(held, name) for name in names} if held else {}
    values["version"] = held.version if held else 0
    return desk.form(response.checklist(review), page.provision, values, sent=False)


def keep(desk: Desk[P], review: Snapshot, slug: str, do: str) -> ResponseReturnValue | None:
    """Save what was sent, as the button says; None if it is saved, else what to answer."""
    page = desk.read(review, slug)
    form = sent_form(desk, review, page)
    try:
        _save(desk, review, page, form, do)
    except Overwritten:
        return _clash(desk, review, slug, form)
    except Refused as refused:
        return submitting.too_late(review, refused, form)
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return desk.show(review, page, form), 422
    return None


def autosave(desk: Desk[P], review: Snapshot, slug: str) -> ResponseReturnValue:
    """Save while somebody types; the answer is the line that says so."""
    page = desk.read(review, slug)
    form = sent_form(desk, review, page)
    try:
        _save(desk, review, page, form, "autosave")
    except Overwritten:
        reading.refresh()
        theirs = desk.entry(desk.read(review, slug))
        if not _same(form, theirs):
            by = response.last_writer(reading.session(), theirs)
            return render_template("entries/not_saved.html", theirs=theirs, by=by), 409
    except Refused as refused:
        return render_template("entries/not_saved.html", review=review, refused=refused), 409
    except InvalidGiven as wrong:
        form.show_errors(wrong.errors)
        return render_template("entries/not_saved.html", form=form), 422
    reading.refresh()
    return desk.saved(desk.read(review, slug))


def onward(desk: Desk[P], review: Snapshot, page: P, do: str, anchor: str | None = None) -> str:
    """After a provision is marked as done the next one, or the overview after the last."""
    item = page.provision
    if do == desk.done:
        after = provision_list.following(page.chapters, item.ref)
        if after is None:
            return url_for(f"{desk.name}.overview", review_id=review.id)
        item = after
    return url_for(f"{desk.name}.show", review_id=review.id, slug=item.slug, _anchor=anchor)


def _save(desk: Desk[P], review: Snapshot, page: P, form: EntryForm, do: str) -> None:
    values = form.values()
    if do == desk.done:
        values["complete"] = True
    elif do == "reopen" or not all(values[name] for name in desk.kind.needed):
        values["complete"] = False
    with db.transaction() as work:
        desk.save(
            work,
            review.id,
            page.provision.ref,
            values,
            actor=viewer(),
            now=clock.now(),
            version=form.seen_version(),
        )


def _same(form: EntryForm, held: Answer | Finding | None) -> bool:
    """Whether what is stored is what was sent: then there is nothing to decide."""
    return held is not None and all(getattr(held, k) == v for k, v in form.values().items())


def _clash(
    desk: Desk[P], review: Snapshot, slug: str, form: EntryForm
) -> ResponseReturnValue | None:
    """A colleague was faster: theirs beside mine; nothing is lost until somebody decides."""
    reading.refresh()
    page = desk.read(review, slug)
    theirs = desk.entry(page)
    if _same(form, theirs):
        return None
    shown = render_template(
        "entries/clash.html",
        review=review,
        provision=page.provision,
        theirs=theirs,
        by=response.last_writer(reading.session(), theirs),
        form=form,
        back=url_for(f"{desk.name}.show", review_id=review.id, slug=slug),
    )
    return shown, 409

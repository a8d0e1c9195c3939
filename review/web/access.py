"""Who may open a page. Deny by default: a view without an access mark is refused.

`@public`, `@signed_in` or `@needs(Action.…)` stand on every view. An action about a review is asked
again with the review itself, through `seen()`: it answers 404 for what does not exist and for what
the reader may not know of alike. A view that never asked what its mark promises is refused too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

from review.policy import PERSONAL, Action, Subject, can
from review.web.sessions import login_manager

if TYPE_CHECKING:
    from review.models.people import Person

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=Subject)
_MARK: Final = "access_mark"

csrf = CSRFProtect()


@dataclass(frozen=True, slots=True)
class Mark:
    """What a view asks of the reader: nothing, a signed-in person, or a right."""

    open: bool = False
    machine: bool = False
    """Asked by programs, which have no page with a token: the view asks for a secret of its own."""
    action: Action | None = None


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that anybody may open."""
    return _marked(view, Mark(open=True))


def by_secret(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view for programs: no session and no form counts, it asks for a secret itself."""
    return _marked(view, Mark(open=True, machine=True))


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that any signed-in person may open: it shows only what is theirs."""
    return _marked(view, Mark())


def needs(action: Action) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view that asks for the right to `action`; 403 without it."""
    return lambda view: _marked(view, Mark(action=action))


def mark_of(view: Callable[..., object]) -> Mark | None:
    """The mark of a view, None where it has none."""
    return getattr(view, _MARK, None)


def viewer() -> Person:
    """The signed-in person. Only in views that are not public."""
    person: Person = current_user._get_current_object()
    return person


def may(action: Action, thing: Subject | None = None) -> bool:
    """Whether the signed-in person may do this, to this review where the action is about one."""
    if not current_user.is_authenticated:
        return False
    _asked().add(action)
    return can(viewer(), action, thing)


def seen(thing: S | None, action: Action) -> S:
    """The review itself, where the reader has the right; else 404, as if it did not exist."""
    _asked().add(action)
    if thing is None or not may(action, thing):
        abort(404)
    return thing


def install(app: Flask) -> None:
    """Ask every request for its mark, then for the token against forged requests."""
    csrf.init_app(app)
    setattr(app.view_functions["static"], _MARK, Mark(open=True))
    app.before_request(_check)
    app.after_request(_refuse_unasked)


def _marked(view: Callable[P, R], mark: Mark) -> Callable[P, R]:
    setattr(view, _MARK, mark)
    return view


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None:  # no such page: the error page answers
        return None
    mark = mark_of(current_app.view_functions[request.endpoint])
    if mark is None:
        current_app.logger.error("The view %s has no access mark", request.endpoint)
        abort(403)
    if not mark.open and not current_user.is_authenticated:
        g.turned_away = True  # the view is not reached, so it need not have asked
        answer: ResponseReturnValue = login_manager.unauthorized()
        return answer
    if not mark.machine:
        csrf.protect()
    if mark.action in PERSONAL and not may(mark.action):
        abort(403)
    return None


def _refuse_unasked(response: Response) -> Response:
    """A page about a review leaves only after the review itself was asked about."""
    view = current_app.view_functions.get(request.endpoint or "")
    mark = mark_of(view) if view else None
    if mark is None or mark.action is None or response.status_code >= 400 or "turned_away" in g:
        return response
    if mark.action not in _asked():
        current_app.logger.error("The view %s did not ask for %s", request.endpoint, mark.action)
        return Response(status=403)
    return response


def _asked() -> set[Action]:
    if "asked" not in g:
        g.asked = set()
    asked: set[Action] = g.asked
    return asked

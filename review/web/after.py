"""After a request that may have written mails, a worker is asked to send them."""

from __future__ import annotations

from flask import Flask, Response, request

from review import tasks
from review.mail.render import written_notices
from review.settings import Settings
from workflows.registry import check_notices

FAILED = 400


def install(app: Flask, chosen: Settings) -> None:
    """Nudge once the answer has left, so that nobody waits for the broker.

    Raises DefinitionError where a process sends a mail that nobody has written.
    """
    check_notices(written_notices())
    tasks.use(chosen)
    app.after_request(_nudge_later)


def _nudge_later(response: Response) -> Response:
    if request.method == "POST" and response.status_code < FAILED:
        response.call_on_close(tasks.nudge)
    return response

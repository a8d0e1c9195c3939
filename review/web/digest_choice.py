"""The page behind the header of a digest by which mail programs end it.

Opening it changes nothing, as mail scanners open links too. A button posts, and so does a mail
program on its own (RFC 8058), which knows no token against forged requests: the link is proof.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from review import clock, db, languages
from review.services import capabilities, digest_choice
from review.services.capabilities import Found, Purpose, Standing
from review.web import frame, reading
from review.web.access import by_secret, public
from review.web.security import per_place

blueprint = Blueprint("digest_choice", __name__)


@blueprint.get("/digest/<token>")
@public
@per_place
def show(token: str) -> ResponseReturnValue:
    """What would change, and the button."""
    found = capabilities.look_up(reading.session(), token, Purpose.DIGEST, now=clock.now())
    return _page(found, token)


@blueprint.post("/digest/<token>")
@by_secret
@per_place
def end(token: str) -> ResponseReturnValue:
    """End the digest; the answer is a page and never leads elsewhere, as RFC 8058 asks."""
    with db.transaction() as work:
        found = digest_choice.end_by_link(work, token, now=clock.now())
    reading.release()
    found = capabilities.look_up(reading.session(), token, Purpose.DIGEST, now=clock.now())
    return _page(found, token)


def _page(found: Found, token: str) -> ResponseReturnValue:
    person = found.capability.person if found.capability else None
    if found.standing is not Standing.OPEN or person is None:
        return render_template("digest/gone.html"), 404 if person is None else 410
    frame.made_for(
        languages.negotiate(request.args.get("language"), person.language), person.time_zone
    )
    return render_template(
        "digest/show.html",
        token=token,
        digest=person.digest,
        language_urls={
            one.code: url_for("digest_choice.show", token=token, language=one.code)
            for one in languages.LANGUAGES
        },
    )

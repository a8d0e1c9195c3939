"""The start: what I have to do, or the sign-in page."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from review.web.access import public

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def start() -> ResponseReturnValue:
    """Lead to My turn, or to the sign-in page."""
    signed_in = current_user.is_authenticated
    return redirect(url_for("my_turn.show" if signed_in else "accounts.sign_in"))

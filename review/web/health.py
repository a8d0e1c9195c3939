"""`/health`, for machines: whether database, broker, scheduler and mail work. No secrets."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from review import clock
from review.services import health
from review.web.access import public

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def show() -> ResponseReturnValue:
    """200 where all four work, else 503; each with a word about its state."""
    report = health.report(current_app.extensions["review"].redis_url, now=clock.now())
    parts = {name: asdict(part) for name, part in report.parts.items()}
    answer = jsonify(status="ok" if report.ok else "failing", **parts)
    return answer, 200 if report.ok else 503

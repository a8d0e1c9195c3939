"""`/health`, for machines: whether everything works, computed when it is asked. No secrets."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from review import clock, tasks
from review.services import health
from review.web.access import public

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def show() -> ResponseReturnValue:
    """200 where everything works, else 503; each part and each job with a word about its state."""
    settings = current_app.extensions["review"]
    report = health.report(settings, tasks.jobs(settings), now=clock.now(), machine=clock.machine)
    parts = {name: asdict(part) for name, part in report.parts.items()}
    jobs = {name: asdict(part) for name, part in report.jobs.items()}
    answer = jsonify(status="ok" if report.ok else "failing", **parts, jobs=jobs)
    return answer, 200 if report.ok else 503

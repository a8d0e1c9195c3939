"""A flow of ten human tasks for django-viewflow; imported once Django is set up."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.models import Process

TASKS = 10


def _nodes() -> dict[str, Any]:
    nodes: dict[str, Any] = {
        "process_class": Process,
        "__module__": __name__,
        "start": flow.StartHandle().Next(this.task0),
        "end": flow.End(),
    }
    for number in range(TASKS):
        following = getattr(this, f"task{number + 1}") if number + 1 < TASKS else this.end
        nodes[f"task{number}"] = flow.View(None).Next(following)
    return nodes


CourseFlow = type(flow.Flow)("CourseFlow", (flow.Flow,), _nodes())

"""A model with a state field for django-fsm-2, its audit row and its mails."""

from __future__ import annotations

from typing import Any

from django.db import models
from django_fsm import FSMField, transition

TASKS = 10


def _attributes() -> dict[str, Any]:
    stage = FSMField(default="s0", db_index=True)
    found: dict[str, Any] = {
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "peers"}),
        "state": models.CharField(max_length=3),
        "stage": stage,
        "version": models.IntegerField(default=0),
        "stage_since": models.DateTimeField(auto_now=True),
    }
    for number in range(TASKS):

        def move(self: Any) -> None:
            """Nothing but the stage changes."""

        move.__name__ = f"to{number + 1}"
        step = transition(field=stage, source=f"s{number}", target=f"s{number + 1}")
        found[move.__name__] = step(move)
    return found


Review = type("Review", (models.Model,), _attributes())


class Audit(models.Model):
    """Who did what."""

    review = models.ForeignKey(Review, models.CASCADE)
    verb = models.CharField(max_length=60)
    source = models.CharField(max_length=30)
    target = models.CharField(max_length=30)
    after = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        app_label = "peers"


class Outbox(models.Model):
    """A mail to be sent."""

    key = models.CharField(max_length=160, unique=True)
    notice = models.CharField(max_length=60)
    review = models.ForeignKey(Review, models.CASCADE)
    address = models.CharField(max_length=254)
    params = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "peers"

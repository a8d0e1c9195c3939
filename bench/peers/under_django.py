"""The two peers that live in Django: django-viewflow and django-fsm-2.

Viewflow writes its own rows for each task (and no audit row, no mail): assign, start, execute, as
its views do. The state machine saves the model, an audit row and the mails of the same step.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import django
import psycopg
import sqlalchemy as sa
from django.conf import settings

from bench.recorded import Recorded

DATABASE = "peers"


def _set_up(url: str) -> None:
    address = sa.make_url(url)
    with psycopg.connect(
        url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    settings.configure(
        SECRET_KEY="of a benchmark",
        USE_TZ=True,
        LOGGING_CONFIG=None,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": address.host or address.query.get("host", ""),
                "PORT": address.port or "",
                "USER": address.username or "",
                "PASSWORD": address.password or "",
                "NAME": DATABASE,
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "viewflow",
            "viewflow.workflow",
            "bench.peers",
        ],
        ROOT_URLCONF=__name__,
    )
    django.setup()


urlpatterns: list[Any] = []


class Viewflow:
    """A flow of ten human tasks."""

    def __init__(self) -> None:
        from django.contrib.auth.models import User
        from viewflow.workflow.models import Task

        from bench.peers.flows import CourseFlow

        self._flow, self._tasks = CourseFlow, Task.objects
        self._request = SimpleNamespace(user=User.objects.create(username="officer"), GET={})

    def prepare(self, count: int) -> list[int]:
        return [self._flow.start.run().pk for _ in range(count)]

    def run(self, number: int) -> None:
        from django.db import transaction

        for _ in range(len(self._flow.instance._nodes_by_name) - 2):
            with transaction.atomic():
                task = self._tasks.select_for_update(of=("self",)).get(
                    process=number, status="NEW", flow_task_type="HUMAN"
                )
                with task.activation() as activation:
                    activation.assign(self._request.user)
                    activation.start(self._request)
                    activation.execute()


class StateMachine:
    """A model with a state field."""

    def __init__(self, recorded: list[Recorded]) -> None:
        from django.db import connection

        from bench.peers import machine

        self._models, self._recorded = machine, recorded
        with connection.schema_editor() as editor:
            for model in (machine.Review, machine.Audit, machine.Outbox):
                editor.create_model(model)

    def prepare(self, count: int) -> list[int]:
        return [self._models.Review.objects.create(state="ZMB").pk for _ in range(count)]

    def run(self, number: int) -> None:
        from django.db import transaction

        for step, one in enumerate(self._recorded, start=1):
            with transaction.atomic():
                review = self._models.Review.objects.select_for_update().get(pk=number)
                source = review.stage
                getattr(review, f"to{step}")()
                review.version += 1
                review.save()
                self._tell(review, one, source)

    def _tell(self, review: Any, one: Recorded, source: str) -> None:
        at = one.given["now"]
        self._models.Audit.objects.create(
            review=review,
            verb=one.given["verb"],
            source=source,
            target=review.stage,
            after=json.loads(one.given["after"]),
            at=at,
        )
        self._models.Outbox.objects.bulk_create(
            self._models.Outbox(
                key=mail["key"],
                notice=mail["notice"],
                review=review,
                address=mail["address"],
                params=mail["params"],
                created_at=at,
            )
            for mail in one.mails(review.pk)
        )


def variants(url: str, recorded: list[Recorded]) -> dict[str, Any]:
    """Both as variants of the benchmark."""
    _set_up(url)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {"django-viewflow": Viewflow(), "django-fsm-2": StateMachine(recorded)}

"""SpiffWorkflow: a BPMN process of ten user tasks, its state kept as a JSON document.

Each step locks the row, reads the document, completes the task, writes the document back, an audit
row and the mails, and commits: what several processes need to share a workflow safely.
"""

from __future__ import annotations

import io
import json
import logging
from itertools import pairwise
from typing import Any

import psycopg
from lxml import etree
from psycopg.types.json import Jsonb
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from bench.recorded import Recorded

_TABLES = """
CREATE SCHEMA spiff;
CREATE TABLE spiff.review (id bigserial PRIMARY KEY, stage text, document text);
CREATE TABLE spiff.audit (id bigserial PRIMARY KEY, review_id bigint REFERENCES spiff.review (id),
  verb text, source text, target text, after jsonb, at timestamptz);
CREATE INDEX ON spiff.audit (review_id);
CREATE TABLE spiff.outbox (id bigserial PRIMARY KEY, key text UNIQUE, notice text,
  review_id bigint REFERENCES spiff.review (id), address text, params jsonb,
  created_at timestamptz);
CREATE INDEX ON spiff.outbox (review_id);
"""


class Spiff:
    """One connection and one parsed process."""

    def __init__(self, url: str, recorded: list[Recorded]) -> None:
        logging.getLogger("spiff").setLevel(logging.CRITICAL)
        self._recorded = recorded
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(io.BytesIO(_bpmn(len(recorded)).encode())))
        self._spec = parser.get_spec("review")
        self._subs = parser.get_subprocess_specs("review")
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        self._connection = psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"))
        self._connection.prepare_threshold = 1
        self._connection.execute(_TABLES)
        self._connection.commit()

    def prepare(self, count: int) -> list[int]:
        workflow = BpmnWorkflow(self._spec, self._subs)
        workflow.do_engine_steps()
        document = self._serializer.serialize_json(workflow)
        rows = self._connection.execute(
            "INSERT INTO spiff.review (stage, document) SELECT 'begun', %s"
            " FROM generate_series(1, %s) RETURNING id",
            (document, count),
        ).fetchall()
        self._connection.commit()
        return [row[0] for row in rows]

    def run(self, number: int) -> None:
        for one in self._recorded:
            row = self._connection.execute(
                "SELECT stage, document FROM spiff.review WHERE id = %s FOR UPDATE", (number,)
            ).fetchone()
            if row is None:
                raise LookupError(number)
            workflow = self._serializer.deserialize_json(row[1])
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.run()
            workflow.do_engine_steps()
            self._write(number, one, row[0], task.task_spec.name, workflow)

    def _write(
        self, number: int, one: Recorded, source: str, target: str, workflow: BpmnWorkflow
    ) -> None:
        at, cursor = one.given["now"], self._connection.cursor()
        cursor.execute(
            "UPDATE spiff.review SET stage = %s, document = %s WHERE id = %s",
            (target, self._serializer.serialize_json(workflow), number),
        )
        cursor.execute(
            "INSERT INTO spiff.audit (review_id, verb, source, target, after, at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (number, one.given["verb"], source, target, Jsonb(json.loads(one.given["after"])), at),
        )
        cursor.executemany(
            "INSERT INTO spiff.outbox (key, notice, review_id, address, params, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (m["key"], m["notice"], number, m["address"], Jsonb(m["params"]), at)
                for m in one.mails(number)
            ],
        )
        self._connection.commit()


def _bpmn(tasks: int) -> str:
    """A process of so many user tasks in a row, as BPMN 2.0."""
    nodes = ["start", *(f"task{n}" for n in range(tasks)), "end"]
    kinds = ["startEvent", *["userTask"] * tasks, "endEvent"]
    elements = [f'<b:{kind} id="{node}"/>' for kind, node in zip(kinds, nodes, strict=True)]
    flows = [
        f'<b:sequenceFlow id="flow{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(pairwise(nodes))
    ]
    return (
        '<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"'
        ' targetNamespace="bench"><b:process id="review" isExecutable="true">'
        + "".join([*elements, *flows])
        + "</b:process></b:definitions>"
    )


def variants(url: str, recorded: list[Recorded]) -> dict[str, Any]:
    """SpiffWorkflow as a variant of the benchmark."""
    return {"SpiffWorkflow": Spiff(url, recorded)}

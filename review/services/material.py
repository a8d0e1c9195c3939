"""Saving one provision of a response or a desk review: the same care for both.

An entry is written only from the version its author saw, so that two people of one State never
overwrite each other silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from review import reference
from review.models import Answer, Finding, Person
from review.services import audit
from review.services.errors import InvalidGiven
from review.services.snapshot import VIENNA, Snapshot
from workflows.deadlines import local_day
from workflows.given import CONTROL
from workflows.spec import N_

TEXT_LIMIT = 60_000
"""Characters in one text field; about twenty printed pages."""
LEVELS = ("", "yes", "in_part", "no")


E = TypeVar("E", Answer, Finding)


@dataclass(frozen=True)
class Kind(Generic[E]):
    """What an entry holds: an answer of the State under review, or a finding."""

    model: type[E]
    level: str
    """The field that says how far a provision is implemented."""
    texts: tuple[str, ...]
    needed: Mapping[str, str]
    """What is not empty in an entry that is marked as done, with what to say where it is."""

    saved: audit.Verb

    @property
    def fields(self) -> tuple[str, ...]:
        """Everything that people write."""
        return (self.level, *self.texts, "assistance", "complete")


class Overwritten(Exception):
    """Somebody else saved this provision since the page was opened."""

    def __init__(self, provision: str, theirs: Any) -> None:
        super().__init__(provision)
        self.provision, self.theirs = provision, theirs


def check_provision(snapshot: Snapshot, ref: str, slot: int = 0) -> None:
    """Raise InvalidGiven unless the provision is under review (by that reviewing State)."""
    if ref not in snapshot.provisions(slot):
        raise InvalidGiven({"provision": N_("This provision is not under review here.")})


def save(
    session: Session,
    kind: Kind[E],
    seen: Snapshot,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    version: int | None,
) -> E:
    """Save one entry; ``key`` names its row, and fields that are not given stay as they are.

    The caller holds the lock of the review and has asked the policy. Raises InvalidGiven, or
    Overwritten where ``version`` is not that of the row (0: none yet; None: not asked).
    """
    if errors := _faults(seen, kind, values):
        raise InvalidGiven(errors)
    held = session.get(kind.model, dict(key), with_for_update=True)
    if version is not None and version != (held.version if held else 0):
        raise Overwritten(key["provision"], held)
    if errors := _missing(kind, held, values):
        raise InvalidGiven(errors)
    before = _trace(held)
    worth_noting = held is None or not _goes_on(held, values, actor, now)
    if held is None:
        held = kind.model(**key, version=0, assistance=[])
        session.add(held)
    for name in kind.fields:
        if name in values:
            setattr(held, name, values[name])
    held.version += 1
    held.updated_at, held.updated_by, held.simulated = now, actor.id, False
    session.flush()
    if worth_noting:
        named = {name: value for name, value in key.items() if name != "review_id"}
        audit.record(
            session, kind.saved, now=now, actor=actor, review_id=seen.id, before=before,
            after=named | _trace(held),
        )  # fmt: skip
    return held


def _goes_on(
    held: Answer | Finding, values: Mapping[str, Any], actor: Person, now: datetime
) -> bool:
    """Whether the same person goes on writing on the same day: one row of the trail is enough."""
    same_day = local_day(held.updated_at, VIENNA) == local_day(now, VIENNA)
    same_mark = values.get("complete", held.complete) == held.complete
    return held.updated_by == actor.id and same_day and same_mark


def _trace(held: Answer | Finding | None) -> dict[str, Any]:
    """What the trail says of an entry: that it is there, never what it says."""
    return {"version": held.version, "complete": held.complete} if held else {}


def save_many(
    session: Session,
    kind: Kind[E],
    seen: Snapshot,
    key: Mapping[str, Any],
    entries: Iterable[Mapping[str, Any]],
    *,
    actor: Person,
    now: datetime,
    simulated: bool,
) -> int:
    """Save many entries in one statement (imports, replay); entries name ``provision``.

    ``key`` is what their rows have in common beside it. Returns how many were written. Raises
    InvalidGiven.
    """
    common = {**key, "updated_at": now, "updated_by": actor.id}
    common |= {"simulated": simulated, "version": 1}
    rows = []
    for entry in entries:
        ref = entry["provision"]
        check_provision(seen, ref, key.get("slot", 0))
        if errors := _faults(seen, kind, entry):
            raise InvalidGiven({f"{ref}: {name}": text for name, text in errors.items()})
        blank: dict[str, Any] = {kind.level: "", "assistance": [], "complete": False}
        given = {name: entry[name] for name in kind.fields if name in entry}
        rows.append(blank | dict.fromkeys(kind.texts, "") | given | common | {"provision": ref})
    if not rows:
        return 0
    statement = insert(kind.model)
    changed = {
        name: statement.excluded[name] for name in (*kind.fields, "updated_at", "updated_by")
    }
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[*key, "provision"], set_=changed | {"version": kind.model.version + 1}
        ),
        rows,
    )
    return len(rows)


def _missing(kind: Kind[E], held: E | None, values: Mapping[str, Any]) -> dict[str, str]:
    """What an entry would lack that is marked as done once ``values`` are saved."""

    def after(name: str) -> Any:
        return values.get(name, getattr(held, name, None))

    if not after("complete"):
        return {}
    return {name: text for name, text in kind.needed.items() if not str(after(name) or "").strip()}


def _faults(seen: Snapshot, kind: Kind[E], values: Mapping[str, Any]) -> dict[str, str]:
    """Faults of one entry by field: level, lengths, unusable characters, unknown assistance."""
    errors = {}
    if values.get(kind.level, "") not in LEVELS:
        errors[kind.level] = N_("Choose one of the list.")
    for name in kind.texts:
        text = str(values.get(name, ""))
        if len(text) > TEXT_LIMIT:
            errors[name] = N_("This is too long.")
        elif CONTROL.search(text):
            errors[name] = N_("This contains characters that cannot be stored.")
    if set(values.get("assistance", ())) - assistance_codes(seen):
        errors["assistance"] = N_("Choose one of the list.")
    return errors


def assistance_codes(snapshot: Snapshot) -> frozenset[str]:
    """The kinds of technical assistance that the checklist of this cycle offers."""
    cycle = 1 if "III" in snapshot.process.chapters else 2
    return frozenset(option.code for option in reference.checklist(cycle).assistance)

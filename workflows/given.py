"""What people give with a step: checked and typed against what the step asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows.spec import N_, Actor, Field, FieldKind, Process, Step

_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
"""An address that every mail server can take: dot-atom and host name of RFC 5321, in ASCII."""
SYMBOL = re.compile(r"CAC/COSP/IRG/(?:I|II)/\d/1(?:/Add\.\d{1,3})?(?:/Rev\.\d)?")
LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What a database or a mail cannot carry: control characters and halves of letters."""
YES = (True, "yes", "y", "on", "true", "1")


class InvalidGiven(ValueError):
    """Something given with a step is missing or unusable; ``errors`` has a text per field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in errors.items()))
        self.errors = dict(errors)


def asked_of(step: Step, actor: Actor) -> tuple[Field, ...]:
    """The fields that a step asks of this actor."""
    return tuple(f for f in step.asks if not f.only_for or actor in f.only_for)


def read(process: Process, step: Step, actor: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values, stripped and typed; unknown keys are refused, not dropped.

    Raises InvalidGiven with a text for every field that is wrong.
    """
    fields = asked_of(step, actor)
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    for key in given.keys() - {f.key for f in fields}:
        errors[key] = N_("This step does not ask for this.")
    for item in fields:
        value = _tidy(item, given.get(item.key))
        if value in (None, "", False):
            if item.required:
                errors[item.key] = N_("This is required.")
            continue
        value, error = _typed(process, item, value)
        if error:
            errors[item.key] = error
        else:
            values[item.key] = value
    if errors:
        raise InvalidGiven(errors)
    return values


def _tidy(item: Field, raw: Any) -> Any:
    """Without blanks at the ends; a line has single blanks, a text one kind of line break."""
    if not isinstance(raw, str):
        return raw
    if item.kind is FieldKind.TEXT:
        return raw.strip().replace("\r\n", "\n")
    return " ".join(raw.split())


def _typed(process: Process, item: Field, value: Any) -> tuple[Any, str]:
    if not isinstance(value, str | int | date):
        return None, N_("This cannot be used.")
    match item.kind:
        case FieldKind.DATE:
            return read_day(value)
        case FieldKind.CONFIRM:
            return (True, "") if value in YES else (None, N_("This is required."))
        case FieldKind.SIDE | FieldKind.ANY_SIDE | FieldKind.QUESTION | FieldKind.MEMBER:
            return _number(item.kind, str(value))
    return _text(process, item, str(value))


def _number(kind: FieldKind, text: str) -> tuple[int | None, str]:
    if kind in {FieldKind.SIDE, FieldKind.ANY_SIDE}:
        sides = {"1", "2"} if kind is FieldKind.SIDE else {"0", "1", "2"}
        return (int(text), "") if text in sides else (None, N_("Choose a State."))
    if not NUMBER.fullmatch(text):
        return None, N_("Choose one of the list.")
    return int(text), ""


def _text(process: Process, item: Field, text: str) -> tuple[str | None, str]:
    if len(text) > item.max_length:
        return None, N_("This is too long.")
    if CONTROL.search(text):
        return None, N_("This contains characters that cannot be stored.")
    return text, _wrong(process, item, text)


def read_day(value: Any) -> tuple[date | None, str]:
    """A day that was typed, or what is wrong with it."""
    try:
        day = value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        return None, N_("This is not a date. Write year-month-day, for example 2011-05-27.")
    if not 2003 <= day.year <= 2100:
        return None, N_("This year cannot be right.")
    return day, ""


def _wrong(process: Process, item: Field, text: str) -> str:
    match item.kind:
        case FieldKind.EMAIL if not EMAIL.fullmatch(text):
            return N_("This is not an e-mail address.")
        case FieldKind.SYMBOL if not SYMBOL.fullmatch(text):
            return N_("This is not a document symbol such as CAC/COSP/IRG/I/4/1/Add.3.")
        case FieldKind.CHOICE if text not in {key for key, _ in item.choices}:
            return N_("Choose one of the list.")
        case FieldKind.LANGUAGE if text not in LANGUAGES:
            return N_("Choose one of the six languages.")
        case FieldKind.STAGE if text not in {s.key for s in process.stages if not s.final}:
            return N_("Choose one of the list.")
    return ""

"""The form of a step, made from what its definition asks for.

Only the engine judges what is given; its texts are put on the fields here. So the page can never
accept what the engine refuses, or the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired
from wtforms.widgets import DateInput, EmailInput

from review import languages
from review.services.queries.step_choices import Choice, choices
from review.services.snapshot import Snapshot
from review.web.words import _
from workflows.given import asked_of
from workflows.spec import Field as Asked
from workflows.spec import FieldKind, Step, Who

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FEW = 6
"""Up to this many choices stand open on the page; more go into a list."""


class StepForm(FlaskForm):
    """The fields of one step and the version of the review that the page shows."""

    version = HiddenField()

    def given(self) -> dict[str, Any]:
        """What was typed, for the engine to judge."""
        skipped = {"version", "csrf_token"}
        return {name: field.data for name, field in self._fields.items() if name not in skipped}

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put the engine's texts on the fields; what belongs to none stands above the form."""
        for name, text in errors.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors.append(_(text))
            else:
                field.errors = [_(text)]

    def asked(self) -> list[Field]:
        """The fields to show, in the order of the definition."""
        return [
            field for name, field in self._fields.items() if name not in {"version", "csrf_token"}
        ]


def form_for(
    session: Session, seen: Snapshot, step: Step, who: Who, values: Mapping[str, Any]
) -> StepForm:
    """The form of a step for somebody, filled with ``values`` where nothing was sent."""
    made = {item.key: _field(session, seen, item, who) for item in asked_of(step, who.actor)}
    form: StepForm = type("AskedForm", (StepForm,), made)(data=dict(values))
    return form


def _field(session: Session, seen: Snapshot, item: Asked, who: Who) -> Any:
    common: dict[str, Any] = {
        "label": _(item.label),
        "description": _(item.help) if item.help else "",
        "validators": [_Marked()] if item.required else [],
    }
    match item.kind:
        case FieldKind.TEXT:
            return TextAreaField(**common, render_kw={"rows": 5, "maxlength": item.max_length})
        case FieldKind.DATE:
            return StringField(**common, widget=DateInput())
        case FieldKind.EMAIL:
            kw = {"maxlength": item.max_length, "autocapitalize": "none", "spellcheck": "false"}
            return StringField(**common, widget=EmailInput(), render_kw=kw)
        case FieldKind.CONFIRM:
            return BooleanField(**common)
        case FieldKind.LINE | FieldKind.SYMBOL:
            return StringField(**common, render_kw={"maxlength": item.max_length})
    return _choice(_offered(session, seen, item, who), common)


class _Marked(InputRequired):
    """Marks a field as needed for the page; the engine says so when it is missing."""

    def __call__(self, form: Any, field: Any) -> None:
        """Leave the judgement to the engine."""


def _offered(session: Session, seen: Snapshot, item: Asked, who: Who) -> list[SelectChoice]:
    if item.kind is FieldKind.CHOICE:
        return [SelectChoice(value, _(label)) for value, label in item.choices]
    if item.kind is FieldKind.LANGUAGE:
        return [SelectChoice(one.code, one.name) for one in languages.LANGUAGES]
    return [
        SelectChoice(one.value, _choice_words(one))
        for one in choices(session, seen, item.kind, who)
    ]


def _choice_words(one: Choice) -> str:
    label = _(one.label) if one.translate else one.label
    return _("%(what)s (%(state)s)", what=label, state=_(one.of)) if one.of else label


def _choice(offered: list[SelectChoice], common: dict[str, Any]) -> Any:
    if len(offered) <= FEW:
        return RadioField(**common, choices=offered, validate_choice=False)
    blank = SelectChoice("", _("Choose"))
    return SelectField(**common, choices=[blank, *offered], validate_choice=False)

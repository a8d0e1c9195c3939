"""The forms for one provision: the State's answer, and a reviewing State's finding.

The services judge what is given; their texts are put on the fields here. Drafts may be incomplete,
so nothing is required before somebody marks a provision as done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import (
    Field,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, ListWidget

from review.languages import N_
from review.reference import Checklist, Option, Provision
from review.services.blueprint import PROVISION_PARTS
from review.services.queries.answers import QUESTIONS
from review.web.words import _

LEVELS: Final = {"yes": N_("Yes"), "in_part": N_("In part"), "no": N_("No")}
"""Levels of implementation that a finding may state."""
PLAIN: Final = ("csrf_token", "version")
_EMPTY: Final = {"placeholder": " ", "dir": "auto"}
"""A blank placeholder lets the style sheet tell an empty field from a filled one."""


class EntryForm(FlaskForm):
    """What is written on one provision, and the version that its author saw."""

    version = HiddenField()

    def values(self) -> dict[str, Any]:
        """What was typed, as the services take it; line ends as text files have them."""
        return {
            name: _plain(field.data) for name, field in self._fields.items() if name not in PLAIN
        }

    def seen_version(self) -> int:
        """The version of the entry that the page showed; a broken one counts as out of date."""
        text = str(self.version.data or "")
        return int(text) if text.isdecimal() and len(text) < 10 else -1

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put the texts of a service on the fields; what belongs to none stands above the form."""
        for name, text in errors.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors.append(_(text))
            else:
                field.errors = [_(text)]

    def written(self) -> list[Field]:
        """The fields that people fill in, in their order."""
        return [field for name, field in self._fields.items() if name not in PLAIN]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return value if value is not None else ""


def answer_form(
    checklist: Checklist, provision: Provision, values: Mapping[str, Any], *, sent: bool = True
) -> EntryForm:
    """The checklist's questions on one provision with what was ``sent``, else with ``values``."""
    codes = QUESTIONS[checklist.cycle]
    adopted = checklist.question(codes["adopted"])
    fields = {
        "adopted": RadioField(
            _(adopted.label), choices=_choices(adopted.options), **_LENIENT, **_MARKED
        ),
        "measures": _text(_(checklist.question("measures").label), rows=7),
        "examples": _text(_(checklist.question("examples").label), rows=4),
        "reasons": _text(_(checklist.question(codes["reasons"]).label), rows=4),
        "assistance": _boxes(
            _(checklist.question("ta_needed").label), checklist.assistance_in(provision.chapter)
        ),
        "assistance_note": _text(_("More on the assistance"), rows=2),
    }
    return _form("AnswerForm", fields, values, sent)


def finding_form(
    checklist: Checklist, provision: Provision, values: Mapping[str, Any], *, sent: bool = True
) -> EntryForm:
    """The blueprint's headings (a) to (e) with what was ``sent``, else with ``values``."""
    labels = {name: f"({part}) {_(title)}" for part, title, name in PROVISION_PARTS}
    levels = [SelectChoice(code, _(label)) for code, label in LEVELS.items()]
    fields = {
        "level": RadioField(_("Implementation"), choices=levels, **_LENIENT, **_MARKED),
        "summary": _text(labels["summary"], rows=4),
        "observation": _text(labels["observation"], rows=4),
        "good_practice": _text(labels["good_practice"], rows=3),
        "challenge": _text(labels["challenge"], rows=3),
        "assistance": _boxes(labels["assistance"], checklist.assistance_in(provision.chapter)),
        "assistance_note": _text(_("More on the assistance"), rows=2),
    }
    return _form("FindingForm", fields, values, sent)


class _Marked:
    """Marks a field as needed on the page; the service says so when it is missing."""

    field_flags: Final = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:
        """Leave the judgement to the service."""


_MARKED: Final[dict[str, Any]] = {"validators": [_Marked()]}
_LENIENT: Final[dict[str, Any]] = {"validate_choice": False}


def _form(name: str, fields: dict[str, Any], values: Mapping[str, Any], sent: bool) -> EntryForm:
    kind: type[EntryForm] = type(name, (EntryForm,), fields)
    return kind(data=dict(values)) if sent else kind(formdata=None, data=dict(values))


def _text(label: str, rows: int) -> TextAreaField:
    return TextAreaField(label, render_kw={"rows": rows, **_EMPTY})


def _choices(options: tuple[Option, ...]) -> list[SelectChoice]:
    return [SelectChoice(option.code, _(option.label)) for option in options]


def _boxes(label: str, options: tuple[Option, ...]) -> SelectMultipleField:
    return SelectMultipleField(
        label,
        choices=_choices(options),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        **_LENIENT,
    )

"""The forms of the planning pages. Services judge what is given; their texts go to the fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from review import languages
from review.reference import chapter_title
from review.services import expert_lists, group_sessions, parties
from review.services.cycle_planning import LAST_YEAR, CyclePlan, YearPlan
from review.services.expert_lists import ExpertGiven
from review.services.group_sessions import SessionGiven
from review.web.words import _, lazy
from workflows.registry import PROCESSES

_needed = InputRequired(lazy("Please fill this in."))
_chosen = InputRequired(lazy("Please choose one."))
_DAYS = range(2003, 2101)
KIND_LABELS = {
    "session": lazy("Session"),
    "resumed": lazy("Resumed session"),
    "intersessional": lazy("Intersessional meeting"),
}


class PlanningForm(FlaskForm):
    """A form whose service judges: its texts go to their fields, others above the form."""

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put the texts of a service on the fields."""
        for name, text in errors.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors.append(_(text))
            else:
                field.errors = [*field.errors, _(text)]


class DayField(StringField):
    """A calendar day; ``day`` is None while nothing, or no day, is given."""

    widget = DateInput()

    @property
    def day(self) -> date | None:
        """The day that is given."""
        try:
            return date.fromisoformat(str(self.data or "").strip())
        except ValueError:
            return None

    def pre_validate(self, _form: FlaskForm) -> None:
        """Refuse what is no day, or no year of this Convention."""
        if not str(self.data or "").strip():
            return
        if self.day is None:
            raise ValidationError(
                _("This is not a date. Write year-month-day, for example 2011-05-27.")
            )
        if self.day.year not in _DAYS:
            raise ValidationError(_("This year cannot be right."))


class NumberField(StringField):
    """A whole number; ``number`` is None while nothing, or no number, is given."""

    @property
    def number(self) -> int | None:
        """The number that is given."""
        text = str(self.data if self.data is not None else "").strip()
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None

    def pre_validate(self, _form: FlaskForm) -> None:
        """Refuse what is no whole number."""
        if str(self.data if self.data is not None else "").strip() and self.number is None:
            raise ValidationError(_("This is not a whole number."))


def reason_field() -> Any:
    """Why something is changed: needed, and kept in the audit trail."""
    return TextAreaField(
        lazy("Reason"),
        [_needed, Length(max=parties.REASON_LIMIT)],
        description=lazy("Recorded in the audit trail."),
        render_kw={"rows": 3, "maxlength": parties.REASON_LIMIT},
    )


# Cycle -------------------------------------------------------------------------------------------

_NUMERIC = {"inputmode": "numeric", "maxlength": 3, "autocomplete": "off"}


class CycleForm(PlanningForm):
    """The plan of a cycle. A year without a first day is not planned."""

    number = NumberField(lazy("Number of the cycle"), [_needed], render_kw=_NUMERIC)
    process_key = SelectField(lazy("Process"), [_chosen])
    starts_on = DayField(lazy("First day of the cycle"), [_needed])
    ends_on = DayField(lazy("Planned last day"))
    year_1 = DayField(lazy("Reviews of year 1 start on"), [_needed])
    share_1 = NumberField(lazy("Share of year 1"), render_kw=_NUMERIC, default="1")
    year_2 = DayField(lazy("Reviews of year 2 start on"))
    share_2 = NumberField(lazy("Share of year 2"), render_kw=_NUMERIC, default="1")
    year_3 = DayField(lazy("Reviews of year 3 start on"))
    share_3 = NumberField(lazy("Share of year 3"), render_kw=_NUMERIC, default="1")
    year_4 = DayField(lazy("Reviews of year 4 start on"))
    share_4 = NumberField(lazy("Share of year 4"), render_kw=_NUMERIC, default="1")
    year_5 = DayField(lazy("Reviews of year 5 start on"))
    share_5 = NumberField(lazy("Share of year 5"), render_kw=_NUMERIC, default="0")
    reason = reason_field()

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.process_key.choices = [
            SelectChoice(key, _(one.title)) for key, one in PROCESSES.items()
        ]

    def years(self) -> list[tuple[DayField, NumberField]]:
        """The two fields of each year, from year 1."""
        return [(self[f"year_{n}"], self[f"share_{n}"]) for n in range(1, LAST_YEAR + 1)]

    def fill(self, plan: CyclePlan) -> None:
        """Show a plan as it stands."""
        self.process_key.data, self.starts_on.data = plan.process_key, plan.starts_on
        self.ends_on.data = plan.ends_on
        for number, (day, share) in enumerate(self.years()):
            planned = plan.years[number] if number < len(plan.years) else None
            day.data = planned.starts_on if planned else None
            share.data = planned.share if planned else None

    def given(self) -> CyclePlan | None:
        """The plan; None where a year in between is missing, with the field saying so."""
        planned = [(day.day, share) for day, share in self.years()]
        while planned and planned[-1][0] is None:
            planned.pop()
        for number, (day, _share) in enumerate(planned, start=1):
            if day is None:
                self.show_errors({f"year_{number}": _("A year in between is missing.")})
                return None
        years = [YearPlan(day, share.number or 0) for day, share in planned if day]
        starts_on = self.starts_on.day
        if starts_on is None:
            return None
        return CyclePlan(self.process_key.data, starts_on, self.ends_on.day, years)


class ReasonForm(PlanningForm):
    """Why something is done."""

    reason = reason_field()


# Parties -----------------------------------------------------------------------------------------


class NoteForm(PlanningForm):
    """What a party asked for."""

    volunteers_for = SelectField(lazy("Volunteers for review in"))
    excused = BooleanField(
        lazy("Asks not to review in the year of its own review"),
        description=lazy("It is then left out of the lots of that year (ToR 20)."),
    )

    def offer(self, years: list[int]) -> None:
        """Fill the choices: no year, and the years for which States are drawn."""
        self.volunteers_for.choices = [SelectChoice("", _("no particular year"))] + [
            SelectChoice(str(year), _("Year %(number)s", number=year)) for year in years
        ]


# Sessions ----------------------------------------------------------------------------------------


class SessionForm(PlanningForm):
    """A session of the Implementation Review Group."""

    title = StringField(lazy("Title"), [_needed], render_kw={"maxlength": 120})
    kind = RadioField(lazy("Kind"), [_chosen])
    first_day = DayField(lazy("First day"), [_needed])
    last_day = DayField(
        lazy("Last day"),
        [_needed],
        description=lazy("The repeats that were asked for are drawn on the last day."),
    )
    place = StringField(lazy("Place"), render_kw={"maxlength": 120})
    document_symbol = StringField(
        lazy("Document symbol of its report"), render_kw={"maxlength": 60}
    )
    drawn_by = TextAreaField(
        lazy("Who drew the lots"),
        description=lazy("By function and delegation, as the record of the session says."),
        render_kw={"rows": 2, "maxlength": 500},
    )

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.kind.choices = [
            SelectChoice(key, str(KIND_LABELS[key])) for key in group_sessions.KINDS
        ]

    def given(self) -> SessionGiven | None:
        """What was entered; None while a day is missing."""
        first, last = self.first_day.day, self.last_day.day
        if first is None or last is None:
            return None
        line = {
            name: " ".join(str(self[name].data or "").split())
            for name in ("title", "place", "document_symbol", "drawn_by")
        }
        return SessionGiven(kind=self.kind.data, first_day=first, last_day=last, **line)


# Experts -----------------------------------------------------------------------------------------


def _boxes(label: Any, choices: list[SelectChoice] | None = None) -> SelectMultipleField:
    """Several of a few: boxes to tick."""
    return SelectMultipleField(
        label, choices=choices, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


class ExpertForm(PlanningForm):
    """A governmental expert on the list of a State."""

    name = StringField(lazy("Name"), [_needed], render_kw={"maxlength": expert_lists.NAME_LIMIT})
    position = StringField(
        lazy("Present position"), render_kw={"maxlength": expert_lists.POSITION_LIMIT}
    )
    background = TextAreaField(
        lazy("Professional background, other offices and activities"),
        render_kw={"rows": 3, "maxlength": expert_lists.BACKGROUND_LIMIT},
    )
    chapters = _boxes(lazy("Chapters of expertise"))
    numbers = StringField(
        lazy("Articles of expertise"),
        description=lazy("Numbers, such as 15 16 46."),
        render_kw={"maxlength": 200},
    )
    languages = _boxes(
        lazy("Languages"), [SelectChoice(one.code, one.name) for one in languages.LANGUAGES]
    )

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        chapters = [one for one in expert_lists.fields_of_expertise() if not one.isdecimal()]
        self.chapters.choices = [
            SelectChoice(one, f"{one}. {_(chapter_title(one))}") for one in chapters
        ]

    def given(self) -> ExpertGiven:
        """What was entered."""
        numbers = str(self.numbers.data or "").replace(",", " ").replace(";", " ").split()
        return ExpertGiven(
            name=" ".join(str(self.name.data or "").split()),
            position=" ".join(str(self.position.data or "").split()),
            background=str(self.background.data or "").strip(),
            expertise=(*(self.chapters.data or ()), *numbers),
            languages=tuple(self.languages.data or ()),
        )

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """What is wrong with the expertise stands at the articles: chapters are only ticked."""
        super().show_errors({{"expertise": "numbers"}.get(k, k): v for k, v in errors.items()})


class CirculateForm(PlanningForm):
    """The day on which lists were circulated."""

    day = DayField(lazy("Circulated on"), [_needed])
    everything = BooleanField(lazy("Every list here that was not circulated yet"))


class FileForm(PlanningForm):
    """A file with lists of experts."""

    file = FileField(lazy("File"), render_kw={"accept": ".csv,text/csv"})


class TextForm(PlanningForm):
    """The text of a file that was shown before it is taken in."""

    text = HiddenField()

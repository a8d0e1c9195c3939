"""The forms of the drawing of lots: preparing, what was read out, requests, reasons.

The services judge what is given; their texts are put on the fields (``show_errors``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from review.web.draw_words import MODES, PURPOSES
from review.web.words import _, lazy, ngettext

if TYPE_CHECKING:
    from review.models import GroupSession
    from review.services.queries.lot_requests import Askable, Choice

_needed = InputRequired(lazy("Please fill this in."))
_choose = InputRequired(lazy("Please choose one."))


class DrawForm(FlaskForm):
    """A form whose refusals come from a service, with a text for each field."""

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Put the service's texts on the fields; what belongs to none stands above the form."""
        for name, text in errors.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors.append(_(text))
            else:
                field.errors = [_(text)]


class PrepareForm(DrawForm):
    """What is to be drawn, for which session, and how."""

    what = RadioField(lazy("What is drawn"), [_choose])
    title = StringField(
        lazy("Title"),
        [_needed, Length(max=120)],
        description=lazy("As the room and the papers are to name the draw."),
    )
    session = SelectField(lazy("Session"))
    mode = RadioField(lazy("How it is drawn"), [_choose], default="lot_by_lot")

    def offer(self, choices: Iterable[Choice], sessions: Mapping[int, str]) -> None:
        """Fill the choices in the reader's language. Year 0: the years of review themselves."""
        self.what.choices = [SelectChoice(key(one), what(one)) for one in choices]
        self.session.choices = [SelectChoice("", _("Outside a session"))] + [
            SelectChoice(str(number), title) for number, title in sessions.items()
        ]
        self.mode.choices = [SelectChoice(key, _(text)) for key, text in MODES.items()]

    def suggest(self, choices: Sequence[Choice], wanted: str, session: GroupSession | None) -> None:
        """What is most likely wanted: the choice asked for, else the first, at this session."""
        for one in [one for one in choices if key(one) == wanted] or choices[:1]:
            self.what.data = key(one)
            self.title.data = what(one, count=False)
        if session is not None:
            self.session.data = str(session.id)


def key(one: Choice) -> str:
    """A choice as a value of a form."""
    return f"{one.year}:{one.purpose}"


def what(one: Choice, *, count: bool = True) -> str:
    """A choice in words: "Year 4: the reviewing States of a year, 82 lots"."""
    if not one.year:
        text = _("The years of review")
    else:
        text = _(
            "Year %(number)s: %(purpose)s",
            number=one.year,
            purpose=_(PURPOSES[one.purpose]),
        )
    lots = ngettext("%(num)s lot", "%(num)s lots", one.lots)
    return f"{text}, {lots}" if count else text


class OpenForm(DrawForm):
    """What was read out in the room, when, and who drew."""

    read_out = StringField(
        lazy("Numbers read out, or value of the beacon"),
        [_needed, Length(max=1000)],
        description=lazy(
            "Exactly as they were read out, for example “4 17 9 33”. They cannot be changed later."
        ),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    drawn_on = DateField(lazy("Day of the draw"), [_needed])
    drawn_by = StringField(
        lazy("Who draws"),
        [Length(max=500)],
        description=lazy("By role and delegation, as the record is to say it."),
    )


class ReasonForm(DrawForm):
    """Why a draw is given up."""

    reason = TextAreaField(
        lazy("Reason"),
        [Length(max=1000)],
        description=lazy("Public with the draw, and recorded in the audit trail."),
        render_kw={"rows": 3},
    )


class EmptyForm(DrawForm):
    """A confirmation: nothing but the token against forged requests."""


class RequestForm(DrawForm):
    """A State asks that its lots be repeated, or a reviewing State withdraws."""

    kind = RadioField(lazy("What is asked for"), [_choose])
    review = SelectField(lazy("State under review"), [_choose])
    slots = RadioField(lazy("Reviewing State concerned"), [_choose])
    received_on = DateField(lazy("Received on"), [_needed])
    reason = TextAreaField(lazy("Reason"), [MayBeEmpty(), Length(max=1000)], render_kw={"rows": 2})
    exceptional_reason = TextAreaField(
        lazy("Exceptional circumstances"),
        [MayBeEmpty(), Length(max=1000)],
        description=lazy(
            "Needed once a State has used up its repeats: a further one is for exceptional "
            "circumstances only (terms of reference, para. 19)."
        ),
        render_kw={"rows": 2},
    )

    def offer(self, rows: Iterable[Askable], usual: int) -> None:
        """Fill the choices in the reader's language; ``usual``: repeats without exception."""
        self.kind.choices = [
            SelectChoice("repeat", _("Repeat of the draw")),
            SelectChoice("withdrawal", _("Withdrawal of a reviewing State")),
        ]
        self.review.choices = [SelectChoice("", _("Choose"))] + [
            SelectChoice(str(one.review_id), _reviewed(one, usual)) for one in rows
        ]
        self.slots.choices = [
            SelectChoice("1", _("The first")),
            SelectChoice("2", _("The second")),
            SelectChoice("1,2", _("Both, as one repeat")),
        ]

    def places(self) -> tuple[int, ...]:
        """The places to be drawn anew."""
        return tuple(int(slot) for slot in str(self.slots.data).split(","))


def _reviewed(one: Askable, usual: int) -> str:
    """A review with who stands, and how many of its repeats are used."""
    pair = ", ".join(_(name) for _slot, _code, name in one.reviewers)
    if not one.repeats:
        return f"{_(one.name)} ({pair})"
    used = _("%(used)s of %(usual)s repeats used", used=one.repeats, usual=usual)
    return f"{_(one.name)} ({pair}; {used})"

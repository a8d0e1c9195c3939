"""The form of a cycle's page: a State that was drawn for one of its years."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField
from wtforms.validators import InputRequired

from review.web.words import _, lazy

_needed = InputRequired(lazy("Please choose one."))


class SelectedForm(FlaskForm):
    """A State party and the year of the cycle for which it was drawn (ToR 14)."""

    state = SelectField(lazy("State under review"), [_needed])
    year = SelectField(lazy("Year of the cycle"), [_needed])

    def offer(self, states: list[tuple[str, str]]) -> None:
        """Fill the choices in the reader's language."""
        self.state.choices = [SelectChoice("", _("Choose a State party"))] + [
            SelectChoice(iso3, _(name)) for iso3, name in states
        ]
        self.year.choices = [SelectChoice("", _("Choose a year"))] + [
            SelectChoice(str(year), _("Year %(number)s", number=year)) for year in range(1, 6)
        ]

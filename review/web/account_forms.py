"""The forms of the account pages."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib.resources import files

from flask_babel import get_locale
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import EqualTo, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from review import languages
from review.reference import days_off
from review.services import passwords
from review.web import present
from review.web.words import lazy

_needed = InputRequired(lazy("Please fill this in."))
_new_password = {"autocomplete": "new-password", "spellcheck": "false"}


class SignInForm(FlaskForm):
    """Address and password; a form that waits to be sent on travels along, sealed."""

    email = EmailField(
        lazy("E-mail address"),
        [_needed, Length(max=254)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy("Password"),
        [_needed, Length(max=passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    kept = HiddenField()


class AddressForm(FlaskForm):
    """The address to which a link is to be sent."""

    email = EmailField(
        lazy("E-mail address"),
        [_needed, Length(max=254)],
        render_kw={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(FlaskForm):
    """A new password, twice."""

    new_password = PasswordField(
        lazy("New password"),
        [_needed, Length(max=passwords.LONGEST)],
        description=lazy(passwords.TOO_SHORT),
        render_kw=_new_password,
    )
    again_password = PasswordField(
        lazy("The same password again"),
        [_needed, EqualTo("new_password", lazy("The two passwords differ."))],
        render_kw=_new_password,
    )


class ChangePasswordForm(NewPasswordForm):
    """The current password and a new one."""

    current_password = PasswordField(
        lazy("Current password"),
        [_needed, Length(max=passwords.LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )


class PreferencesForm(FlaskForm):
    """Language, time zone and how mails come."""

    language = RadioField(
        lazy("Language of pages and messages"),
        [_needed],
        choices=[SelectChoice(one.code, one.name) for one in languages.LANGUAGES],
    )
    time_zone = SelectField(lazy("Time zone"), [_needed])
    digest = BooleanField(lazy("One summary a day instead of single reminders"))
    quiet_weekdays = SelectMultipleField(
        lazy("Quiet days"),
        coerce=int,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )

    def offer(self, own: str, iso3: str | None, quiet: Collection[int]) -> None:
        """Fill the list of time zones, by region, in which the person's own stands in any case.

        And that of the days of the week, of which those of ``quiet`` are chosen, without those on
        which the person's State (None: the duty station) rests anyway.
        """
        offered = zones(str(get_locale()))
        known = any(choice.value == own for choice in offered)
        self.time_zone.choices = [*([] if known else [SelectChoice(own)]), *offered]
        weekend = days_off.weekend(iso3 or days_off.DUTY_STATION)
        self.quiet_weekdays.choices = [
            SelectChoice(day, present.weekdays([day]))
            for day in range(7)
            if day not in weekend or day in quiet
        ]


@cache
def zones(_language: str) -> tuple[SelectChoice, ...]:
    """The time zones of the world by region, each with its city in the reader's language."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    names = {line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")}
    cities = sorted((name.partition("/")[0], present.zone_name(name), name) for name in names)
    return tuple(SelectChoice(name, city, optgroup=region) for region, city, name in cities)

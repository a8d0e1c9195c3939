"""The forms of the account pages."""

from __future__ import annotations

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
)
from wtforms.validators import EqualTo, InputRequired, Length

from review import languages
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

    def offer_zones(self, own: str) -> None:
        """Fill the list of time zones, by region; the person's own stands in it in any case."""
        offered = zones(str(get_locale()))
        known = any(choice.value == own for choice in offered)
        self.time_zone.choices = [*([] if known else [SelectChoice(own)]), *offered]


@cache
def zones(_language: str) -> tuple[SelectChoice, ...]:
    """The time zones of the world by region, each with its city in the reader's language."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    names = {line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")}
    cities = sorted((name.partition("/")[0], present.zone_name(name), name) for name in names)
    return tuple(SelectChoice(name, city, optgroup=region) for region, city, name in cities)

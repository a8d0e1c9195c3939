"""The forms of the people pages."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Regexp

from review import languages
from review.services.people import SECRETARIAT_ROLES
from review.web import wording
from review.web.words import _, lazy
from workflows.given import EMAIL

_needed = InputRequired(lazy("Please fill this in."))
_address = Regexp(f"^{EMAIL.pattern}$", message=lazy("This is not an e-mail address."))


class SecretariatForm(FlaskForm):
    """Somebody of the secretariat."""

    title = StringField(lazy("Name or function"), [_needed, Length(max=200)])
    email = EmailField(
        lazy("E-mail address"),
        [_needed, Length(max=254), _address],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    role = RadioField(lazy("Role"), [_needed])
    language = SelectField(
        lazy("Language of messages"),
        [_needed],
        choices=[SelectChoice(one.code, one.name) for one in languages.LANGUAGES],
        default=languages.SOURCE,
    )

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.role.choices = [SelectChoice(one, wording.role(one)) for one in SECRETARIAT_ROLES]


class CloseForm(FlaskForm):
    """Why an account is closed."""

    reason = TextAreaField(
        lazy("Reason"),
        [_needed, Length(max=1000)],
        description=lazy("Recorded in the audit trail."),
        render_kw={"rows": 3},
    )


class OfficerForm(FlaskForm):
    """Who of the secretariat leads a review."""

    officer = SelectField(lazy("Officer"))

    def offer(self, officers: dict[int, str]) -> None:
        """Fill the choices: nobody, and everybody of the secretariat."""
        self.officer.choices = [SelectChoice("", _("Nobody yet"))] + [
            SelectChoice(str(number), title) for number, title in officers.items()
        ]

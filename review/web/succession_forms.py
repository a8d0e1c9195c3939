"""The forms about offices. Services judge who can follow; their texts go to the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from review import languages
from review.services import successions
from review.services.proposals import Proposal
from review.web.planning_forms import DayField, PlanningForm
from review.web.words import _, lazy
from workflows.given import CONTROL

if TYPE_CHECKING:
    from review.models import Succession

PROPOSED, OTHER, STILL = "proposed", "other", "still"
_needed = InputRequired(lazy("Please fill this in."))
_plain = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def _no_oddities(_form: FlaskForm, field: StringField) -> None:
    """Refuse what a database cannot carry."""
    if CONTROL.search(str(field.data or "")):
        raise ValidationError(_("This contains characters that cannot be stored."))


class SuccessorFields(PlanningForm):
    """Who follows."""

    title = StringField(lazy("Name or function of the successor"), [Length(max=200)])
    email = EmailField(lazy("E-mail address"), [Length(max=254)], render_kw=_plain)
    language = SelectField(
        lazy("Language of messages"),
        choices=[SelectChoice(one.code, one.name) for one in languages.LANGUAGES],
        default=languages.SOURCE,
    )

    def proposal(self) -> Proposal:
        """What was typed; empty where neither name nor address was."""
        return Proposal(
            str(self.title.data or ""), str(self.email.data or ""), str(self.language.data or "")
        )

    def successor(self) -> dict[str, Any]:
        """The same as the step asks for it."""
        proposal = self.proposal()
        return {
            "title": proposal.title,
            "email": proposal.email,
            "language": proposal.language,
        }


class NotMeForm(SuccessorFields):
    """Somebody says that an office is theirs no longer; who follows may be left to the State."""

    reason = TextAreaField(
        lazy("Why"),
        [Length(max=successions.REASON_LIMIT), _no_oddities],
        description=lazy("Read by the secretariat."),
        render_kw={"rows": 3},
    )


class ProposalForm(SuccessorFields):
    """Who is to follow, or somebody else than before."""


class AnswerForm(SuccessorFields):
    """The answer of the State: a successor, or that nothing has changed."""

    answer = RadioField(lazy("Answer"), [InputRequired(lazy("Please choose one."))])
    signed_by = StringField(
        lazy("Your name and function"), [_needed, Length(max=200), _no_oddities]
    )
    note_verbale = StringField(
        lazy("Note verbale or letter"),
        [_needed, Length(max=200), _no_oddities],
        description=lazy("Its date or number."),
    )
    mandate_ends_on = DayField(
        lazy("End of the mandate"),
        description=lazy("Of the successor or, where nothing has changed, of the holder."),
    )

    def offer(self, one: Succession, *, mission: bool) -> None:
        """Fill the choices; a mission signs, the secretariat names the note verbale."""
        holder = one.predecessor.person.title
        choices = [
            SelectChoice(OTHER, _("Somebody else follows") if one.email else _("Name who follows")),
            SelectChoice(STILL, _("%(holder)s is still in office", holder=holder)),
        ]
        if one.email:
            follows = _("%(name)s follows (%(address)s)", name=one.title, address=one.email)
            choices.insert(0, SelectChoice(PROPOSED, follows))
        self.answer.choices = choices
        if mission:
            del self.note_verbale
            del self.mandate_ends_on
        else:
            del self.signed_by

    def given(self, one: Succession) -> dict[str, Any]:
        """What the step asks for: the person proposed, or the one that is named here."""
        if self.answer.data == PROPOSED:
            given = {"title": one.title, "email": one.email, "language": one.language}
        else:
            given = self.successor()
        if self.note_verbale is not None:
            given |= {
                "note_verbale": str(self.note_verbale.data or ""),
                "mandate_ends_on": str(self.mandate_ends_on.data or "").strip(),
            }
        return given


class MandateForm(PlanningForm):
    """The last day of a mandate."""

    mandate_ends_on = DayField(
        lazy("End of the mandate"),
        description=lazy("The day after, the State is asked who follows. Leave empty for none."),
    )

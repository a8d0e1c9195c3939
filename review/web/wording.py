"""How the process reads on a page: reasons, parties, how sure a rule is, who did what."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from babel import Locale
from flask import Flask
from flask_babel import get_locale
from wtforms.widgets import DateInput

from review import policy
from review.languages import N_
from review.services import blueprint
from review.services.queries.step_choices import Told
from review.services.queries.turns import Due, due
from review.services.snapshot import Side, Snapshot
from review.web import access, present
from review.web.words import _
from workflows.given import read_day
from workflows.spec import Actor, Basis, Party, Reason

_BASIS = {
    Basis.SOURCED: N_("Read in a source."),
    Basis.RECALLED: N_("Recalled; the paragraph number may be off."),
    Basis.PRACTICE: N_("Practice of the Implementation Review Group."),
    Basis.DESIGN: N_("A decision of this software, not a rule of the Mechanism."),
}
_PARTY = {
    Party.SECRETARIAT: N_("Secretariat"),
    Party.STATE_UNDER_REVIEW: N_("State under review"),
    Party.REVIEWING_STATE: N_("Reviewing States"),
}
_UNBLOCK = {
    Party.SECRETARIAT: N_("The secretariat can change that."),
    Party.STATE_UNDER_REVIEW: N_("%(state)s can change that."),
    Party.REVIEWING_STATE: N_("The reviewing States can change that."),
}
_ROLES = {
    "secretariat_administrator": N_("Secretariat, administrator"),
    "secretariat_officer": N_("Secretariat, officer"),
    "focal_point": N_("Focal point"),
    "expert": N_("Governmental expert"),
    "observer": N_("Observer"),
}
_DATA_BASIS = {
    "documented": N_("documented"),
    "recalled": N_("recalled, not documented"),
    "assigned": N_("assigned by us, not documented"),
    "unknown": N_("not known"),
    "drawn": N_("drawn by lot"),
}


def basis(value: Basis) -> str:
    """How sure a rule is, as a sentence."""
    return _(_BASIS[value])


def data_basis(value: str) -> str:
    """How sure a piece of data is: documented, recalled, assigned."""
    return _(_DATA_BASIS.get(value, value))


def role(value: str) -> str:
    """A role of a person."""
    return _(_ROLES.get(value, value))


def reason(value: Reason, review: Snapshot | None = None) -> str:
    """Why something is not possible, and who can change that."""
    params = {name: _(v) if isinstance(v, str) else v for name, v in value.params.items()}
    text = _(value.text, **params)
    if value.unblocked_by is None:
        return text
    if review and value.unblocked_by in _parties_of_viewer(review):
        return text
    state = _(review.sides[0].name) if review else _(_PARTY[Party.STATE_UNDER_REVIEW])
    return f"{text} {_(_UNBLOCK[value.unblocked_by], state=state)}"


def _parties_of_viewer(review: Snapshot) -> frozenset[Party]:
    """For whom the reader acts in a review: they need not be told who can change something."""
    capacities = policy.capacities(access.viewer(), review.members)
    return frozenset(who.actor.party for who in capacities)


def cycle(number: int) -> str:
    """A review cycle by its number."""
    return blueprint.cycle(number, _)


_ACTORS = {
    Actor.SECRETARIAT: N_("Secretariat"),
    Actor.FOCAL_POINT: N_("Focal point"),
    Actor.EXPERT: N_("Governmental expert"),
    Actor.MISSION: N_("Permanent Mission"),
}


def actor(value: Actor) -> str:
    """Who takes a step."""
    return _(_ACTORS[value])


def language(code: str) -> str:
    """A language of the Organization by its name in the reader's language."""
    return str(Locale(code).get_display_name(get_locale()) or code)


def party(value: Party) -> str:
    """A party without its name."""
    return _(_PARTY[value])


def owner(item: Due) -> str:
    """Whose turn it is: the name of the State, or the secretariat."""
    return _(item.name or _PARTY[item.party])


def duty(review: Snapshot, item: Due) -> str:
    """What is to be done, as an act: "Agree the means of dialogue"."""
    steps = review.process.steps_for(item.milestone.key)
    label = _(steps[0].label if steps else item.milestone.label)
    return numbered(label, item.slot) if item.milestone.repeats else label


def dated(review: Snapshot, key: str, slot: int) -> Due:
    """A milestone of a review with its date, if it has one, and whose day that is."""
    dates = review.dates.get((key, slot))
    return due(review, review.process.milestone(key), slot, dates.due_on if dates else None)


def numbered(what: str, number: int) -> str:
    """Something of which there are several: "Answer a question, no. 3"."""
    return _("%(what)s, no. %(number)s", what=what, number=number)


def means(review: Snapshot) -> str:
    """The form of dialogue that was agreed; empty before."""
    chosen = review.columns["means"]
    offers = review.process.step("agree_means").asks[0].choices
    return next((_(label) for value, label in offers if value == chosen), "")


def divisions(review: Snapshot) -> dict[str, str]:
    """What each division of labour means in this review: "Italy: III, Zimbabwe: IV"."""
    names = side_names(review, (1, 2))
    if len(names) < 2:
        return {}
    one, other = review.process.chapters
    shown = {"split": (one, other), "swapped": (other, one)}
    return {
        key: "; ".join(
            _("%(state)s: chapter %(chapter)s", state=name, chapter=chapter)
            for name, chapter in zip(names, chapters, strict=True)
        )
        for key, chapters in shown.items()
    }


_SOURCES = {
    "ToR": N_("Terms of reference"),
    "GL": N_("Guidelines for governmental experts"),
    "IRG": N_("Implementation Review Group"),
    "Blueprint": N_("Blueprint for country review reports"),
    "practice": N_("Practice"),
}


def reference(ref: str) -> str:
    """Where a rule stands, written out: "ToR 18-19; IRG" with the names of the documents."""
    return "; ".join(_written_out(part.strip()) for part in ref.split(";"))


def _written_out(part: str) -> str:
    name, _space, rest = part.partition(" ")
    name, comma, more = name.rstrip(","), ", " if name.endswith(",") else "", rest
    document = _(_SOURCES.get(name, name))
    if not rest or comma:
        return f"{document}{comma}{more}"
    several = len(re.findall(r"\d+", rest)) > 1
    numbers = rest.replace("-", "–")
    if several:
        return _("%(document)s, paragraphs %(numbers)s", document=document, numbers=numbers)
    return _("%(document)s, paragraph %(number)s", document=document, number=numbers)


def holders(review: Snapshot, held: Any) -> str:
    """Who held a review for some days: "Italy and Zimbabwe"."""
    if held.party is None:
        return _("nobody")
    names = side_names(review, held.slots) if held.party is not Party.SECRETARIAT else []
    return present.listed(names) if names else _("secretariat")


def side_names(review: Snapshot, slots: tuple[int, ...]) -> list[str]:
    """The names of the States of these slots."""
    return [_(review.sides[slot].name) for slot in slots if slot in review.sides]


def told(to: Told) -> str:
    """Who receives a message, as a list in a sentence."""
    return present.listed([_(name) for name in to.names])


def acted_for(review: Snapshot, acting_as: str, iso3: str | None) -> str:
    """For whom somebody acted, out of the audit trail: the State's name, or the secretariat."""
    found: list[Side] = [side for side in review.sides.values() if side.iso3 == iso3]
    if found and acting_as.startswith("mission"):
        return _("Permanent Mission of %(state)s", state=_(found[0].name))
    if found:
        return _(found[0].name)
    if acting_as == "system":
        return _("by itself, as it was decided")
    return _("Secretariat") if acting_as.startswith("secretariat") else ""


def chosen(field: Any) -> str:
    """What was given in a field of a step, in words."""
    if field.type == "BooleanField":
        return _("Yes") if field.data else _("No")
    if not field.data:
        return "–"
    if isinstance(field.widget, DateInput) and (day := read_day(field.data)[0]):
        return present.day(day)
    for choice in getattr(field, "choices", None) or ():
        if str(choice.value) == str(field.data):
            return str(choice.label or choice.value)
    return str(field.data)


def install(app: Flask) -> None:
    """Give the templates these functions under the name `wording`."""
    shown = (
        actor,
        basis,
        cycle,
        data_basis,
        divisions,
        duty,
        dated,
        language,
        means,
        numbered,
        reference,
        role,
        reason,
        party,
        owner,
        holders,
        side_names,
        acted_for,
        told,
        chosen,
    )
    app.jinja_env.globals["wording"] = SimpleNamespace(**{f.__name__: f for f in shown})

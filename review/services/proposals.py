"""Who is to follow in an office, as entered; and that somebody has answered already."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from review import languages
from review.languages import N_
from review.models import Succession
from review.services.errors import InvalidGiven
from workflows.given import CONTROL, EMAIL


class Answered(Exception):
    """Somebody has answered it already; ``succession`` says what and when."""

    def __init__(self, succession: Succession) -> None:
        super().__init__(f"succession {succession.id} is {succession.state}")
        self.succession = succession


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who is to follow, as entered. All empty: nobody is proposed."""

    title: str = ""
    email: str = ""
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.title.strip() or self.email.strip())

    @property
    def tidy(self) -> Proposal:
        """With single blanks and none at the ends. Raises InvalidGiven with a text per field."""
        made = Proposal(*(" ".join(value.split()) for value in asdict(self).values()))
        errors: dict[str, str] = {}
        for name, limit in (("title", 200), ("email", 254)):
            value = getattr(made, name)
            if not value:
                errors[name] = N_("This is required.")
            elif len(value) > limit:
                errors[name] = N_("This is too long.")
            elif CONTROL.search(value):
                errors[name] = N_("This contains characters that cannot be stored.")
        if "email" not in errors and not EMAIL.fullmatch(made.email):
            errors["email"] = N_("This is not an e-mail address.")
        if made.language not in languages.CODES:
            errors["language"] = N_("Choose one of the six languages.")
        if errors:
            raise InvalidGiven(errors)
        return made

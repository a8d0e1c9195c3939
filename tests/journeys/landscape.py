"""Reviews in one database, with a word planted in each confidential text.

Reviews of African States, all made by Zimbabwe and Italy, so that their experts are parties to each
of them, and reviews of other States by others; scenery.py says which. Every planted word is unlike
all others and comes with those who may read it: whoever else finds it on a page has found a leak.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from review.models import Person, Review
from review.services import documents
from review.services.documents import Upload
from tests import files, world
from tests.world import World

NOW = world.START + timedelta(days=150)
"""When the pages are read: some months after the reviews began, so that some of them are late."""

OFFICE = frozenset({"administrator", "officer"})
EXPERTS = frozenset({"ZWE", "ITA"})
PARTIES = OFFICE | EXPERTS | {"state"}
OF_OTHERS = ("PNG", "BGD")
EVERYBODY = frozenset({"everybody"})
LEVELS = {"adopted": "in_part", "complete": True}


@dataclass(frozen=True)
class Planted:
    """A word in a confidential text of one review, and who may read it."""

    word: str
    iso3: str
    readers: frozenset[str]

    def open_to(self, who: str) -> bool:
        """Whether somebody of the cast may come upon the word."""
        return "everybody" in self.readers or who in self.readers


@dataclass
class Landscape:
    """The reviews by the code of their State, the cast, and what is planted."""

    ids: dict[str, int] = field(default_factory=dict)
    known: dict[str, tuple[str, set[int]]] = field(default_factory=dict)
    """The name of each State under review and the people of its review."""
    cast: dict[str, Person] = field(default_factory=dict)
    planted: list[Planted] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    """The documents by the kind of what is planted in them."""
    draws: dict[str, int] = field(default_factory=dict)
    """Drawings of lots by how far they are."""
    offices: dict[str, int] = field(default_factory=dict)
    """A succession that is open, and the holding of an office that nobody asks about."""
    links: list[str] = field(default_factory=list)
    """Pages to which only a mail leads: an invitation, a new password."""

    def plant(self, iso3: str, kind: str, readers: Iterable[str]) -> str:
        """A new word; ``state`` stands for the focal point of the State under review."""
        named = frozenset(iso3 if one == "state" else one for one in readers)
        if iso3 in OF_OTHERS:
            named -= EXPERTS
        made = Planted(f"planted{kind}in{iso3.lower()}", iso3, named)
        self.planted.append(made)
        return made.word

    def unknown_to(self, who: str) -> dict[str, str]:
        """The names of the States under review of which somebody of the cast may not know."""
        return {
            iso3: name
            for iso3, (name, people) in self.known.items()
            if who not in OFFICE and (who not in self.cast or self.cast[who].id not in people)
        }


class Builder:
    """Makes the landscape in one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.made = Landscape()
        world.states(session, "ZWE", "ITA", "FJI", "FIN")
        self.cycles = {number: world.cycle(session, number) for number in (1, 2)}
        self.cycles[2].starts_on = self.cycles[1].starts_on.replace(year=2011)
        cast = self.made.cast
        for role in ("officer", "administrator"):
            cast[role] = world.person(session, f"secretariat_{role}", title=f"Review {role}")
        for iso3, name in (("ZWE", "Zimbabwe"), ("ITA", "Italy")):
            cast[iso3] = world.person(session, "expert", iso3, title=f"Expert of {name}")
        cast["observer"] = world.person(session, "observer", "ITA", title="Observer of Italy")

    def finish(self) -> Landscape:
        """What the tests need to know once everything is written."""
        self.session.flush()
        for iso3, number in self.made.ids.items():
            row = self.session.get_one(Review, number, populate_existing=True)
            self.made.known[iso3] = (row.state.name, {one.person_id for one in row.members})
        for one in self.made.cast.values():
            self.session.refresh(one)
        return self.made

    def review(self, iso3: str, year: int = 1, cycle: int = 1, **more: Any) -> World:
        """A review in ``selected`` with the officer of the cast."""
        world.states(self.session, iso3)
        officer, administrator = self.made.cast["officer"], self.made.cast["administrator"]
        row = world.review(
            self.session, self.cycles[cycle], iso3, year, officer_id=officer.id, **more
        )
        self.made.ids[iso3] = row.id
        return World(self.session, row.id, officer, administrator, {})

    def drawn(self, iso3: str, first: str = "ZWE", second: str = "ITA", **more: Any) -> World:
        """With its reviewing States."""
        w = self.review(iso3, **more)
        given = {"first": first, "second": second, "session": "First session"}
        w.take("assign_reviewers", w.officer, drawn_on="2011-07-01", **given)
        return w

    def peopled(self, iso3: str, first: str = "ZWE", second: str = "ITA", **more: Any) -> World:
        """Started and with everybody nominated: people of the cast where it has them."""
        w = self.drawn(iso3, first, second, **more)
        w.take("notify_start", w.officer)
        self._nominate(w, "focal_point", iso3, "nominate_focal_point")
        for slot, state in ((1, first), (2, second)):
            self._nominate(w, f"expert_{slot}", state, "nominate_expert", side=str(slot))
        if second == "ITA":
            self._nominate(w, "observer", "ITA", "admit_observer", side="2", key="observer")
        return w

    def called(self, iso3: str, division: str = "both", **more: Any) -> World:
        """After the introductory call: in ``self_assessment``."""
        w = self.peopled(iso3, **more)
        held = w.now.date().isoformat()
        w.take("hold_introductory_call", w.officer, held_on=held, language="en", division=division)
        return w

    def answered(self, iso3: str, readers: Iterable[str] = PARTIES, **more: Any) -> World:
        """With the response submitted, and a document of the State."""
        w = self.called(iso3, **more)
        word = self.made.plant(iso3, "answers", readers)
        world.answer_all(w, measures=f"Specimen text {word}.", **LEVELS)
        self.document(w, "focal_point", readers)
        w.take("submit_self_assessment", w.focal_point)
        return w

    def assessed(
        self, iso3: str, of: dict[int, Iterable[str]], readers: Iterable[str] = PARTIES, **more: Any
    ) -> World:
        """In ``desk_review`` with findings and documents of these reviewing States."""
        w = self.answered(iso3, readers, **more)
        w.take("circulate_response", w.officer)
        for slot, who in of.items():
            word = self.made.plant(iso3, f"findings{slot}", who)
            world.find_all(w, slot, observation=f"Specimen text {word}.")
            self.document(w, f"expert_{slot}", who)
        return w

    def discussed(
        self,
        iso3: str,
        readers: Iterable[str] = PARTIES,
        response: Iterable[str] = PARTIES,
        **more: Any,
    ) -> World:
        """In ``country_dialogue``: both desk reviews in, a question put and answered."""
        w = self.assessed(iso3, {1: readers, 2: readers}, response, **more)
        self.question(w, "expert_1")
        for slot in (1, 2):
            w.take("submit_desk_review", w.people[f"expert_{slot}"])
        w.take("forward_outcome", w.officer)
        reply = self.made.plant(iso3, "reply", PARTIES)
        w.take("answer_question", w.focal_point, question="1", answer=f"Specimen text {reply}.")
        return w

    def drafted(self, iso3: str, edit: Iterable[str] = PARTIES, **more: Any) -> World:
        """In ``finalization`` with a draft that was circulated and commented on."""
        w = self.discussed(iso3, **more)
        w.take("agree_means", w.focal_point, means="remote")
        w.take("close_dialogue", w.officer)
        w.take("assemble_draft", w.officer)
        world.write_summary(w)
        text = f"Specimen text {self.made.plant(iso3, 'edit', edit)}."
        w.take("edit_report", w.officer, section="introduction", text=text)
        note = self.made.plant(iso3, "note", OFFICE | EXPERTS)
        w.take("circulate_draft", w.officer, note=f"Specimen text {note}.")
        comment = self.made.plant(iso3, "comment", OFFICE | EXPERTS)
        w.take("comment_on_draft", w.expert_1, comment=f"Specimen text {comment}.")
        return w

    def agreed(self, iso3: str, **more: Any) -> World:
        """Completed; the observations of the findings are not in the executive summary."""
        w = self.drafted(iso3, **more)
        w.take("comment_on_draft", w.expert_2)
        w.take("send_report_to_state", w.officer)
        world.approve_all(w)
        w.take("agree_report", w.officer)
        symbol = f"CAC/COSP/IRG/I/1/1/Add.{len(self.made.ids)}"
        w.take("issue_summary", w.officer, symbol=symbol)
        return w

    def question(self, w: World, who: str) -> None:
        """A question of one of the people, on the first provision."""
        word = self.made.plant(w.review.iso3, "question", PARTIES)
        asker = w.people[who]
        first = w.seen().provisions(0)[0]
        w.take("ask_for_information", asker, provision=first, text=f"Specimen text {word}?")

    def document(self, w: World, who: str, readers: Iterable[str]) -> None:
        """A file of one of the people, whose name and content are planted; never public."""
        readers = PARTIES if "everybody" in readers else readers
        side = "office" if who == "officer" else who.replace("_", "")
        word = self.made.plant(w.review.iso3, f"file{side}", readers)
        content = files.PDF + word.encode()
        actor = w.officer if who == "officer" else w.people[who]
        upload = Upload(f"{word}.pdf", content)
        added = documents.add(
            self.session, w.review_id, upload, actor=actor, now=w.now, limit=10_000
        )
        self.made.files[word.removeprefix("planted")] = added.document.id

    def _nominate(
        self, w: World, who: str, iso3: str, step: str, key: str = "", **more: str
    ) -> None:
        known = self.made.cast.get(key or iso3)
        state = self.session.get_one(Review, w.review_id).state.name if who == "focal_point" else ""
        email = known.email if known else f"{who.replace('_', '.')}@{iso3.lower()}.example"
        title = f"Focal point of {state}" if state else f"{who} of {iso3}"
        w.take(step, w.officer, title=title, email=email, language="en", **more)
        found = next(m for m in w.seen().members if m.email == email)
        person = self.session.get_one(Person, found.person_id)
        person.activated_at, person.password_hash = w.now, self.made.cast["officer"].password_hash
        w.people[who] = person
        if who == "focal_point":
            self.made.cast[iso3] = person

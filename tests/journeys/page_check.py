"""One page, read once: its links, its forms, and every fault in its HTML that can be seen so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)
EMPTY_WHEN: Final = {"img": "alt", "iframe": "title"}
CONTROLS: Final = frozenset({"input", "select", "textarea"})
UNLABELLED: Final = frozenset({"hidden", "submit", "button", "image", "reset"})
REFERENCES: Final = ("aria-describedby", "aria-labelledby", "aria-controls", "for", "headers")


@dataclass
class Form:
    """A form: where it goes, how, and the names of its fields."""

    action: str
    method: str
    names: list[str] = field(default_factory=list)


@dataclass
class Read:
    """What a page holds."""

    links: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lang: str = ""
    direction: str = ""
    title: str = ""


class _Reader(HTMLParser):
    """Collects what is on the page; every element has to be closed where it was opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Read()
        self._open: list[str] = []
        self._controls: list[tuple[str, dict[str, str]]] = []
        self._referred: list[tuple[str, str]] = []
        self._labels: set[str] = set()
        self._in_label = 0
        self._headings: list[int] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._attributes(tag, attrs, given)
        self._element(tag, given)
        if tag not in VOID:
            self._open.append(tag)
            self._in_label += tag == "label"
            if tag in {"button", "a", "h1", "h2", "h3", "summary", "th", "legend"}:
                named = given.get("aria-label") or given.get("aria-labelledby")
                self._silent.append("named" if named else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        svg = "svg" in self._open or tag == "svg"
        if tag not in VOID and not svg:
            self._fault(f"<{tag}/> closes itself")
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self._fault(f"</{tag}> where {self._open[-1:] or 'nothing'} is open")
            return
        self._open.pop()
        self._in_label -= tag == "label"
        if tag in {"button", "a", "h1", "h2", "h3", "summary", "legend"}:
            left = self._silent.pop()
            if left == tag:
                self._fault(f"an empty <{tag}>")
        elif tag == "th":
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._silent = ["named"] * len(self._silent)
            if self._open[-1:] == ["title"] and "svg" not in self._open:
                self.page.title += data
            if self._open[-1:] == ["style"] or (self._open[-1:] == ["script"]):
                self._fault(f"an inline <{self._open[-1]}>")

    def finish(self) -> Read:
        """What is known once the whole page was read."""
        self.close()
        page = self.page
        if self._open:
            self._fault(f"never closed: {self._open}")
        page.faults += [f"id {one!r} stands twice" for one, n in page.ids.items() if n > 1]
        for name, one in self._referred:
            if one not in page.ids:
                self._fault(f"{name} names {one!r}, which is not there")
        for tag, given in self._controls:
            named = given.keys() & {"aria-label", "aria-labelledby", "title"}
            if not named and given.get("id") not in self._labels:
                self._fault(f"<{tag} name={given.get('name')}> has no label")
        if self._headings.count(1) != 1:
            self._fault(f"{self._headings.count(1)} first headings")
        for before, after in zip(self._headings, self._headings[1:], strict=False):
            if after > before + 1:
                self._fault(f"a heading of level {after} after one of {before}")
        if not page.title.strip():
            self._fault("no title")
        return page

    def _fault(self, text: str) -> None:
        line, _column = self.getpos()
        self.page.faults.append(f"line {line}: {text}")

    def _attributes(
        self, tag: str, attrs: list[tuple[str, str | None]], given: dict[str, str]
    ) -> None:
        if len(given) != len(attrs):
            self._fault(f"<{tag}> has an attribute twice: {[name for name, _ in attrs]}")
        for name in given:
            if name == "style" or name.startswith("on"):
                self._fault(f"<{tag} {name}> is inline")
        for name in REFERENCES:
            self._referred += [(name, one) for one in given.get(name, "").split()]
        if "id" in given:
            self.page.ids[given["id"]] += 1
            if not given["id"] or " " in given["id"]:
                self._fault(f"the id {given['id']!r}")

    def _element(self, tag: str, given: dict[str, str]) -> None:
        page = self.page
        if tag == "html":
            page.lang, page.direction = given.get("lang", ""), given.get("dir", "")
        elif tag == "a":
            if not given.get("href"):
                self._fault("a link that leads nowhere")
            page.links.append(given.get("href", ""))
        elif tag == "form":
            page.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "label" and "for" in given:
            self._labels.add(given["for"])
        elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self._headings.append(int(tag[1]))
        elif tag in {"img", "iframe"} and EMPTY_WHEN[tag] not in given:
            self._fault(f"<{tag}> without {EMPTY_WHEN[tag]}")
        self._sources(tag, given)
        self._control(tag, given)

    def _sources(self, tag: str, given: dict[str, str]) -> None:
        if tag == "link" and given.get("rel") in {"stylesheet", "icon"}:
            self.page.assets.append(given["href"])
        elif tag in {"script", "img"} and given.get("src", "").startswith("/"):
            self.page.assets.append(given["src"])
        elif tag == "iframe":
            self.page.links.append(given.get("src", ""))

    def _control(self, tag: str, given: dict[str, str]) -> None:
        if tag in CONTROLS | {"button"} and given.get("name") and self.page.forms:
            self.page.forms[-1].names.append(given["name"])
        if tag == "button" and given.get("formaction"):
            self.page.forms.append(Form(given["formaction"], "post", ["csrf_token"]))
        labelled = self._in_label or given.get("aria-hidden") == "true"
        if tag in CONTROLS and given.get("type") not in UNLABELLED and not labelled:
            self._controls.append((tag, given))


def read(text: str) -> Read:
    """Read a page and find its faults."""
    reader = _Reader()
    reader.feed(text)
    return reader.finish()

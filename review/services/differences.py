"""What changed between two texts, word by word, in paragraphs that were touched at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_HAN: Final = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # written without spaces: each sign a word
_WORD: Final = re.compile(rf"\s+|[{_HAN}]|(?:(?![{_HAN}])[\w’'-])+|[^\w\s]")
_LIMIT: Final = 3_000
"""Words of two paragraphs up to which they are compared; longer ones are shown as replaced."""


class Change(StrEnum):
    """What happened to a piece of text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with one fate."""

    change: Change
    text: str


def words(before: str, after: str) -> tuple[Piece, ...]:
    """The later text with what is new in it and what is gone from the earlier one.

    Joined, the pieces that are not gone give ``after``; those that are not new give ``before``.
    """
    return tuple(_merged(_pieces(before, after)))


def _pieces(before: str, after: str) -> Iterator[Piece]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, came = "".join(old[a:b]), "".join(new[c:d])
        if tag == "equal":
            yield Piece(Change.SAME, came)
        else:
            yield from _within(gone, came)


def _within(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) + len(new) > _LIMIT:
        yield from (Piece(Change.GONE, before), Piece(Change.NEW, after))
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(Change.SAME, "".join(new[c:d]))
            continue
        yield Piece(Change.GONE, "".join(old[a:b]))
        yield Piece(Change.NEW, "".join(new[c:d]))


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours of one fate as one piece; a mere space between two changes joins them."""
    gone = new = ""
    same = ""
    for piece in pieces:
        if piece.change is Change.SAME and not (piece.text.isspace() and "\n" not in piece.text):
            yield from _flushed(same, gone, new)
            same, gone, new = piece.text, "", ""
        elif piece.change is Change.SAME:
            if gone or new:
                gone, new = gone + piece.text, new + piece.text
            else:
                same += piece.text
        elif piece.change is Change.GONE:
            gone += piece.text
        else:
            new += piece.text
    yield from _flushed(same, gone, new)


def _flushed(same: str, gone: str, new: str) -> Iterator[Piece]:
    kept = (Piece(Change.SAME, same), Piece(Change.GONE, gone), Piece(Change.NEW, new))
    yield from (piece for piece in kept if piece.text)

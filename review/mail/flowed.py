"""Plain text in lines that everybody can read, and that programs which know how join again.

Lines are broken at 72 characters as RFC 3676 has it (format=flowed): one that goes on ends with a
space. Elsewhere they simply are short lines. Never broken: an address, and text without spaces.
"""

from __future__ import annotations

from textwrap import TextWrapper
from typing import Final

WIDTH: Final = 72
_wrapper = TextWrapper(WIDTH - 1, break_long_words=False, break_on_hyphens=False)


def flowed(text: str) -> str:
    """The same text with soft breaks."""
    return "\n".join(_line(line.rstrip()) for line in text.split("\n"))


def joined(text: str) -> str:
    """What a program shows that knows soft breaks."""
    lines = (line.removeprefix(" ") for line in text.replace("\r\n", "\n").split("\n"))
    return "".join(line if line.endswith(" ") else f"{line}\n" for line in lines).removesuffix("\n")


def _line(line: str) -> str:
    if len(line) < WIDTH and line.isprintable():
        return _stuffed(line)
    words = line.lstrip()
    first, *others = _wrapper.wrap(words) or [""]
    indented = line[: len(line) - len(words)] + first
    return " \n".join(map(_stuffed, (indented, *others)))


def _stuffed(line: str) -> str:
    """Lines that mean something else at their start are moved one place, which readers undo."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line

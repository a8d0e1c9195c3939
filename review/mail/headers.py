"""Headers that a mail program acts on: what a mail belongs to, how a digest is ended."""

from __future__ import annotations

from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from functools import lru_cache
from typing import Any, Final

_CONTROLS: Final = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")


class _Whole(UnstructuredHeader, BaseHeader):
    """A header that is never folded: it would be encoded like words, which no program undoes."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """A subject whose words stay apart: folded anew, a library of today glues two of them."""

    def fold(self, *, policy: Policy) -> str:
        charset = "us-ascii" if self.isascii() else "utf-8"
        words = Header(str(self), charset, maxlinelen=76, header_name=self.name)
        return f"{self.name}: {words.encode(linesep=policy.linesep)}{policy.linesep}"


class _Remembering(HeaderRegistry):
    """Parses what stands in every mail once: parsing headers is half the work of writing a mail."""

    def __init__(self) -> None:
        super().__init__()
        self._parsed = lru_cache(maxsize=512)(super().__call__)

    def __call__(self, name: str, value: Any) -> BaseHeader:
        """The header; a text always gives the same object, which nothing changes."""
        return self._parsed(name, value) if type(value) is str else super().__call__(name, value)


def _registry() -> HeaderRegistry:
    made = _Remembering()
    for name in ("references", "in-reply-to", "list-unsubscribe", "list-unsubscribe-post"):
        made.map_to_type(name, _Whole)
    made.map_to_type("subject", _Subject)
    return made


class _Folding(EmailPolicy):
    """Folds what stands in every mail once."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as it leaves."""
        if self.linesep != SMTP.linesep or self.utf8:
            return super().fold_binary(name, value)
        return _folded(name, value)


POLICY: Final = _Folding(linesep=SMTP.linesep, cte_type="7bit", header_factory=_registry())
"""Passes servers without 8BITMIME unchanged."""


@lru_cache(maxsize=512)
def _folded(name: str, value: str) -> bytes:
    return EmailPolicy.fold_binary(POLICY, name, value)


def shown(text: str) -> str:
    """A text as a header may have it: one line, without what is read as an encoded word (RFC 2047).

    The library decodes such a word before it writes it, so a name could add headers, or a text.
    """
    words = text.translate(_CONTROLS).replace("=?", "= ?").split(" ")
    return " ".join(filter(None, words))


def put_together(message: EmailMessage, thread: str) -> None:
    """Keep a mail with the others of its review: all of them answer the same, which never left.

    One root instead of a chain: whoever joins late, or lost a mail, has one conversation as well.
    """
    message["References"] = thread
    message["In-Reply-To"] = thread


def offer_end(message: EmailMessage, address: str) -> None:
    """Let mail programs offer a way out: a page and, where it is safe, one press (RFC 8058)."""
    message["List-Unsubscribe"] = f"<{address}>"
    if address.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"

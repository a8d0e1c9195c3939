"""What a permanent refusal is about, by its code of RFC 3463: the address, us, or this mail."""

from __future__ import annotations

import re
from typing import Final

_ENHANCED: Final = re.compile(r"5\d\d (5\.\d{1,3}\.\d{1,3})(?![.\d])|.*\(#(5\.\d{1,3}\.\d{1,3})\)")
"""After the plain code or, as qmail has it, in brackets at the end."""
_POLICY: Final = re.compile(r"5\.(?:7\.\d+|1\.[78])")
"""Security and policy, and the two codes for a sender's address that is not taken."""
_NO_DEAD_ADDRESS: Final = re.compile(r"5\.(?:2\.[234]|3\.\d+|4\.(?![14]\Z)\d+|6\.\d+)")
"""A mailbox that is full or does not take so much, a mailing list that fails; the system of the
recipient; the network, unless there is no such host or no way to it; the kind of content."""
_NOT_SIGNED_IN: Final = "530"
_NO_RELAY: Final = re.compile(
    r"\brelay(?:ing)?(?: access| mail)?(?: to \S+)?(?: is)?"
    r" (?:denied|prohibited|refused|rejected|disabled|not (?:permitted|allowed|authori[sz]ed))\b"
    r"|\b(?:unable to|cannot|won't|don't|not(?: (?:permitted|allowed|authori[sz]ed) to)?)"
    r" relay\b(?!-)",
    re.IGNORECASE,
)
"""What servers without enhanced codes say to whoever may not send through them."""


def status(reply: str) -> str:
    """The enhanced code in a server's reply, such as 5.1.1; empty where there is none."""
    found = _ENHANCED.match(reply)
    return (found[1] or found[2]) if found else ""


def denies_us(reply: str) -> bool:
    """Whether a reply about a recipient is about who sends: by its code, or else by its words."""
    code = status(reply)
    if code:
        return is_policy(code)
    return reply.startswith(_NOT_SIGNED_IN) or _NO_RELAY.search(reply) is not None


def is_policy(code: str) -> bool:
    """Whether an enhanced code is about who sends, and not about mail or address."""
    return _POLICY.fullmatch(code) is not None


def is_about_address(code: str) -> bool:
    """Whether an address takes no mail at all, by an enhanced code; also where there is none."""
    return not is_policy(code) and _NO_DEAD_ADDRESS.fullmatch(code) is None

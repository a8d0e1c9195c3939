"""Where a mail that cannot be delivered comes back to, and how it is known again.

With a domain of its own, every mail leaves under a return address that carries its number and a
code that only we can make: ``bounces+1234.8c1f…@domain``. A report that comes to such an address is
about that mail; one whose code is wrong was written by somebody else. The same tag goes along as
the envelope identifier of RFC 3461, which reports quote.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from typing import Final

_LOCAL: Final = "bounces"
_TAG: Final = re.compile(r"(?a:(\d{1,18})\.([0-9a-f]{20}))")


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """The return addresses of one installation; without a domain there are none."""

    domain: str = ""
    secret: str = field(default="", repr=False)

    def tag(self, number: int) -> str:
        """What stands for a mail, as nobody else can write it; empty without a secret."""
        return f"{number}.{self._code(number)}" if self.secret else ""

    def address(self, number: int, otherwise: str) -> str:
        """The envelope sender of a mail; ``otherwise`` where no domain is set."""
        return f"{_LOCAL}+{self.tag(number)}@{self.domain}" if self.domain else otherwise

    def number_of_tag(self, tag: str) -> int | None:
        """The mail that a tag stands for; None for one that we did not make."""
        found = _TAG.fullmatch(tag)
        if found is None or not self.secret:
            return None
        number = int(found[1])
        return number if hmac.compare_digest(self._code(number), found[2]) else None

    def number_of_address(self, address: str) -> int | None:
        """The mail whose return address this is; None for any other address."""
        local, _, domain = address.rpartition("@")
        name, _, tag = local.partition("+")
        if not self.domain or (name.lower(), domain.lower()) != (_LOCAL, self.domain.lower()):
            return None
        return self.number_of_tag(tag)

    def _code(self, number: int) -> str:
        text = f"return path {number}".encode()
        return hmac.new(self.secret.encode(), text, "sha256").hexdigest()[:20]

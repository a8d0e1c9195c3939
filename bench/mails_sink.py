"""A mail server that takes everything as fast as Python can: ``python -m bench.mails_sink``.

It says its port, then answers. A real one would be slower and hide what the sender wastes.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

_ANSWERS: Final = {
    b"EHLO": b"250-sink\r\n250-SIZE 33554432\r\n250-8BITMIME\r\n250 DSN\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 Bye\r\n",
}
_END: Final = b"\r\n.\r\n"
_numbers = count(1)


class _Conversation(asyncio.Protocol):
    """One client, a command at a time."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        if self._in_message:
            if not self._held.endswith(_END):
                return
            self._in_message = False
            self._transport.write(b"250 2.0.0 Taken as %d\r\n" % next(_numbers))
        elif self._held.endswith(b"\r\n"):
            command = bytes(self._held[:4]).upper()
            self._in_message = command == b"DATA"
            self._transport.write(_ANSWERS.get(command, b"250 OK\r\n"))
            if command == b"QUIT":
                self._transport.close()
        else:
            return
        self._held.clear()


@contextmanager
def sink() -> Iterator[str]:
    """One in a process of its own; gives its address."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"smtp://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Conversation, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())

"""`python -m review.mailbox --folder … --smtp-port … --web-port …`: runs until it is ended."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final, Never

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.serving import WSGIRequestHandler, make_server

from review.mailbox.page import Page
from review.mailbox.store import Store

LOOPBACK: Final = "127.0.0.1"
_LARGEST_MESSAGE: Final = 32 * 1024 * 1024


class Sink:
    """What aiosmtpd hands every message to."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd looks for
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """Keep one message; the sender is told to come again when it cannot be written."""
        content = envelope.original_content or b""
        try:
            number = self._store.add(content, envelope.rcpt_tos)
        except OSError as problem:
            sys.stderr.write(f"A message could not be kept: {problem}\n")
            return "451 4.3.0 The mailbox cannot be written; come again later"
        return f"250 2.0.0 Kept as message {number}"


class QuietHandler(WSGIRequestHandler):
    """Requests are not logged: a reader's clicks are nobody's business."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def controller(store: Store, port: int) -> Controller:
    """The SMTP server of the loopback interface, in a thread of its own once it is started."""
    return Controller(Sink(store), hostname=LOOPBACK, port=port, data_size_limit=_LARGEST_MESSAGE)


def main() -> None:
    """Run both servers until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m review.mailbox")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--web-port", type=int, required=True)
    parser.add_argument("--home", default="", help="address of the application")
    given = parser.parse_args()
    store = Store(given.folder)
    page = Page(store, given.home)
    web = make_server(LOOPBACK, given.web_port, page, threaded=True, request_handler=QuietHandler)
    smtp = controller(store, given.smtp_port)
    smtp.start()
    signal.signal(signal.SIGTERM, _leave)
    try:
        web.serve_forever()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        smtp.stop()
        web.server_close()


def _leave(number: int, frame: FrameType | None) -> Never:  # noqa: ARG001
    raise SystemExit


if __name__ == "__main__":
    main()

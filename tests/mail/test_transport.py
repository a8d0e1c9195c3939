"""What the mail server says, and what follows from it. A real server, a real conversation."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from review.mail.transport import Away, DeliveryError, Refused, Slow, Smtp, TryLater
from review.processes import free_port
from tests.post import ADDRESS, Office, office


@pytest.fixture
def post() -> Iterator[Office]:
    with office() as running:
        yield running


def message(subject: str = "Specimen") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = ADDRESS, "a@states.example", subject
    made.set_content("Specimen text.\n.\nA line with a dot before it is none of the protocol.\n")
    return made


def test_one_connection_takes_many_messages(post: Office) -> None:
    with Smtp(post.url) as smtp:
        for number in range(3):
            smtp.send(message(str(number)), ADDRESS, "a@states.example")
    assert [m["Subject"] for m in post.arrived] == ["0", "1", "2"]
    assert "\n.\nA line" in post.arrived[0].get_content().replace("\r\n", "\n")
    assert post.greeted == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 No such mailbox", Refused),
        ("553 5.1.3 Bad address", Refused),
        ("450 4.2.1 Greylisted, come again", TryLater),
        ("452 4.2.2 Mailbox full", TryLater),
        ("421 4.3.2 Closing down", Away),
    ],
)
def test_what_a_server_says_of_a_recipient(
    post: Office, answer: str, kind: type[DeliveryError]
) -> None:
    post.to_recipient["a@states.example"] = answer
    with Smtp(post.url) as smtp, pytest.raises(DeliveryError) as found:
        smtp.send(message(), ADDRESS, "a@states.example")
    assert type(found.value) is kind
    assert str(found.value) == answer


@pytest.mark.parametrize(
    ("answer", "kind"), [("554 5.7.1 Refused", Refused), ("451 4.3.0 Later", TryLater)]
)
def test_what_a_server_says_of_the_content(
    post: Office, answer: str, kind: type[DeliveryError]
) -> None:
    post.to_data = answer
    with Smtp(post.url) as smtp:
        with pytest.raises(DeliveryError) as found:
            smtp.send(message(), ADDRESS, "a@states.example")
        assert type(found.value) is kind
        post.to_data = ""
        smtp.send(message("after"), ADDRESS, "a@states.example")
    assert [m["Subject"] for m in post.arrived] == ["after"]


def test_a_server_that_does_not_take_our_sender_is_away(post: Office) -> None:
    """Not the mail's fault: nobody's mail would be taken."""
    post.to_sender = "550 5.7.1 Relaying denied"
    with Smtp(post.url) as smtp, pytest.raises(Away, match="Relaying denied"):
        smtp.send(message(), ADDRESS, "a@states.example")


def test_nothing_listens() -> None:
    with Smtp(f"smtp://127.0.0.1:{free_port()}") as smtp, pytest.raises(Away, match="refused"):
        smtp.send(message(), ADDRESS, "a@states.example")


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with Smtp(url, timeout=0.2) as smtp, pytest.raises(Away, match="timed out"):
            smtp.send(message(), ADDRESS, "a@states.example")


def test_a_password_that_is_not_taken(post: Office) -> None:
    url = post.url.replace("//", "//reviews:wrong%40word@")
    with Smtp(url) as smtp, pytest.raises(Away):
        smtp.send(message(), ADDRESS, "a@states.example")


def test_encryption_that_the_server_lacks_is_not_done_without(post: Office) -> None:
    with Smtp(post.url.replace("smtp:", "smtp+starttls:")) as smtp, pytest.raises(Away):
        smtp.send(message(), ADDRESS, "a@states.example")
    assert post.arrived == []


def test_a_server_that_restarts_between_two_messages() -> None:
    port = free_port()
    with Smtp(f"smtp://127.0.0.1:{port}") as smtp:
        with office(port) as first:
            smtp.send(message("before"), ADDRESS, "a@states.example")
        with office(port) as second:
            smtp.send(message("after"), ADDRESS, "a@states.example")
    assert [m["Subject"] for m in first.arrived + second.arrived] == ["before", "after"]


def test_an_address_is_never_read_as_another_one(post: Office) -> None:
    with Smtp(post.url) as smtp, pytest.raises(Refused):
        smtp.send(message(), ADDRESS, "not an address\r\nRCPT TO:<b@states.example>")
    assert post.arrived == []


# Reports are asked for where the server gives them ---------------------------------------------


class Telling(SMTP):
    """A server with the extension of RFC 3461, which this library does not read itself."""

    said: ClassVar[list[str]] = []

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        self.said.append(arg)
        await super().smtp_MAIL(arg.partition("> ")[0].rstrip(">") + ">")

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        self.said.append(arg)
        await super().smtp_RCPT(arg.partition("> ")[0].rstrip(">") + ">")


class Extended(Controller):
    """Announces it."""

    def factory(self) -> SMTP:
        return Telling(self.handler)


def test_reports_are_asked_for_where_the_server_gives_them() -> None:
    running = Office()
    running.extensions = ["250-DSN"]
    server = Extended(running, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with Smtp(f"smtp://127.0.0.1:{server.port}") as smtp:
            said = smtp.send(message(), ADDRESS, "a+b@states.example", "17.0123")
    finally:
        server.stop()
    assert said == "250 OK"
    assert "RET=HDRS ENVID=17.0123" in Telling.said[0]
    assert "NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@states.example" in Telling.said[1]


def test_a_server_without_reports_is_not_asked_for_them(post: Office) -> None:
    with Smtp(post.url) as smtp:
        assert smtp.send(message(), ADDRESS, "a@states.example", "17.0123") == "250 OK"


def test_silence_about_one_message_is_not_the_end_of_the_server(post: Office) -> None:
    post.silent_for = "silent.example"
    with Smtp(post.url, timeout=0.3) as smtp:
        with pytest.raises(Slow):
            smtp.send(message(), ADDRESS, "a@silent.example")
        smtp.send(message(), ADDRESS, "a@states.example")
    assert len(post.arrived) == 1

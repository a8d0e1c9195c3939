"""What the mail server says, and what follows from it. A real server, a real conversation."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from review.mail.transport import (
    Away,
    DeliveryError,
    Refused,
    Slow,
    Smtp,
    TryLater,
    Unwelcome,
)
from review.processes import free_port
from tests.faults.test_mail_server import Script, playing
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


def asked(post: Office) -> DeliveryError:
    """What a server's refusal of a message is taken for."""
    with Smtp(post.url) as smtp, pytest.raises(DeliveryError) as found:
        smtp.send(message(), ADDRESS, "a@states.example")
    return found.value


def about(problem: DeliveryError) -> str:
    """What a permanent refusal is about."""
    assert type(problem) is Refused
    assert not (problem.address and problem.policy)
    return "address" if problem.address else "policy" if problem.policy else "mail"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("450 4.2.1 Greylisted, come again", TryLater),
        ("450 4.7.1 Greylisted for reasons of policy", TryLater),
        ("452 4.2.2 Mailbox full", TryLater),
        ("421 4.3.2 Closing down", Away),
        ("421 4.7.0 Too many messages from you", Away),
    ],
)
def test_what_a_server_says_for_now(post: Office, answer: str, kind: type[DeliveryError]) -> None:
    post.to_recipient["a@states.example"] = answer
    found = asked(post)
    assert type(found) is kind
    assert str(found) == answer


OF_RECIPIENTS = {
    "550 5.1.1 No such mailbox": "address",
    "553 5.1.3 Bad address": "address",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found": "address",
    "550 5.5.0 Requested action not taken: mailbox unavailable": "address",
    "550 5.4.1 Recipient address rejected: Access denied": "address",
    "550 5.2.1 The account that you tried to reach is inactive": "address",
    "550 sorry, no mailbox here by that name. (#5.1.1)": "address",
    "550 User unknown": "address",
    "554 No such user here": "address",
    "550 We do not relay-check; user unknown": "address",
    "550 no such user at relay.zmb.example": "address",
    "550 5.7.1 Service unavailable, client host is on a list": "policy",
    "554 5.7.1 Relay access denied": "policy",
    "550 5.7.606 Access denied, banned sending IP": "policy",
    "550 5.1.8 Sender address rejected: domain not found": "policy",
    "553 5.1.7 Bad address of the sender": "policy",
    "530 Authentication required": "policy",
    "550 relay not permitted": "policy",
    "554 Relay access denied": "policy",
    "550 Relaying denied": "policy",
    "550 relaying to <a@states.example> prohibited by administrator": "policy",
    "550 Unable to relay for a@states.example": "policy",
    "551 We do not relay": "policy",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)": "policy",
    "552 5.2.2 Mailbox full": "mail",
    "552 5.3.4 Message too big for system": "mail",
    "550 5.4.6 Routing loop detected": "mail",
}


@pytest.mark.parametrize("answer", OF_RECIPIENTS)
def test_what_a_refusal_of_a_recipient_is_about(post: Office, answer: str) -> None:
    post.to_recipient["a@states.example"] = answer
    found = asked(post)
    assert about(found) == OF_RECIPIENTS[answer]
    assert str(found) == answer


OF_MESSAGES = {
    "554 5.7.1 Message refused": "policy",
    "550 5.7.26 This mail is unauthenticated": "policy",
    "554 5.5.1 no valid recipients": "mail",
    "552 5.3.4 message too big": "mail",
    "554 delivery error: dd This user doesn't have an account": "mail",
    "554 Relay access denied": "mail",
    "550 5.1.1 No such mailbox": "mail",
}


@pytest.mark.parametrize("answer", OF_MESSAGES)
def test_what_a_refusal_of_a_message_is_about(post: Office, answer: str) -> None:
    post.to_data = answer
    with Smtp(post.url) as smtp:
        with pytest.raises(Refused) as found:
            smtp.send(message(), ADDRESS, "a@states.example")
        assert about(found.value) == OF_MESSAGES[answer]
        post.to_data = ""
        smtp.send(message("after"), ADDRESS, "a@states.example")
    assert [m["Subject"] for m in post.arrived] == ["after"]


def test_a_message_that_is_not_taken_for_now_is_tried_again(post: Office) -> None:
    post.to_data = "451 4.3.0 Later"
    assert type(asked(post)) is TryLater


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.7.1 Relaying denied", Unwelcome),
        ("553 5.1.8 Sender not known here", Unwelcome),
        ("550 Not you", Unwelcome),
        ("451 4.3.0 Later", Away),
    ],
)
def test_a_server_that_does_not_take_our_sender_takes_nothing(
    post: Office, answer: str, kind: type[DeliveryError]
) -> None:
    """Not the mail's fault: nobody's mail would be taken."""
    post.to_sender = answer
    found = asked(post)
    assert type(found) is kind
    assert str(found) == answer


def test_a_message_whose_announced_size_is_too_large_is_refused_alone(post: Office) -> None:
    post.to_sender = "552 5.3.4 Message size exceeds fixed limit"
    assert about(asked(post)) == "mail"


BEFORE = {
    "greeting": (Script(greeting=b"554 No mail from your network\r\n"), ""),
    "name": (Script(answers={"EHLO": b"550 5.7.1 Who?\r\n", "HELO": b"550 5.7.1 Who?\r\n"}), ""),
    "encryption": (
        Script(answers={"EHLO": b"250-mail\r\n250 STARTTLS\r\n", "STAR": b"554 5.7.3 No\r\n"}),
        "+starttls",
    ),
    "password": (
        Script(answers={"EHLO": b"250-mail\r\n250 AUTH PLAIN\r\n", "AUTH": b"535 5.7.8 No\r\n"}),
        "",
    ),
}


@pytest.mark.parametrize("stage", BEFORE)
def test_a_refusal_before_any_recipient_is_about_us(stage: str) -> None:
    script, scheme = BEFORE[stage]
    with playing(script) as there:
        url = there.replace("smtp://", f"smtp{scheme}://reviews:word@")
        if stage != "password":
            url = url.replace("reviews:word@", "")
        with Smtp(url) as smtp, pytest.raises(Unwelcome, match=r"^5\d\d "):
            smtp.send(message(), ADDRESS, "a@states.example")
    assert not script.taken


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

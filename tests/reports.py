"""Reports about mails as mail servers write them (RFC 3464, RFC 5965), for tests."""

from __future__ import annotations

_TO = "reviews@secretariat.example"
_ABOUT = "focal.point@zmb.example"


def status(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    recipient: str = _ABOUT,
    message_id: str = "<one.1@secretariat.example>",
    to: str = _TO,
    diagnostic: str = "550 5.1.1 No such mailbox",
    returned: str = "message/rfc822",
    about: str = "",
    fields: str = "",
    more: str = "",
) -> bytes:
    """A delivery status; ``about``, ``fields`` and ``more`` are put between its lines."""
    back = (
        f"--frontier\r\nContent-Type: {returned}\r\n\r\n"
        f"From: {_TO}\r\nTo: {recipient}\r\nMessage-ID: {message_id}\r\n"
        "Subject: Specimen\r\n\r\n"
        if returned
        else ""
    )
    return _message(
        "delivery-status",
        to,
        f"Reporting-MTA: dns; mail.example\r\n{about}\r\n"
        f"Final-Recipient: rfc822;{recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n{fields}\r\n{more}",
        back,
    )


def complaint(*, kind: str = "abuse", message_id: str = "<one.1@secretariat.example>") -> bytes:
    """A complaint of a reader, as their provider forwards it."""
    back = f"--frontier\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\n\r\n"
    fields = f"Feedback-Type: {kind}\r\nVersion: 1\r\nOriginal-Rcpt-To: <{_ABOUT}>\r\n\r\n"
    return _message("feedback-report", _TO, fields, back)


def _message(kind: str, to: str, fields: str, back: str) -> bytes:
    head = (
        f"From: MAILER-DAEMON@mail.example\r\nTo: {to}\r\nSubject: Specimen report\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind};\r\n"
        ' boundary="frontier"\r\n\r\n'
        "--frontier\r\nContent-Type: text/plain\r\n\r\nSpecimen words.\r\n"
        f"--frontier\r\nContent-Type: message/{kind}\r\n\r\n"
    )
    return f"{head}{fields}{back}--frontier--\r\n".encode("utf-8", "replace")

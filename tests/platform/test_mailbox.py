"""The local mailbox: takes every message, shows it safely, to this machine only."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import html5lib
import pytest
from werkzeug.test import Client

from review.mailbox.__main__ import controller
from review.mailbox.page import PAGE_SIZE, Page, linked
from review.mailbox.store import Store
from review.processes import free_port


def message(number: int = 1, to: str = "focal.zm@states.example", html: bool = True) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = f"Zambia: <choose> the dates №{number}"
    mail["From"] = "Country reviews <reviews@secretariat.example>"
    mail["To"] = f"Focal point of Zambia <{to}>"
    mail["Date"] = "Tue, 10 May 2011 09:00:00 +0200"
    mail["Message-ID"] = f"<{number}@secretariat.example>"
    mail.set_content("Please choose.\n\nhttp://127.0.0.1:8000/t/zm?a=1&b=<2>.\n")
    if html:
        page = (
            "<html><head><title>t</title></head><body><a href='http://x'>Choose</a></body></html>"
        )
        mail.add_alternative(page, subtype="html")
    return mail.as_bytes()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "mailbox")


@pytest.fixture
def client(store: Store) -> Client:
    return Client(Page(store, home="http://127.0.0.1:8000"))


def test_a_message_sent_by_smtp_is_kept_as_it_was(store: Store) -> None:
    port = free_port()
    server = controller(store, port)
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.sendmail("reviews@secretariat.example", ["A@states.example"], sent := message())
    finally:
        server.stop()
    mail = store.mail(1)
    assert mail is not None
    assert mail.subject == "Zambia: <choose> the dates №1"
    assert mail.recipients == ("a@states.example",)
    assert mail.sent_at is not None
    assert mail.sent_at.isoformat() == "2011-05-10T07:00:00+00:00"
    assert "Please choose." in mail.text
    assert "Choose" in mail.html
    assert (store.source(1) or b"").split() == sent.split()


def test_the_sender_comes_again_when_the_disk_is_full(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError("No space left on device")

    monkeypatch.setattr(store, "add", full)
    port = free_port()
    server = controller(store, port)
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as smtp, pytest.raises(smtplib.SMTPDataError) as no:
            smtp.sendmail("reviews@secretariat.example", ["a@states.example"], message())
    finally:
        server.stop()
    assert no.value.smtp_code == 451


def test_the_list_is_newest_first_and_can_be_narrowed_to_a_recipient(
    store: Store, client: Client
) -> None:
    store.add(message(1), ["a@states.example"])
    store.add(message(2), ["b@states.example"])
    everything = client.get("/").text
    assert everything.index("№2") < everything.index("№1")
    assert "&lt;choose&gt;" in everything
    narrowed = client.get("/?to=A@states.example").text
    assert "№1" in narrowed
    assert "№2" not in narrowed


def test_a_long_list_has_pages(store: Store, client: Client) -> None:
    for number in range(PAGE_SIZE + 1):
        store.add(message(number + 1), ["a@states.example"])
    assert "/?to=&amp;page=2" in client.get("/").text
    last = client.get("/?page=2").text
    assert "№1<" in last
    assert "page=3" not in last


def test_an_empty_mailbox_says_what_will_appear(client: Client) -> None:
    page = client.get("/").text
    assert "No message yet" in page
    assert "Local mailbox of the demonstration. Nothing leaves this machine." in page


def test_a_message_page_frames_the_html_without_rights(store: Store, client: Client) -> None:
    store.add(message(), ["a@states.example"])
    page = client.get("/messages/1")
    assert "sandbox=" in page.text
    assert "allow-scripts" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    framed = client.get("/messages/1/html")
    assert '<head><base target="_top">' in framed.text
    assert "sandbox " in framed.headers["Content-Security-Policy"]
    assert "allow-scripts" not in framed.headers["Content-Security-Policy"]
    assert client.get("/messages/1/source").mimetype == "text/plain"


def test_plain_text_links_work_and_everything_else_is_escaped() -> None:
    assert linked("<b> http://h/a?b=1&c=2. end") == (
        '&lt;b&gt; <a href="http://h/a?b=1&amp;c=2">http://h/a?b=1&amp;c=2</a>. end'
    )


@pytest.mark.parametrize("path", ["/messages/7", "/messages/7/html", "/else", "/messages/x"])
def test_what_is_not_there_is_said_calmly(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_nothing_can_be_sent_to_it_and_no_other_name_reads_it(client: Client) -> None:
    assert client.post("/").status_code == 405
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_pages_are_valid_and_follow_the_readers_language(store: Store, client: Client) -> None:
    store.add(message(), ["a@states.example"])
    store.add(message(2, html=False), ["a@states.example"])
    for path in ("/", "/messages/1", "/messages/2", "/messages/9"):
        html5lib.HTMLParser(strict=True).parse(client.get(path).text)
    arabic = client.get("/", headers={"Accept-Language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in arabic
    assert "bootstrap.rtl.min.css" in arabic


def test_its_styles_are_served(client: Client) -> None:
    for name in ("css/tokens.css", "css/mailbox.css", "vendor/bootstrap.min.css"):
        assert client.get(f"/static/{name}").status_code == 200

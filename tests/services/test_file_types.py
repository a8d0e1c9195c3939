"""What counts as which file, and what never gets in."""

from __future__ import annotations

import io
import zipfile

import pytest

from review.services import file_types
from review.services.file_types import UnusableFileError, recognise, safe_name
from tests import files


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (files.PDF, "law.pdf", file_types.PDF),
        (files.PDF, "Law No. 3.2010", file_types.PDF),
        (files.PDF, "LAW.PDF", file_types.PDF),
        (files.PNG, "chart.png", file_types.PNG),
        (files.JPEG, "scan.jpeg", file_types.JPEG),
        (files.docx(), "answer.docx", file_types.DOCX),
        (files.xlsx(), "figures.xlsx", file_types.XLSX),
        (files.odt(), "answer.odt", file_types.ODT),
        ("Закон № 3".encode(), "law.txt", file_types.TEXT),
        (b"\xef\xbb\xbfwith a mark", "law.txt", file_types.TEXT),
    ],
)
def test_what_is_taken(content: bytes, name: str, kind: file_types.FileType) -> None:
    assert recognise(content, name) == kind


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (files.EXE, "law.pdf", file_types.UNKNOWN),
        (files.EXE, "law.txt", file_types.UNKNOWN),
        (b"<html><script>alert(1)</script></html>", "law.pdf", file_types.MISNAMED),
        (b"<html><script>alert(1)</script></html>", "law.html", file_types.UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "chart.svg", file_types.UNKNOWN),
        (files.PDF, "law.docx", file_types.MISNAMED),
        (files.PDF, "law.exe", file_types.UNKNOWN),
        (files.docx(), "law.pdf", file_types.MISNAMED),
        (files.archive({"readme.txt": b"x"}), "law.docx", file_types.UNKNOWN),
        (files.archive({"readme.txt": b"x"}), "law.zip", file_types.UNKNOWN),
        (files.docx({"word/vbaProject.bin": b"x"}), "law.docx", file_types.MACROS),
        (b"PK\x03\x04 broken", "law.docx", file_types.UNKNOWN),
        (b"text\x00with a null", "law.txt", file_types.UNKNOWN),
        ("Закон".encode("cp1251"), "law.txt", file_types.UNKNOWN),
        (b"GIF89a" + b"\0" * 40, "chart.png", file_types.UNKNOWN),
    ],
)
def test_what_is_refused(content: bytes, name: str, why: str) -> None:
    with pytest.raises(UnusableFileError) as refused:
        recognise(content, name)
    assert str(refused.value) == why


def test_container_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_types, "_UNPACKED_LIMIT", 1000)
    bomb = files.docx({"word/media/image1.png": b"0" * 100_000})
    assert len(bomb) < 10_000
    with pytest.raises(UnusableFileError):
        recognise(bomb, "law.docx")


def test_locked_container() -> None:
    content = bytearray(files.docx())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        places = [entry.header_offset for entry in archive.infolist()]
        directory = archive.start_dir
    content[places[0] + 6] |= 1
    content[directory + 8] |= 1
    with pytest.raises(UnusableFileError) as refused:
        recognise(bytes(content), "law.docx")
    assert str(refused.value) == file_types.ENCRYPTED


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("law.pdf", "law.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        (r"C:\Users\x\law.pdf", "law.pdf"),
        ("..", "document.pdf"),
        ("", "document.pdf"),
        (".pdf", "pdf.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("law\u202efdp.exe.pdf", "lawfdp.exe.pdf"),
        ("  many   spaces .pdf", "many spaces.pdf"),
        ("Law No. 3.2010", "Law No. 3.2010.pdf"),
        ("LAW.PDF", "LAW.pdf"),
        ("Gesetz für Übergänge.pdf", "Gesetz für Übergänge.pdf"),
        ("قانون.pdf", "قانون.pdf"),
        ('a"b<c>d|e?.pdf', "a_b_c_d_e_.pdf"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert safe_name(given, file_types.PDF) == kept


def test_long_name_keeps_its_suffix() -> None:
    kept = safe_name("x" * 900 + ".pdf", file_types.PDF)
    assert len(kept) == file_types.NAME_LIMIT
    assert kept.endswith(".pdf")

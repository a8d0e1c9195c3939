"""Small files of every kind, made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"
EXE = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + b"\0" * 64


def archive(entries: Mapping[str, bytes]) -> bytes:
    """A ZIP file with these entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            out.writestr(name, content)
    return made.getvalue()


def docx(more: Mapping[str, bytes] | None = None) -> bytes:
    """A text document of Word, with further entries."""
    return archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>", **(more or {})})


def xlsx() -> bytes:
    """A spreadsheet of Excel."""
    return archive({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})


def odt() -> bytes:
    """A text document of OpenDocument."""
    return archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"})

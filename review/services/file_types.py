"""What a file really is, by its content, and a name for it that is safe to show and to save.

Names and the type that a browser claims are never believed. Containers are opened, so that
something else in a ZIP file does not pass for a text document.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from typing import Final

import filetype

from workflows.spec import N_

NAME_LIMIT: Final = 200
"""Characters of a stored name."""
_UNPACKED_LIMIT: Final = 1_000_000_000
_ENTRIES_LIMIT: Final = 20_000


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that a review takes; the first suffix is given to names without one."""

    label: str
    media_type: str
    suffixes: tuple[str, ...]


PDF = FileType("PDF", "application/pdf", (".pdf",))
DOCX = FileType(
    "DOCX",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    (".docx",),
)
XLSX = FileType(
    "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)
)
ODT = FileType("ODT", "application/vnd.oasis.opendocument.text", (".odt",))
PNG = FileType("PNG", "image/png", (".png",))
JPEG = FileType("JPEG", "image/jpeg", (".jpg", ".jpeg"))
TEXT = FileType("TXT", "text/plain", (".txt",))

ALLOWED: Final = (PDF, DOCX, XLSX, ODT, PNG, JPEG, TEXT)
ACCEPT: Final = ",".join(suffix for kind in ALLOWED for suffix in kind.suffixes)
"""For the file field of a form; a convenience, the content decides."""

_SNIFFED: Final = {kind.media_type: kind for kind in (PDF, PNG, JPEG)}
_OFFICE: Final = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SUFFIX: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_OTHER_SUFFIX: Final = re.compile(
    r"\.(7z|bat|bmp|cmd|com|csv|dll|doc|docm|dot|eml|exe|gif|gz|hta|html?|jar|js|json|lnk|mht|msg"
    r"|msi|ods|odp|pages|pif|ppt|pptm|pptx|ps1|rar|rtf|scr|sh|svg|tar|tiff?|vbs|wsf|xhtml|xls"
    r"|xlsm|xml|zip)"
)
"""Of kinds that are not taken: a file that is called so is refused whatever it holds."""
_UNSAFE: Final = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')

UNKNOWN: Final = N_(
    "This kind of file is not taken. Send PDF, DOCX, XLSX, ODT, PNG, JPEG or plain text (UTF-8)."
)
MISNAMED: Final = N_("The name of the file ends differently from what it holds. Please rename it.")
MACROS: Final = N_("This file contains macros. Please save it without them and send it again.")
ENCRYPTED: Final = N_("This file is locked with a password. Please send it without.")


class UnusableFileError(ValueError):
    """The file is not of a kind that a review takes; the message says why, for the sender."""


def recognise(content: bytes, name: str) -> FileType:
    """What a file is, by its content. Raises UnusableFileError, also where its name says else."""
    kind = _kind(content)
    suffix = suffix_of(name)
    if _OTHER_SUFFIX.fullmatch(suffix):
        raise UnusableFileError(UNKNOWN)
    if suffix not in kind.suffixes and any(suffix in other.suffixes for other in ALLOWED):
        raise UnusableFileError(MISNAMED)
    return kind


def safe_name(name: str, kind: FileType | None = None) -> str:
    """A file name without path, control or direction marks; with the suffix of its kind.

    Never empty and never longer than NAME_LIMIT characters.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(" " if letter.isspace() else letter for letter in last)
    clean = "".join(letter for letter in shown if unicodedata.category(letter) not in _HIDDEN)
    clean = " ".join(_UNSAFE.sub("_", clean).split()).strip(". ")
    suffix = suffix_of(clean)
    stem = clean.removesuffix(clean[-len(suffix) :]) if suffix else clean
    if kind and suffix not in kind.suffixes:
        stem, suffix = clean, kind.suffixes[0]
    return (stem[: NAME_LIMIT - len(suffix)].strip() or "document") + suffix


_HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Unicode categories that do not show: among them the marks that turn a name round."""


def suffix_of(name: str) -> str:
    """What a name ends with, in small letters; empty where the end is no suffix ("No. 3.2010")."""
    found = _SUFFIX.search(name.strip())
    return found.group().lower() if found else ""


def _kind(content: bytes) -> FileType:
    if zipfile.is_zipfile(io.BytesIO(content)) and content[:2] == b"PK":
        return _container(content)
    guessed = filetype.guess(content)
    if guessed is not None:
        if guessed.mime in _SNIFFED:
            return _SNIFFED[guessed.mime]
        raise UnusableFileError(UNKNOWN)
    return _text(content)


def _text(content: bytes) -> FileType:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableFileError(UNKNOWN) from None
    if _CONTROL.search(text):
        raise UnusableFileError(UNKNOWN)
    return TEXT


def _container(content: bytes) -> FileType:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _document_in(archive)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError(UNKNOWN) from None


def _document_in(archive: zipfile.ZipFile) -> FileType:
    entries = archive.infolist()
    if len(entries) > _ENTRIES_LIMIT or sum(e.file_size for e in entries) > _UNPACKED_LIMIT:
        raise UnusableFileError(UNKNOWN)
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnusableFileError(ENCRYPTED)
    names = {entry.filename for entry in entries}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise UnusableFileError(MACROS)
    if "[Content_Types].xml" in names:
        for part, kind in _OFFICE.items():
            if part in names:
                return kind
    if _declared(archive, entries) == ODT.media_type:
        return ODT
    raise UnusableFileError(UNKNOWN)


def _declared(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str:
    """The type that an OpenDocument file states of itself in its first entry."""
    if not entries or entries[0].filename != "mimetype" or entries[0].file_size > NAME_LIMIT:
        return ""
    return archive.read("mimetype").decode("ascii", "replace").strip()

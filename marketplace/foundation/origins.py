"""What a document says of its making: who wrote it, with which program, in which minute.

Read once, when a file is stored. Of the author only a keyed digest is kept: whether two are the
same can be asked, who it is cannot. Pictures say nothing here, they lose it on receipt.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from .clock import SHANGHAI
from .crypto import keyed_digest

LONGEST = 200
_MOST_XML = 256 * 1024
_INFO = re.compile(rb"/Info(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Origin:
    """``author`` is a keyed digest; ``program`` as the document names it; ``made_at`` to the minute."""

    author: str | None = None
    program: str | None = None
    made_at: datetime | None = None


def author_digest(name: str) -> str | None:
    """What is kept of an author's name; None of a blank one."""
    plain = plain_name(name)
    return keyed_digest("document-author", plain) if plain else None


def plain_name(name: str) -> str:
    """A name or a program as it is compared: width, case and blanks make no difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:LONGEST]


def origin_of(content: bytes) -> Origin:
    """What a PDF, Word or Excel file that passed the screening says; nothing of anything else or
    where it cannot be read: no file is refused for it."""
    if content.startswith(b"%PDF-"):
        return _of_pdf(content)
    return _of_package(content) if content.startswith(b"PK\x03\x04") else Origin()


def _of_pdf(content: bytes) -> Origin:
    if not _INFO.search(content):
        return Origin()  # nothing to read; the library need not be there
    import pypdf

    author, programs, made_at = "", [], None
    # whatever a file does to its reader, it is no reason to refuse it
    with suppress(Exception):
        told = pypdf.PdfReader(io.BytesIO(content)).metadata
        if told is not None:
            author = str(told.author or "")
            programs = [str(part).strip() for part in (told.creator, told.producer) if part]
            made_at = told.creation_date
    return _origin(author, " / ".join(dict.fromkeys(filter(None, programs))), made_at)


def _of_package(content: bytes) -> Origin:
    """Who saved an office file last and when: author and creation are often the template's."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            core = _texts(archive, "docProps/core.xml")
            app = _texts(archive, "docProps/app.xml")
    except (zipfile.BadZipFile, ElementTree.ParseError, OSError, EOFError, ValueError):
        return Origin()
    made_at = None
    with suppress(ValueError):
        made_at = datetime.fromisoformat(core.get("modified") or core.get("created") or "")
    program = " ".join(filter(None, (app.get("Application"), app.get("AppVersion"))))
    return _origin(core.get("lastModifiedBy") or core.get("creator"), program, made_at)


def _texts(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """The texts of a small part by the names of its elements; empty where there is none."""
    if name not in archive.namelist() or archive.getinfo(name).file_size > _MOST_XML:
        return {}
    root = ElementTree.fromstring(archive.read(name))  # noqa: S314 entities were refused on receipt
    return {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in root}


def _origin(author: str | None, program: str, made_at: datetime | None) -> Origin:
    if made_at is not None:
        made_at = made_at if made_at.tzinfo is not None else made_at.replace(tzinfo=SHANGHAI)
        made_at = made_at.astimezone(UTC).replace(second=0, microsecond=0)
    shown = "".join(sign for sign in program if sign.isprintable()).strip()[:LONGEST]
    return Origin(author_digest(author or ""), shown or None, made_at)

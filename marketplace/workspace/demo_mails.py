"""The mails of a demo: files in a folder instead of letters to strangers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email import policy as mail_policy
from pathlib import Path

from marketplace.foundation.db import Page

PER_PAGE = 50
_NAME = re.compile(r"[0-9a-z]{13}")


@dataclass(frozen=True)
class DemoMail:
    """One mail as it would have gone out."""

    name: str
    to: str
    subject: str
    at: datetime
    text: str
    has_html: bool


def listed(folder: Path, number: int) -> Page[DemoMail]:
    """The mails in the folder, newest first."""
    files = sorted(
        (path for path in folder.glob("*.eml") if _NAME.fullmatch(path.stem)),
        key=lambda path: (path.stat().st_mtime_ns, path.name),
        reverse=True,
    )
    last = max(1, -(-len(files) // PER_PAGE))
    number = min(max(1, number), last)
    chosen = files[(number - 1) * PER_PAGE : number * PER_PAGE]
    return Page([_read(path) for path in chosen], number, PER_PAGE, len(files))


def mail(folder: Path, name: str) -> DemoMail | None:
    """One of them by its name."""
    path = folder / f"{name}.eml"
    return _read(path) if _NAME.fullmatch(name) and path.is_file() else None


def _read(path: Path) -> DemoMail:
    parsed = message_from_bytes(path.read_bytes(), policy=mail_policy.default)
    text = parsed.get_body(("plain",))
    return DemoMail(
        name=path.stem,
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        at=parsed["Date"].datetime,
        text=text.get_content() if text is not None else "",
        has_html=parsed.get_body(("html",)) is not None,
    )

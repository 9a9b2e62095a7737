"""Intake by project code: what a code says of itself, and what is known here under it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from . import queries
from .models import Need, Project
from .rules import KINDS, project_code_fault


@dataclass(frozen=True)
class ReadCode:
    """A code as it was read. ``fault``: what is wrong with it, in words; the rest holds only
    where nothing is. ``area`` is None for a region outside this marketplace; ``project`` is the
    owner's own under this code, ``public_needs`` how many are published under it by anybody."""

    code: str
    fault: str | None
    year: str = ""
    kind: str = ""
    region: str = ""
    area: str | None = None
    project: Project | None = None
    public_needs: int = 0


# what is typed or pasted between the parts of a code
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－_", "-"))
_BARE = re.compile(r"(\d{4})(\d{6})(\d{2})(\d{2})(\d{6})")


def tidy(typed: str) -> str:
    """A code as it is written: full-width figures, other dashes, spaces, no dashes at all are
    what people type and copy."""
    plain = unicodedata.normalize("NFKC", typed[:80]).translate(_DASHES)
    code = "".join(plain.split()).upper()[:40]
    bare = _BARE.fullmatch(code) if code.isascii() else None
    return "-".join(bare.groups()) if bare else code


def fault_of(code: str) -> str | None:
    """What is wrong with a project code, as ``rules.project_code_fault`` names it; nor is any
    issued in a year to come."""
    fault = project_code_fault(code)
    return "year" if fault is None and int(code[:4]) > clock.today().year else fault


def code_in(words: str) -> str | None:
    """The project code that words looked for are, if they are one."""
    code = tidy(words)
    return code if code and fault_of(code) is None else None


def in_words(fault: str) -> str:
    """A fault and how to mend it."""
    return {
        "form": _("项目代码应为 24 位，形如 2024-379921-77-01-123456"),
        "year": _("项目代码前 4 位应为赋码年份"),
        "region": _("项目代码第 6 至 11 位应为行政区划代码"),
        "kind": _("项目代码第 16 至 17 位应为 01（审批）、02（核准）或 03（备案）"),
    }[fault]


def read_code(organisation_id: int | None, typed: str) -> ReadCode:
    """Check a project code and look up what is known under it; nothing is refused."""
    code = tidy(typed)
    fault = fault_of(code)
    if fault is not None:
        return ReadCode(code, in_words(fault))
    own = queries.project_by_code(organisation_id, code) if organisation_id is not None else None
    published = (
        select(func.count(Need.id))
        .join(Project, Project.id == Need.project_id)
        .where(Project.code == code, Need.published_at.is_not(None))
    )
    return ReadCode(
        code,
        None,
        year=code[:4],
        kind=KINDS[code[15:17]],
        region=code[5:11],
        area=_area(code[5:11]),
        project=own,
        public_needs=db.session.scalar(published) or 0,
    )


def _area(code: str) -> str | None:
    """The place a code names, where it is of this marketplace."""
    try:
        return accounts.jurisdiction(code).name
    except Missing:
        return None

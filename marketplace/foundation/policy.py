"""Policy editions: every rule's number as dated, hashed, published data (RULES section 1).

A section is a frozen dataclass in the ``rules`` of the package that owns it, with
``SECTION: ClassVar[str]`` and bounds from ``annotated_types``; an edition is a TOML file. A
jurisdiction without an edition of a section inherits its nearest ancestor's, whole.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import JSON, Date, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from . import audit, clock, epoch
from .actor import Actor
from .crypto import canonical_json, sha256_hex
from .db import Model, db

P = TypeVar("P")
Section = Any  # a frozen dataclass type with SECTION

HEAD_KEYS = {
    "jurisdiction",
    "section",
    "effective_from",
    "title",
    "legal_basis",
    "review",
    "values",
}
REVIEW_KEYS = {"document", "conclusion", "date"}
# grades are evaluated when a day begins, so a new edition counts from tomorrow on
EVALUATED_SECTIONS = {"rating"}
REVIEWED_SECTIONS = {"admission", "hall", "selection", "rating"}


class PolicyError(ValueError):
    """An edition is refused whole; the message names file, key and reason."""


class PolicyPast(PolicyError):
    """An edition would change days that are past: it must begin on a later day."""


class PolicyMissing(LookupError):
    """No edition of the section is in force for the jurisdiction or any ancestor."""


class PolicyEdition(Model):
    """A published edition. Never edited once in force: a change is a new edition."""

    __tablename__ = "policy_editions"
    __table_args__ = (UniqueConstraint("jurisdiction", "section", "effective_from"),)

    jurisdiction: Mapped[str] = mapped_column(String(12))
    section: Mapped[str] = mapped_column(String(30))
    effective_from: Mapped[date] = mapped_column(Date)
    title: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[str] = mapped_column(Text)
    review: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]


epoch.watch_editions(PolicyEdition)


@dataclass(frozen=True)
class Edition(Generic[P]):
    """An edition in force: its row id (stored with every decision), where from, its values."""

    id: int
    jurisdiction: str
    section: str
    effective_from: date
    title: str
    legal_basis: str
    sha256: str
    values: P


@dataclass(frozen=True)
class Draft:
    """A parsed, valid edition that is not stored yet."""

    jurisdiction: str
    section: str
    effective_from: date
    title: str
    legal_basis: str
    review: dict[str, Any]
    content: dict[str, Any]
    source: str
    sha256: str


_ADAPTERS: dict[Section, TypeAdapter[Any]] = {}
_VALUES: dict[tuple[Section, str], Any] = {}


def _adapter(section: Section) -> TypeAdapter[Any]:
    if section not in _ADAPTERS:
        _ADAPTERS[section] = TypeAdapter(section)
    return _ADAPTERS[section]


def parse(name: str, text: str, sections: Sequence[type[Any]]) -> Draft:
    """Read an edition from TOML. ``sections`` are all known section classes.

    Raises PolicyError naming file, key and reason for anything unknown or impossible.
    """
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}: not TOML: {error}") from error
    if unknown := set(data) - HEAD_KEYS:
        raise PolicyError(f"{name}: {min(unknown)}: unknown key")
    for key in sorted(HEAD_KEYS - {"review"}):
        if key not in data:
            raise PolicyError(f"{name}: {key}: missing")
    kinds = {getattr(kind, "SECTION", ""): kind for kind in sections}
    section = data["section"]
    if section not in kinds:
        raise PolicyError(f"{name}: section: unknown section {section!r}")
    if not isinstance(data["effective_from"], date):
        raise PolicyError(f"{name}: effective_from: must be a date")
    review = data.get("review", {})
    if section in REVIEWED_SECTIONS and set(review) != REVIEW_KEYS:
        raise PolicyError(f"{name}: review: document, conclusion and date are required")
    values = json.loads(canonical_json(data["values"]))
    try:
        _adapter(kinds[section]).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PolicyError(f"{name}: values.{where}: {first['msg']}") from error
    return Draft(
        jurisdiction=str(data["jurisdiction"]),
        section=section,
        effective_from=data["effective_from"],
        title=str(data["title"]),
        legal_basis=str(data["legal_basis"]),
        review=json.loads(canonical_json(review)),
        content=values,
        source=text,
        sha256=sha256_hex(text.encode()),
    )


def publish(draft: Draft, actor: Actor, now: datetime) -> PolicyEdition:
    """Store an edition. The same file again is a no-op; another text for the same day is refused.

    Once a section has an edition, a new one may not begin in the past, nor on a day that has been
    evaluated as it began: no such day ever changes (PolicyPast).
    """
    existing = db.session.scalar(
        select(PolicyEdition).where(
            PolicyEdition.jurisdiction == draft.jurisdiction,
            PolicyEdition.section == draft.section,
            PolicyEdition.effective_from == draft.effective_from,
        )
    )
    if existing is not None:
        if existing.sha256 == draft.sha256:
            return existing
        raise PolicyError(
            f"{draft.jurisdiction}/{draft.section}: an edition effective "
            f"{draft.effective_from} exists already and is never edited"
        )
    first = clock.local_day(now)
    if draft.section in EVALUATED_SECTIONS:
        first += timedelta(days=1)
    if draft.effective_from < first and db.session.scalar(
        select(PolicyEdition.id)
        .where(PolicyEdition.section == draft.section, PolicyEdition.published_at < now)
        .limit(1)
    ):
        raise PolicyPast(
            f"{draft.jurisdiction}/{draft.section}: effective_from: an edition takes effect on "
            f"{first} or later; past days stay as they were"
        )
    row = PolicyEdition(
        jurisdiction=draft.jurisdiction,
        section=draft.section,
        effective_from=draft.effective_from,
        title=draft.title,
        legal_basis=draft.legal_basis,
        review=draft.review,
        content=draft.content,
        source=draft.source,
        sha256=draft.sha256,
        published_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("policy.published", actor, row, now, sha256=row.sha256)
    return row


def in_force(section: type[P], lineage: Sequence[str], day: date) -> Edition[P]:
    """The edition of ``section`` for the first code of ``lineage`` (own code first) on ``day``.

    Inherited whole from the nearest ancestor. Raises PolicyMissing when there is none.
    """
    return _in_force(section, tuple(lineage), day)


@epoch.remembered
def _in_force(section: type[Any], lineage: tuple[str, ...], day: date) -> Edition[Any]:
    name: str = section.SECTION
    rows = db.session.scalars(
        select(PolicyEdition)
        .where(
            PolicyEdition.section == name,
            PolicyEdition.jurisdiction.in_(lineage),
            PolicyEdition.effective_from <= day,
        )
        .order_by(PolicyEdition.effective_from)
    ).all()
    newest = {row.jurisdiction: row for row in rows}
    for code in lineage:
        if code in newest:
            return read(section, newest[code])
    raise PolicyMissing(f"no {name} edition for {'/'.join(lineage)} on {day}")


def by_id(section: type[P], edition_id: int) -> Edition[P]:
    """The edition a stored decision cites."""
    return _by_id(section, edition_id)


@epoch.remembered
def _by_id(section: type[Any], edition_id: int) -> Edition[Any]:
    return read(section, db.session.get_one(PolicyEdition, edition_id))


def read(section: type[P], row: PolicyEdition) -> Edition[P]:
    """The typed form of a stored edition."""
    key = (section, row.sha256)
    if key not in _VALUES:
        _VALUES[key] = _adapter(section).validate_python(row.content)
    return Edition(
        id=row.id,
        jurisdiction=row.jurisdiction,
        section=row.section,
        effective_from=row.effective_from,
        title=row.title,
        legal_basis=row.legal_basis,
        sha256=row.sha256,
        values=_VALUES[key],
    )


def history(section: type[P], lineage: Sequence[str]) -> list[Edition[P]]:
    """All editions of a section along a lineage, oldest first (for replays)."""
    return list(_history(section, tuple(lineage)))


@epoch.remembered
def _history(section: type[Any], lineage: tuple[str, ...]) -> tuple[Edition[Any], ...]:
    rows = db.session.scalars(
        select(PolicyEdition)
        .where(
            PolicyEdition.section == section.SECTION,
            PolicyEdition.jurisdiction.in_(lineage),
        )
        .order_by(PolicyEdition.effective_from, PolicyEdition.id)
    )
    return tuple(read(section, row) for row in rows)


def edition_files(folder: Path) -> list[Path]:
    """Shipped edition files: ``editions/policies/<jurisdiction>/<section>-<date>.toml``."""
    return sorted((folder / "policies").glob("*/*.toml"))

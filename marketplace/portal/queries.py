"""What the public pages ask of the packages below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select

from marketplace.accounts.models import Jurisdiction
from marketplace.foundation import calendar, clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import Page, db, paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.policy import PolicyEdition
from marketplace.projects import queries as projects
from marketplace.projects.models import Need, NeedStatus


@dataclass(frozen=True)
class LedgerHead:
    """Sequence and hash of a row of the audit ledger, and when it was written."""

    seq: int
    hash: str
    at: datetime


def ledger_head_before(day: date) -> LedgerHead | None:
    """The newest row written before ``day`` began in Shanghai."""
    row = db.session.execute(
        select(AuditRow.seq, AuditRow.hash, AuditRow.at)
        .where(AuditRow.at < calendar.moment(day, time()))
        .order_by(AuditRow.seq.desc())
        .limit(1)
    ).first()
    return LedgerHead(row.seq, row.hash, row.at) if row else None


def closing_soonest(now: datetime, limit: int = 6) -> list[Need]:
    """Needs that can be entered now, the first to close first."""
    return list(db.session.scalars(projects.open_needs(now).limit(limit)))


def needs_page(*, words: str, status: NeedStatus | None, number: int) -> Page[Need]:
    """Published needs, newest first, by words of title, number or item, and by status."""
    query = projects.published_needs()
    if words:
        query = query.where(
            Need.title.contains(words, autoescape=True)
            | Need.item_name.contains(words, autoescape=True)
            | (Need.number == words)
        )
    if status is not None:
        query = query.where(Need.status == status)
    return paginate(query, number)


def public_need(public_id: str) -> Need:
    """A need that was ever published; raises Missing for drafts, whoever asks."""
    need = projects.need(public_id)
    if not need.is_public:
        raise Missing(f"need {public_id}")
    return need


def need_counts() -> dict[NeedStatus, int]:
    """How many published needs stand in each status."""
    rows = db.session.execute(
        select(Need.status, func.count(Need.id))
        .where(Need.published_at.is_not(None))
        .group_by(Need.status)
    )
    return dict(rows.all())


@dataclass(frozen=True)
class EditionLine:
    """An edition of a policy section and whether it is the one in force where it applies."""

    edition: PolicyEdition
    in_force: bool
    upcoming: bool


def editions(day: date) -> list[EditionLine]:
    """All published policy editions, by section, the newest of each jurisdiction first."""
    rows = db.session.scalars(
        select(PolicyEdition)
        .order_by(
            PolicyEdition.section,
            PolicyEdition.jurisdiction,
            PolicyEdition.effective_from.desc(),
            PolicyEdition.id,
        )
        .limit(500)
    ).all()
    current: set[tuple[str, str]] = set()
    lines = []
    for row in rows:
        key = (row.section, row.jurisdiction)
        upcoming = row.effective_from > day
        in_force = not upcoming and key not in current
        if in_force:
            current.add(key)
        lines.append(EditionLine(row, in_force, upcoming))
    return lines


def edition(edition_id: int) -> PolicyEdition:
    """One edition; raises Missing."""
    found = db.session.get(PolicyEdition, edition_id)
    if found is None:
        raise Missing(f"edition {edition_id}")
    return found


def area_names() -> dict[str, str]:
    """Names of the jurisdictions by code."""
    rows = db.session.execute(select(Jurisdiction.code, Jurisdiction.name))
    return dict(rows.all())


def values_of(content: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Every value of an edition as (dotted key, text), in the file's order of keys."""
    lines: list[tuple[str, str]] = []
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            lines += values_of(value, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for place, inner in enumerate(value, start=1):
                lines += values_of(inner, f"{name}.{place}.")
        else:
            lines.append((name, _as_text(value)))
    return lines


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_as_text(item) for item in value) or "—"
    return "—" if value is None else str(value)


def start_of_month(now: datetime) -> datetime:
    """Midnight in Shanghai on the first of the month."""
    return calendar.moment(clock.local_day(now).replace(day=1), time())

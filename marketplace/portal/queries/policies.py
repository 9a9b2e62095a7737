"""Editions of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from marketplace.accounts.areas import Area
from marketplace.accounts.models import Jurisdiction
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.languages import joined
from marketplace.foundation.policy import PolicyEdition


@dataclass(frozen=True)
class EditionLine:
    """An edition of a policy section and whether it is the one in force where it applies."""

    edition: PolicyEdition
    in_force: bool
    upcoming: bool


def editions(area: Area, day: date) -> list[EditionLine]:
    """The policy editions of an area, of those above it, whose editions it may inherit, and of
    those below it, by section, the newest of each jurisdiction first."""
    rows = db.session.scalars(
        select(PolicyEdition)
        .where(PolicyEdition.jurisdiction.in_({*area.lineage, *area.below}))
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
        return joined(_as_text(item) for item in value) or "—"
    return "—" if value is None else str(value)

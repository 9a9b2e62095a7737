"""What changed between two days, for a page: every line with its entry's title and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.accounts.models import Organisation
from marketplace.foundation.policy import Edition

from . import queries
from .explaining import names_of
from .models import CONDUCT_TITLES, GRADE_TITLES, SIDE_TITLES, Capacity, EntryKind, RatingEntry
from .rules.comparing import Cause, Effect, compare
from .rules.entries import Grade
from .rules.grading import grade_in_force
from .rules.policy import RatingPolicy

CAUSES: dict[Cause, Any] = {
    Cause.CAME: _l("新增记录"),
    Cause.ENDED: _l("不再计入"),
    Cause.AGED: _l("权重变化"),
    Cause.EDITION: _l("评定规则变更"),
    Cause.ROUNDING: _l("分值上下限和四舍五入"),
}


@dataclass(frozen=True)
class ChangeRow:
    """One line between two scores. ``row`` is the entry of the ledger, ``reversed`` says that it
    was taken out by another entry."""

    effect: Effect
    row: RatingEntry | None
    title: str
    reversed: bool

    @property
    def cause(self) -> Any:
        """Why, in words."""
        return _("已被冲正") if self.reversed else CAUSES[self.effect.cause]


@dataclass(frozen=True)
class Side:
    """One of the two days: its score, its grade, the edition it was reckoned by."""

    day: date
    total: Decimal
    grade: Grade
    title: Any
    edition: Edition[RatingPolicy]


@dataclass(frozen=True)
class Between:
    """Both days and everything between them; the points of the rows add up to the difference."""

    before: Side
    after: Side
    rows: tuple[ChangeRow, ...]

    @property
    def points(self) -> Decimal:
        """The later score less the earlier."""
        return self.after.total - self.before.total


def between(
    organisation: Organisation,
    register: str,
    first: date,
    second: date,
    now: datetime,
    capacity: Capacity = Capacity.INTERMEDIARY,
    ledger: queries.Ledger | None = None,
) -> Between | None:
    """What changed from the first day to the second, each as known at its end (now, for today and
    later); None before there is a score on both. `ledger` where it is read already."""
    ledger = ledger or queries.ledger_of(organisation.id, register, capacity)
    if ledger is None:
        return None
    rows, entries = ledger.rows, ledger.entries
    editions = [queries.edition_on(register, day) for day in (first, second)]
    known = [min(now, queries.start_of(day + timedelta(days=1))) for day in (first, second)]
    found = compare(
        entries,
        (first, known[0], editions[0].values),
        (second, known[1], editions[1].values),
    )
    if found.before.total is None or found.after.total is None:
        return None
    policies = queries.policies_of(register)
    folds = [
        grade_in_force(entries, policies, day, at)
        for day, at in zip((first, second), known, strict=True)
    ]
    totals = (found.before.total, found.after.total)
    sides = [
        Side(day, total, fold.grade, GRADE_TITLES[fold.grade], edition)
        for day, total, fold, edition in zip((first, second), totals, folds, editions, strict=True)
    ]
    by_id = {row.id: row for row in rows}
    gone = {
        row.reverses_id
        for row in rows
        if row.kind is EntryKind.REVERSAL
        and row.takes_effect_on <= second
        and row.recorded_at <= known[1]
    }
    names = names_of(rows)
    return Between(
        sides[0],
        sides[1],
        tuple(
            ChangeRow(
                effect,
                by_id.get(effect.entry or 0),
                _("得分")
                if effect.cause is Cause.ROUNDING
                else _title(by_id.get(effect.entry or 0), names, editions[1]),
                effect.cause is Cause.ENDED and effect.entry in gone,
            )
            for effect in found.effects
        ),
    )


def _title(row: RatingEntry | None, names: dict[int, str], edition: Edition[RatingPolicy]) -> str:
    if row is None:
        return edition.title
    if row.kind is EntryKind.MARK and row.side is not None:
        rater = names.get(row.rater_organisation_id or 0, "")
        return f"{rater} {SIDE_TITLES[row.side]}".strip()
    if row.kind is EntryKind.CONDUCT and row.conduct is not None:
        return str(CONDUCT_TITLES[row.conduct])
    return _("检查")

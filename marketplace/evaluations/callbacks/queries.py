"""Reads about call-backs; the rates are what the public page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from marketplace.accounts.queries import register_of
from marketplace.contracts.models import Contract
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import Need

from ..models import Evaluation, EvaluationWindow
from ..rules import Direction
from .models import CallbackCause, CallbackStatus, EvaluationCallback

# a list shows of each the contract and its need, and how often somebody tried
_SHOWN_WITH = (
    joinedload(EvaluationCallback.evaluation)
    .joinedload(Evaluation.window)
    .joinedload(EvaluationWindow.contract)
    .joinedload(Contract.need),
    selectinload(EvaluationCallback.attempts),
)


def callback(public_id: str) -> EvaluationCallback:
    """A call-back by its public id; raises Missing."""
    found = db.session.scalar(
        select(EvaluationCallback).where(EvaluationCallback.public_id == public_id)
    )
    if found is None:
        raise Missing(f"callback {public_id}")
    return found


def waiting(codes: Sequence[str], limit: int = 100) -> list[EvaluationCallback]:
    """The call-backs of an area still to be made, the nearest deadline first."""
    return list(
        db.session.scalars(
            select(EvaluationCallback)
            .where(
                EvaluationCallback.status == CallbackStatus.WAITING,
                EvaluationCallback.jurisdiction_code.in_(codes),
            )
            .order_by(EvaluationCallback.due_at, EvaluationCallback.id)
            .limit(as_written(limit))
            .options(*_SHOWN_WITH)
        )
    )


def made(codes: Sequence[str]) -> Select[EvaluationCallback]:
    """The call-backs of an area that were made, the newest first."""
    return (
        select(EvaluationCallback)
        .where(
            EvaluationCallback.status != CallbackStatus.WAITING,
            EvaluationCallback.jurisdiction_code.in_(codes),
        )
        .order_by(EvaluationCallback.done_at.desc(), EvaluationCallback.id.desc())
        .options(*_SHOWN_WITH)
    )


@dataclass(frozen=True)
class Contact:
    """Whom to call: as the owner named it in its need, the firm in its register file, an assessor
    in its account."""

    name: str
    phone: str
    organisation_id: int


def contact_of(found: EvaluationCallback) -> Contact:
    """Whom to ask about an evaluation: the person served names who is reached, never the staff."""
    given = found.evaluation
    if given.direction is Direction.OWNER_TO_FIRM:
        need: Need = given.window.contract.need
        phone = need.contact_phone or given.rater.phone or ""
        return Contact(need.contact_name or "", phone, given.rater_organisation_id)
    if given.direction is Direction.ASSESSOR_TO_FIRM:
        return Contact(given.rater.name, given.rater.phone or "", given.rater_organisation_id)
    firm = intermediaries.firm_of(given.rater_organisation_id, register_of(found.jurisdiction_code))
    name, phone = (firm.agent_name or "", firm.agent_phone or "") if firm else ("", "")
    return Contact(name, phone or given.rater.phone or "", given.rater_organisation_id)


@dataclass
class Rates:
    """The call-backs of a month and cause, by what they found."""

    month: date
    cause: CallbackCause
    counts: dict[CallbackStatus, int] = field(default_factory=dict)

    def of(self, status: str) -> int:
        """How many ended so."""
        return self.counts.get(CallbackStatus(status), 0)

    @property
    def total(self) -> int:
        """All call-backs to be made."""
        return sum(self.counts.values())

    @property
    def made(self) -> int:
        """Those made, whoever was reached."""
        return self.total - self.of("waiting")

    @property
    def share(self) -> int:
        """The share made, in whole per cent, rounded down: 100 only when none is left."""
        return self.made * 100 // self.total if self.total else 100


def rates(codes: Sequence[str], since: date) -> list[Rates]:
    """Call-backs by month and cause, the newest month first."""
    found: dict[tuple[date, CallbackCause], Rates] = {}
    rows = db.session.execute(
        select(
            EvaluationCallback.month,
            EvaluationCallback.cause,
            EvaluationCallback.status,
            func.count().label("number"),
        )
        .where(EvaluationCallback.jurisdiction_code.in_(codes), EvaluationCallback.month >= since)
        .group_by(EvaluationCallback.month, EvaluationCallback.cause, EvaluationCallback.status)
    )
    for row in rows:
        each = found.setdefault((row.month, row.cause), Rates(row.month, row.cause))
        each.counts.update({row.status: row.number})
    return sorted(found.values(), key=lambda each: (-each.month.toordinal(), each.cause))


def overdue(codes: Sequence[str], now: datetime) -> int:
    """How many call-backs should have been made by now."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(EvaluationCallback)
            .where(
                EvaluationCallback.status == CallbackStatus.WAITING,
                EvaluationCallback.jurisdiction_code.in_(codes),
                EvaluationCallback.due_at <= now,
            )
        )
        or 0
    )

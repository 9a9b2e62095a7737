"""Matters a bureau handled and decided for somebody, of every kind there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, select

from marketplace.foundation import clock
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.intermediaries.models import Firm
from marketplace.notices.models import Objection, PublicNotice
from marketplace.sanctions.appeals.models import Appeal
from marketplace.sanctions.repairs.models import CreditRepair

from ..queries import edition_of
from ..reviews.models import EvaluationReview
from .models import MatterKind, ServiceRating

LISTED = 50


@dataclass(frozen=True)
class Matter:
    """A decided matter: whose it was, who handled it, until when it may be rated."""

    kind: MatterKind
    subject_id: int
    public_id: str
    round: int
    organisation_id: int
    jurisdiction_code: str
    handled_by: int | None
    decided_by: int
    decided_at: datetime

    @property
    def rated_until(self) -> datetime:
        """The end of the time to rate it, by the edition of the day it was decided."""
        values = edition_of(self.jurisdiction_code, clock.local_day(self.decided_at)).values
        return working_calendar().deadline(self.decided_at, values.service_working_days)


def _of(row: Any, round_: Any, organisation: Any, area: Any, by: tuple[Any, Any], at: Any) -> Any:
    return (
        select(row.id, row.public_id, round_, organisation, area, by[0], by[1], at)
        .where(by[1].is_not(None), at.is_not(None))
        .order_by(at.desc(), row.id.desc())
    )


_NONE, _FIRST = literal(None), literal(0)
# of each kind: the statement of decided matters, whose they are, their public id
_KINDS: dict[MatterKind, tuple[Select[Any], Any, Any]] = {
    MatterKind.ADMISSION: (
        _of(
            Firm,
            Firm.application,
            Firm.organisation_id,
            Firm.register_code,
            (Firm.checked_by, Firm.decided_by),
            Firm.decided_at,
        ),
        Firm.organisation_id,
        Firm.public_id,
    ),
    MatterKind.OBJECTION: (
        _of(
            Objection,
            _FIRST,
            Objection.organisation_id,
            PublicNotice.jurisdiction_code,
            (_NONE, Objection.answered_by),
            Objection.answered_at,
        ).join(PublicNotice, PublicNotice.id == Objection.notice_id),
        Objection.organisation_id,
        Objection.public_id,
    ),
    MatterKind.REVIEW: (
        _of(
            EvaluationReview,
            _FIRST,
            EvaluationReview.filed_by_organisation_id,
            EvaluationReview.jurisdiction_code,
            (EvaluationReview.proposed_by, EvaluationReview.decided_by),
            EvaluationReview.decided_at,
        ).where(EvaluationReview.filed_by_organisation_id.is_not(None)),
        EvaluationReview.filed_by_organisation_id,
        EvaluationReview.public_id,
    ),
    MatterKind.APPEAL: (
        _of(
            Appeal,
            _FIRST,
            Appeal.organisation_id,
            Appeal.jurisdiction_code,
            (Appeal.stay_decided_by, Appeal.decided_by),
            Appeal.decided_at,
        ),
        Appeal.organisation_id,
        Appeal.public_id,
    ),
    MatterKind.REPAIR: (
        _of(
            CreditRepair,
            _FIRST,
            CreditRepair.organisation_id,
            CreditRepair.jurisdiction_code,
            (CreditRepair.verified_by, CreditRepair.decided_by),
            CreditRepair.decided_at,
        ),
        CreditRepair.organisation_id,
        CreditRepair.public_id,
    ),
}


def matter(kind: str, public_id: str) -> Matter:
    """A decided matter by kind and public id. Raises Missing."""
    if kind not in set(MatterKind):
        raise Missing(f"matter {kind}")
    statement, _whose, named = _KINDS[MatterKind(kind)]
    row = db.session.execute(statement.where(named == public_id)).first()
    if row is None:
        raise Missing(f"{kind} {public_id}")
    return _matter(MatterKind(kind), row)


def to_rate(organisation_id: int, now: datetime) -> list[Matter]:
    """An organisation's decided matters that it may still rate, the latest first."""
    rated = {
        tuple(row)
        for row in db.session.execute(
            select(ServiceRating.kind, ServiceRating.subject_id, ServiceRating.round).where(
                ServiceRating.organisation_id == organisation_id
            )
        )
    }
    found = [
        _matter(kind, row)
        for kind, (statement, whose, _named) in _KINDS.items()
        for row in db.session.execute(
            statement.where(whose == organisation_id).limit(as_written(LISTED))
        )
    ]
    left = [
        each
        for each in found
        if (each.kind, each.subject_id, each.round) not in rated and now < each.rated_until
    ]
    return sorted(left, key=lambda each: each.decided_at, reverse=True)


def _matter(kind: MatterKind, row: Any) -> Matter:
    key, public_id, *rest = row
    return Matter(kind, key, public_id, *rest)

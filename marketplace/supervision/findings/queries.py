"""Reads: the findings of a sample, those of an area."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, case, select

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.foundation.db import db
from marketplace.projects.models import Need
from marketplace.ratings.models import RatingEntry, RatingSubject

from ..models import AuditSample, SampleItem, SampleKind
from .models import AuditFinding, FindingStatus


def of_sample(sample: AuditSample) -> list[AuditFinding]:
    """The findings of a sample by number."""
    return list(
        db.session.scalars(
            select(AuditFinding)
            .where(AuditFinding.sample_id == sample.id)
            .order_by(AuditFinding.number)
        )
    )


def listed(readable: ColumnElement[bool]) -> Select[AuditFinding]:
    """The findings somebody may read, those that wait for an answer first."""
    waits = case((AuditFinding.status == FindingStatus.OPEN, 0), else_=1)
    return select(AuditFinding).where(readable).order_by(waits, AuditFinding.id.desc())


def answered(codes: Sequence[str]) -> list[AuditFinding]:
    """Answered findings of samples drawn in these places, the oldest answer first."""
    return list(
        db.session.scalars(
            select(AuditFinding)
            .join(AuditSample, AuditSample.id == AuditFinding.sample_id)
            .where(
                AuditFinding.status == FindingStatus.ANSWERED,
                AuditSample.jurisdiction_code.in_(codes),
            )
            .order_by(AuditFinding.answered_at, AuditFinding.id)
        )
    )


def place_of(sample: AuditSample, item: SampleItem) -> str:
    """The jurisdiction whose bureau a sampled thing belongs to."""
    if sample.kind is SampleKind.GRADES:
        return item.reference.partition("/")[2]
    if sample.kind is SampleKind.DRAWS:
        number = item.reference.rpartition("/")[0]
        code = db.session.scalar(select(Need.jurisdiction_code).where(Need.number == number))
    else:
        code = db.session.scalar(
            select(Contract.jurisdiction_code).where(Contract.number == item.reference)
        )
    return code or sample.jurisdiction_code


def entry_of_item(item: SampleItem, number: int) -> bool:
    """Whether a row of the rating ledger is one of the sampled organisation's on its register."""
    public_id, _slash, register = item.reference.partition("/")
    found = db.session.scalar(
        select(RatingEntry.id)
        .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
        .join(Organisation, Organisation.id == RatingSubject.organisation_id)
        .where(
            RatingEntry.id == number,
            RatingSubject.register == register,
            Organisation.public_id == public_id,
        )
    )
    return found is not None

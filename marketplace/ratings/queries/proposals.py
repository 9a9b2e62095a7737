"""Proposals of an A or a D, who recorded what they follow from, inspections."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from marketplace.foundation.db import db

from ..models import GradeProposal, Inspection, ProposalStatus, RatingEntry, RatingSubject

OPEN_PROPOSALS = (
    ProposalStatus.PROPOSED,
    ProposalStatus.PUBLISHED,
    ProposalStatus.OBJECTED,
)


def open_proposal(subject: RatingSubject) -> GradeProposal | None:
    """The proposal of a subject that is neither in force nor closed."""
    return db.session.scalar(
        select(GradeProposal).where(
            GradeProposal.subject_id == subject.id,
            GradeProposal.status.in_(OPEN_PROPOSALS),
        )
    )


def proposals(registers: Sequence[str], limit: int = 100) -> list[GradeProposal]:
    """Open proposals on these registers, the oldest first."""
    return list(
        db.session.scalars(
            select(GradeProposal)
            .join(RatingSubject, RatingSubject.id == GradeProposal.subject_id)
            .where(GradeProposal.status.in_(OPEN_PROPOSALS), RatingSubject.register.in_(registers))
            .order_by(GradeProposal.status_since, GradeProposal.id)
            .limit(limit)
            .options(contains_eager(GradeProposal.subject).joinedload(RatingSubject.organisation))
        )
    )


def decided_proposals(registers: Sequence[str], limit: int = 20) -> list[GradeProposal]:
    """Proposals on these registers no longer open, the latest first."""
    return list(
        db.session.scalars(
            select(GradeProposal)
            .join(RatingSubject, RatingSubject.id == GradeProposal.subject_id)
            .where(
                GradeProposal.status.not_in(OPEN_PROPOSALS),
                RatingSubject.register.in_(registers),
            )
            .order_by(GradeProposal.status_since.desc(), GradeProposal.id.desc())
            .limit(limit)
        )
    )


def proposal_of_entry(entry_id: int) -> GradeProposal | None:
    """The proposal that an entry of the ledger made."""
    return db.session.scalar(select(GradeProposal).where(GradeProposal.entry_id == entry_id))


def recorders(entry_ids: Sequence[int]) -> set[int]:
    """The people who recorded some entries; they may not confirm what follows from them."""
    return set(
        db.session.scalars(
            select(RatingEntry.recorded_by).where(
                RatingEntry.id.in_(list(entry_ids)), RatingEntry.recorded_by.is_not(None)
            )
        )
    )


def inspection_of(organisation_id: int, register: str, document: str) -> Inspection | None:
    """The inspection recorded under a document number."""
    return db.session.scalar(
        select(Inspection).where(
            Inspection.organisation_id == organisation_id,
            Inspection.register == register,
            Inspection.document == document,
        )
    )

"""A former name graded D: the same is proposed for the new one, and falls when it no longer is.

The ledger of the former name is not copied: its marks are those of contracts of another party. What
passes on is the one consequence that bars. It is proposed, confirmed by another officer, shown to
the public and objected to as every D.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.ratings import queries as ratings
from marketplace.ratings.actions import propose_grade, reverse_entry
from marketplace.ratings.deciding import reject_open
from marketplace.ratings.models import Capacity, EntryKind, RatingEntry, RatingSubject
from marketplace.ratings.rules.entries import Grade, VetoKind

from ..models import Firm
from .models import Match

WHY = "同一主体原名称不再为 D 级"


def carry_grade_over(match: Match, actor: Actor, now: datetime) -> None:
    """Propose D for a firm whose former name is graded D on its register today."""
    register, day = match.firm.register_code, clock.local_day(now)
    if (
        match.other_id is None
        or ratings.grade_on(match.other_id, register, day).grade is not Grade.D
    ):
        return
    propose_grade(
        match.firm.organisation_id,
        register,
        Grade.D,
        "经关联核查认定与 D 级机构为同一主体",
        match,
        actor,
        now,
        veto=VetoKind.SAME_SUBJECT,
    )
    match.grade_entry_id = db.session.scalars(
        select(RatingEntry.id)
        .where(
            RatingEntry.kind == EntryKind.VETO,
            RatingEntry.evidence_type == Match.__tablename__,
            RatingEntry.evidence_id == match.id,
        )
        .order_by(RatingEntry.id.desc())
        .limit(1)
    ).one()
    db.session.flush()


def to_end(_now: datetime) -> Sequence[int]:
    """Matters whose former name is no longer graded D."""
    return db.session.scalars(
        select(Match.id)
        .join(Firm, Firm.id == Match.firm_id)
        .join(
            RatingSubject,
            (RatingSubject.organisation_id == Match.other_id)
            & (RatingSubject.register == Firm.register_code),
        )
        .where(
            Match.grade_entry_id.is_not(None),
            Match.grade_ended_at.is_(None),
            RatingSubject.capacity == Capacity.INTERMEDIARY,
            RatingSubject.grade != Grade.D,
        )
        .order_by(Match.id)
    ).all()


def end_grade(match_id: int, actor: Actor, now: datetime) -> int:
    """Take the fact back from tomorrow on; a proposal that rests on it falls."""
    match = db.session.get_one(Match, match_id)
    lock(match)
    now = max(now, clock.now())
    if match.grade_entry_id is None or match.grade_ended_at is not None:
        return 0
    entry = db.session.get_one(RatingEntry, match.grade_entry_id)
    match.grade_ended_at = now
    proposal = ratings.open_proposal(entry.subject)
    reverse_entry(entry.id, match, actor, now)
    if proposal is not None and entry.id in proposal.triggers:
        reject_open(entry.subject, proposal, WHY, actor, now)
    audit.record("likeness_matches.grade_ended", actor, match, now, entry=entry.id)
    return 1

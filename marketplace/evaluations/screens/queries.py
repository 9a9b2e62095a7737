"""Reads about flags and runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.projects.models import Need
from marketplace.ratings.models import EntryKind, RatingEntry, RatingSubject

from ..models import Evaluation, EvaluationWindow
from ..reviews.models import EvaluationReview, ReviewStatus
from .models import EvaluationFlag, FlagStatus, ScreenRun
from .rules import Screen

AT_LEAST_EVERY = timedelta(days=7)
SHOWN = 40
# a list shows of each flag whose it is and how common it is
_SHOWN_WITH = (joinedload(EvaluationFlag.organisation), joinedload(EvaluationFlag.run))


def cursor(register: str, day: date) -> int:
    """Up to which entry everything of a register has taken effect on a day."""
    newest = db.session.scalar(select(func.max(RatingEntry.id))) or 0
    previous = (
        db.session.scalar(select(func.max(ScreenRun.cursor)).where(ScreenRun.register == register))
        or 0
    )
    pending = db.session.scalar(
        select(func.min(RatingEntry.id))
        .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
        .where(
            RatingEntry.id > previous,
            RatingEntry.takes_effect_on > day,
            RatingSubject.register == register,
        )
    )
    return newest if pending is None else pending - 1


def due_registers(day: date) -> list[str]:
    """Registers to be looked through on a day: those with entries since their last run, and those
    not looked through for a week."""
    newest = (
        select(ScreenRun.register, func.max(ScreenRun.id).label("id"))
        .group_by(ScreenRun.register)
        .subquery()
    )
    runs = {
        run.register: run
        for run in db.session.scalars(select(ScreenRun).join(newest, newest.c.id == ScreenRun.id))
    }
    oldest = min((run.cursor for run in runs.values()), default=0)
    newest_marks = db.session.execute(
        select(RatingSubject.register, func.max(RatingEntry.id))
        .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
        .where(
            RatingEntry.id > oldest,
            RatingEntry.takes_effect_on <= day,
            RatingEntry.kind.in_((EntryKind.MARK, EntryKind.REVERSAL)),
        )
        .group_by(RatingSubject.register)
    ).all()
    fresh = {row[0]: row[1] for row in newest_marks}
    due = []
    for register in sorted({*runs, *fresh}):
        run = runs.get(register)
        if run is None or (
            run.day < day
            and (fresh.get(register, 0) > run.cursor or run.day + AT_LEAST_EVERY <= day)
        ):
            due.append(register)
    return due


def raised(register: str) -> list[EvaluationFlag]:
    """The flags of a register that nobody has decided on, locked: while a run changes one, nobody
    decides on it."""
    return list(
        db.session.scalars(
            select(EvaluationFlag)
            .where(EvaluationFlag.register == register, EvaluationFlag.status == FlagStatus.RAISED)
            .order_by(EvaluationFlag.id)
            .with_for_update(of=EvaluationFlag)
        )
    )


def known_evidence(register: str) -> dict[tuple[Screen, str], set[int]]:
    """What was known when somebody decided on a pattern, by screen and key."""
    found: dict[tuple[Screen, str], set[int]] = defaultdict(set)
    for flag in db.session.scalars(
        select(EvaluationFlag).where(
            EvaluationFlag.register == register,
            EvaluationFlag.status.in_((FlagStatus.CLEARED, FlagStatus.PURSUED)),
        )
    ):
        found[flag.screen, flag.key] |= set(flag.evidence)
    return found


def flag(public_id: str) -> EvaluationFlag:
    """A flag by its public id; raises Missing."""
    found = db.session.scalar(select(EvaluationFlag).where(EvaluationFlag.public_id == public_id))
    if found is None:
        raise Missing(f"flag {public_id}")
    return found


def waiting(registers: Sequence[str], limit: int = 100) -> list[EvaluationFlag]:
    """The undecided flags of an area, the oldest first."""
    return list(
        db.session.scalars(
            select(EvaluationFlag)
            .where(
                EvaluationFlag.status == FlagStatus.RAISED, EvaluationFlag.register.in_(registers)
            )
            .order_by(EvaluationFlag.raised_at, EvaluationFlag.id)
            .limit(as_written(limit))
            .options(*_SHOWN_WITH)
        )
    )


def decided(registers: Sequence[str]) -> Select[EvaluationFlag]:
    """The flags of an area that are over, the newest first."""
    return (
        select(EvaluationFlag)
        .where(EvaluationFlag.status != FlagStatus.RAISED, EvaluationFlag.register.in_(registers))
        .order_by(EvaluationFlag.status_since.desc(), EvaluationFlag.id.desc())
        .options(*_SHOWN_WITH)
    )


def earlier(found: EvaluationFlag) -> list[EvaluationFlag]:
    """The earlier flags of the same pattern, the newest first."""
    return list(
        db.session.scalars(
            select(EvaluationFlag)
            .where(
                EvaluationFlag.register == found.register,
                EvaluationFlag.screen == found.screen,
                EvaluationFlag.key == found.key,
                EvaluationFlag.id < found.id,
            )
            .order_by(EvaluationFlag.id.desc())
        )
    )


def names_of(keys: Sequence[int]) -> dict[int, str]:
    """The public names of organisations."""
    rows = db.session.scalars(select(Organisation).where(Organisation.id.in_(keys)))
    return {row.id: row.public_name for row in rows}


@dataclass(frozen=True)
class MarkBehind:
    """A mark that a flag rests on, with its contract, whom it is about and its newest review."""

    entry: RatingEntry
    number: str
    about: str
    need: str
    review: EvaluationReview | None


def marks_behind(found: EvaluationFlag) -> list[MarkBehind]:
    """The marks a flag rests on, the newest first."""
    rows = db.session.execute(
        select(RatingEntry, Contract.number, Organisation.name, Need.public_id, Evaluation.id)
        .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
        .join(Organisation, Organisation.id == RatingSubject.organisation_id)
        .join(Contract, Contract.id == RatingEntry.contract_id)
        .join(Need, Need.id == Contract.need_id)
        .outerjoin(Evaluation, Evaluation.rating_entry_id == RatingEntry.id)
        .where(RatingEntry.id.in_(found.evidence[-SHOWN:]))
        .order_by(RatingEntry.id.desc())
    ).all()
    newest = {
        each.evaluation_id: each
        for each in db.session.scalars(
            select(EvaluationReview)
            .where(EvaluationReview.evaluation_id.in_([row[-1] for row in rows if row[-1]]))
            .order_by(EvaluationReview.id)
        )
    }
    return [MarkBehind(*row[:4], newest.get(row[4])) for row in rows]


def reviewable(found: EvaluationFlag) -> list[Evaluation]:
    """The evaluations a flag rests on that may still be looked into, the newest first, some at a
    time: those neither excluded nor in a review."""
    taken = select(EvaluationReview.evaluation_id).where(
        EvaluationReview.status.in_(
            (ReviewStatus.OPEN, ReviewStatus.PROPOSED, ReviewStatus.EXCLUDED)
        )
    )
    return list(
        db.session.scalars(
            select(Evaluation)
            .where(Evaluation.rating_entry_id.in_(found.evidence), Evaluation.id.not_in(taken))
            .order_by(Evaluation.rating_entry_id.desc())
            .limit(as_written(SHOWN))
            .options(
                joinedload(Evaluation.window).joinedload(EvaluationWindow.contract),
                joinedload(Evaluation.rater),
                joinedload(Evaluation.about),
            )
        )
    )


def reviews_from(found: EvaluationFlag) -> list[EvaluationReview]:
    """The reviews that a flag led to, the oldest first."""
    return list(
        db.session.scalars(
            select(EvaluationReview)
            .where(EvaluationReview.flag_id == found.id)
            .order_by(EvaluationReview.id)
            .options(
                joinedload(EvaluationReview.evaluation)
                .joinedload(Evaluation.window)
                .joinedload(EvaluationWindow.contract)
            )
        )
    )


def flag_of(review: EvaluationReview) -> EvaluationFlag | None:
    """The flag that led to a review."""
    if review.flag_id is None:
        return None
    return db.session.get_one(EvaluationFlag, review.flag_id, options=_SHOWN_WITH)

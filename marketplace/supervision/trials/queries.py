"""Reads of trials."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, case, cast, select

from marketplace.accounts.overseeing import oversees
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id
from marketplace.foundation.policy import Edition
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade
from marketplace.ratings.rules.policy import RatingPolicy

from .models import RatingTrial, TrialChange, TrialStatus
from .running import NUMBERS, policy_of

_BUSY = (TrialStatus.WAITING, TrialStatus.RUNNING)


def due(now: datetime) -> list[int]:
    """The trials to be run, oldest first."""
    return list(
        db.session.scalars(
            select(RatingTrial.id)
            .where(RatingTrial.next_check_at <= now)
            .order_by(RatingTrial.next_check_at, RatingTrial.id)
            .limit(as_written(5))
        )
    )


def trial_for(actor: Actor, public_id: str) -> RatingTrial:
    """A trial of the office's area; raises Missing."""
    found = by_public_id(RatingTrial, public_id)
    if not oversees(actor, found.jurisdiction_code):
        raise Missing(f"trial {public_id}")
    return found


def trials(codes: Sequence[str]) -> Select[Any]:
    """The trials of some jurisdictions, those to be decided first, then the newest."""
    waits = case((RatingTrial.status == TrialStatus.PROPOSED, 0), else_=1)
    return (
        select(RatingTrial)
        .where(RatingTrial.jurisdiction_code.in_(codes))
        .order_by(waits, RatingTrial.id.desc())
    )


def proposed(code: str) -> list[RatingTrial]:
    """The trials of a jurisdiction whose numbers wait for adoption."""
    return list(
        db.session.scalars(
            select(RatingTrial)
            .where(
                RatingTrial.jurisdiction_code == code,
                RatingTrial.status == TrialStatus.PROPOSED,
            )
            .order_by(RatingTrial.id)
        )
    )


def busy(code: str) -> RatingTrial | None:
    """A trial of a jurisdiction that waits or runs."""
    return db.session.scalar(
        select(RatingTrial).where(
            RatingTrial.jurisdiction_code == code, RatingTrial.status.in_(_BUSY)
        )
    )


def changes(trial: RatingTrial, item: str = "", register: str = "", move: str = "") -> Select[Any]:
    """The changed grades of a trial, the largest difference of score first."""
    found = select(TrialChange).where(TrialChange.trial_id == trial.id)
    if item:
        found = found.where(cast(TrialChange.items, String).contains(f'"{item}"', autoescape=True))
    if register:
        found = found.where(TrialChange.register == register)
    if move:
        before, _arrow, after = move.partition(">")
        grades = {grade.value: grade for grade in Grade}
        if before in grades and after in grades:
            found = found.where(
                TrialChange.before == grades[before], TrialChange.after == grades[after]
            )
    moved = TrialChange.after_hundredths - TrialChange.before_hundredths
    return found.order_by(case((moved < 0, -moved), else_=moved).desc(), TrialChange.id)


def present_edition(code: str, trial_day: Any) -> Edition[RatingPolicy]:
    """The edition a trial is compared with where the jurisdiction has its own register."""
    return ratings.edition_on(code, trial_day)


def numbers_of(values: RatingPolicy) -> dict[str, str]:
    """The numbers of an edition as an officer edits them."""
    return {key: str(getattr(values, key)) for key in NUMBERS}


def differing(trial: RatingTrial, edition: Edition[RatingPolicy]) -> list[tuple[str, str, str]]:
    """The numbers in which a trial differs from an edition: key, now, tried."""
    tried = policy_of(trial.content)
    return [
        (key, now, str(getattr(tried, key)))
        for key, now in numbers_of(edition.values).items()
        if getattr(edition.values, key) != getattr(tried, key)
    ]

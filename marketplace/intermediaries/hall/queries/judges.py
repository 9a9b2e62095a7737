"""Judges and what they gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db

from ..models import (
    ApplicationStatus,
    HallApplication,
    HallCall,
    HallExplanation,
    HallJudge,
    HallSheet,
    JudgeStatus,
)
from ..rules import far_off
from .calls import applications
from .seats import edition_of


def judges(call: HallCall) -> list[HallJudge]:
    """The judges named for a call, in the order they were named."""
    return list(
        db.session.scalars(
            select(HallJudge).where(HallJudge.call_id == call.id).order_by(HallJudge.id)
        )
    )


def confirmed_judges(call: HallCall) -> list[HallJudge]:
    """Those who mark."""
    return [each for each in judges(call) if each.status is JudgeStatus.CONFIRMED]


def has_bench(call: HallCall, now: datetime) -> bool:
    """Whether as many judges, of as many offices, are named as the edition asks for."""
    named = [
        each
        for each in judges(call)
        if each.status in (JudgeStatus.PROPOSED, JudgeStatus.CONFIRMED)
    ]
    values = edition_of(call, clock.local_day(now)).values
    offices = {each.organisation_id for each in named}
    return len(named) >= values.least_judges and len(offices) >= values.least_organisations


def judges_with(status: JudgeStatus, codes: Sequence[str]) -> list[HallJudge]:
    """Judges at one step of their appointment, the oldest first."""
    return list(
        db.session.scalars(
            select(HallJudge)
            .join(HallCall, HallCall.id == HallJudge.call_id)
            .where(HallJudge.status == status, HallCall.register_code.in_(codes))
            .order_by(HallJudge.id)
            .limit(as_written(100))
        )
    )


def sheets(call: HallCall) -> list[HallSheet]:
    """Everything the judges gave in a call; nobody is shown it before the marking is over."""
    return list(
        db.session.scalars(
            select(HallSheet)
            .join(HallJudge, HallJudge.id == HallSheet.judge_id)
            .where(HallJudge.call_id == call.id)
            .order_by(HallSheet.id)
        )
    )


def sheets_by(judge: HallJudge) -> dict[int, HallSheet]:
    """What one judge gave, by application."""
    rows = db.session.scalars(select(HallSheet).where(HallSheet.judge_id == judge.id))
    return {each.application_id: each for each in rows}


def explanations(sheet_ids: Sequence[int]) -> dict[int, HallExplanation]:
    """Explanations given, by sheet."""
    rows = db.session.scalars(
        select(HallExplanation).where(HallExplanation.sheet_id.in_(list(sheet_ids)))
    )
    return {each.sheet_id: each for each in rows}


def counted(call: HallCall) -> list[HallJudge]:
    """The judges whose marks count: confirmed, and every application marked."""
    given: dict[int, set[int]] = {}
    for sheet in sheets(call):
        given.setdefault(sheet.judge_id, set()).add(sheet.application_id)
    asked = {each.id for each in to_mark(call)}
    return [each for each in confirmed_judges(call) if asked <= given.get(each.id, set())]


def to_mark(call: HallCall) -> list[HallApplication]:
    """The applications the judges mark or marked: neither withdrawn nor shut out."""
    return [
        each
        for each in applications(call)
        if each.status not in (ApplicationStatus.WITHDRAWN, ApplicationStatus.SHUT_OUT)
        or each.total is not None
    ]


def to_explain(call: HallCall, spread_points: int) -> set[int]:
    """The sheets, by key, whose total lies so far from the mean that their judges explain it."""
    if not call.is_revealed:
        return set()
    counts = {each.id for each in counted(call)}
    of: dict[int, dict[int, HallSheet]] = {}
    for sheet in sheets(call):
        if sheet.judge_id in counts:
            of.setdefault(sheet.application_id, {})[sheet.judge_id] = sheet
    found: set[int] = set()
    for given in of.values():
        totals = {judge: sheet.total for judge, sheet in given.items()}
        found |= {given[judge].id for judge in far_off(totals, spread_points)}
    return found

"""Reads of panels, judges and what they gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, literal_column, select

from marketplace.foundation import policy
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.finding import by_public_id
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.projects.weighing.rules import BestValuePolicy

from ..models import Entry, SelectionRound
from .models import (
    ACTIVE,
    EntryPlan,
    JudgeStatus,
    Panel,
    PanelFeedback,
    PanelJudge,
    PanelQuestion,
    PanelSheet,
    PanelStatus,
)


def panel_of(running: SelectionRound) -> Panel | None:
    """The panel of a round; None of another method."""
    return db.session.scalar(select(Panel).where(Panel.round_id == running.id))


def values_of(panel: Panel) -> BestValuePolicy:
    """The edition's values the panel works under."""
    return policy.by_id(BestValuePolicy, panel.edition_id).values


def judges(panel: Panel) -> list[PanelJudge]:
    """Everybody called, in the drawn order."""
    return list(
        db.session.scalars(
            select(PanelJudge).where(PanelJudge.panel_id == panel.id).order_by(PanelJudge.place)
        )
    )


def judge(public_id: str) -> PanelJudge:
    """By public id; raises Missing."""
    return by_public_id(PanelJudge, public_id)


def sheets(panel: Panel) -> list[PanelSheet]:
    """Everything the judges gave; nobody is shown it before the judging is over."""
    return list(
        db.session.scalars(
            select(PanelSheet)
            .join(PanelJudge, PanelJudge.id == PanelSheet.judge_id)
            .where(PanelJudge.panel_id == panel.id)
            .order_by(PanelSheet.id)
        )
    )


def sheets_by(judge: PanelJudge) -> dict[int, PanelSheet]:
    """What one judge gave, by entry."""
    rows = db.session.scalars(select(PanelSheet).where(PanelSheet.judge_id == judge.id))
    return {each.entry_id: each for each in rows}


def questions(sheet_ids: Iterable[int]) -> dict[int, PanelQuestion]:
    """What was asked about marks far from the others, by sheet."""
    rows = db.session.scalars(
        select(PanelQuestion).where(PanelQuestion.sheet_id.in_(list(sheet_ids)))
    )
    return {each.sheet_id: each for each in rows}


def plan_called(judge: PanelJudge, alias: int) -> EntryPlan | None:
    """The plan a judge knows under a number."""
    return db.session.scalar(
        select(EntryPlan)
        .join(Entry, Entry.id == EntryPlan.entry_id)
        .where(Entry.round_id == judge.panel.round_id, EntryPlan.alias == alias)
    )


_IS_JUDGE = (
    select(PanelJudge.id)
    .where(PanelJudge.user_id == bindparam("user_id"))
    .limit(literal_column("1"))
)


def is_judge(user_id: int) -> bool:
    """Whether a person was ever drawn."""
    return bool(fetch(_IS_JUDGE, user_id=user_id))


_OPEN = (
    select(PanelJudge)
    .join(Panel, Panel.id == PanelJudge.panel_id)
    .join(SelectionRound, SelectionRound.id == Panel.round_id)
    .join(Need, Need.id == SelectionRound.need_id)
    .where(
        PanelJudge.user_id == bindparam("user_id"),
        PanelJudge.status.in_(ACTIVE),
        Panel.status.in_((PanelStatus.MARKING, PanelStatus.EXPLAINING)),
        Need.status == NeedStatus.SELECTING,
    )
    .order_by(PanelJudge.id)
)


def open_for(user_id: int) -> list[PanelJudge]:
    """Where a person is called or judges now."""
    return list(db.session.scalars(_OPEN, {"user_id": user_id}))


def all_of(user_id: int) -> list[PanelJudge]:
    """Every panel a person was drawn for, the newest first."""
    return list(
        db.session.scalars(
            select(PanelJudge)
            .where(PanelJudge.user_id == user_id)
            .order_by(PanelJudge.id.desc())
            .limit(as_written(100))
        )
    )


def to_explain(judge: PanelJudge) -> list[PanelQuestion]:
    """What a judge has still to explain."""
    rows = db.session.scalars(
        select(PanelQuestion)
        .join(PanelSheet, PanelSheet.id == PanelQuestion.sheet_id)
        .where(PanelSheet.judge_id == judge.id, PanelQuestion.text.is_(None))
        .order_by(PanelQuestion.id)
    )
    return list(rows)


def due(judge: PanelJudge, entries: int, now: datetime) -> tuple[str, datetime] | None:
    """What a judge has to do now and by when: ``answer``, ``mark`` or ``explain``."""
    if judge.status is JudgeStatus.CALLED:
        return ("answer", judge.answer_by) if now < judge.answer_by else None
    if judge.status is not JudgeStatus.CONFIRMED or judge.mark_by is None:
        return None
    if len(sheets_by(judge)) < entries:
        return ("mark", judge.mark_by) if now < judge.mark_by else None
    waiting = [each for each in to_explain(judge) if now < each.explain_by]
    return ("explain", min(each.explain_by for each in waiting)) if waiting else None


def counted(panel: Panel, entries: Sequence[Entry]) -> list[PanelJudge]:
    """The judges whose marks count: taking part, every firm marked."""
    asked = {each.id for each in entries}
    return [
        each
        for each in judges(panel)
        if each.status is JudgeStatus.CONFIRMED and asked <= set(sheets_by(each))
    ]


def panels_due() -> list[Panel]:
    """Panels of needs that are being chosen for, oldest first."""
    return list(
        db.session.scalars(
            select(Panel)
            .join(SelectionRound, SelectionRound.id == Panel.round_id)
            .join(Need, Need.id == SelectionRound.need_id)
            .where(Need.status == NeedStatus.SELECTING, Need.method == SelectionMethod.BEST_VALUE)
            .order_by(Panel.id)
        )
    )


def feedback_on(expert_id: int) -> list[PanelFeedback]:
    """What owners and bureaus said of an expert, the newest first."""
    return list(
        db.session.scalars(
            select(PanelFeedback)
            .join(PanelJudge, PanelJudge.id == PanelFeedback.judge_id)
            .where(PanelJudge.expert_id == expert_id)
            .order_by(PanelFeedback.id.desc())
            .limit(as_written(100))
        )
    )


def feedback_by(panel: Panel, organisation_id: int) -> dict[int, PanelFeedback]:
    """What an organisation said of a panel's judges, by judge."""
    rows = db.session.scalars(
        select(PanelFeedback)
        .join(PanelJudge, PanelJudge.id == PanelFeedback.judge_id)
        .where(PanelJudge.panel_id == panel.id, PanelFeedback.organisation_id == organisation_id)
    )
    return {each.judge_id: each for each in rows}

"""Rounds of a need, the edition they run under, what came out, the proofs of their draws."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from marketplace.foundation import clock
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.projects import queries as projects
from marketplace.projects.models import (
    DrawSource,
    Need,
    NeedChannel,
    NeedStatus,
)
from marketplace.projects.rules import SelectionPolicy

from ..judging.models import Panel, PanelStatus
from ..models import (
    Award,
    DrawAnnulment,
    RoundStatus,
    SelectionRound,
)
from ..sealing.models import TieDraw

ENDED_ROUNDS = (RoundStatus.ANNULLED, RoundStatus.WITHDRAWN)


_NEWEST_ROUND = (
    select(SelectionRound)
    .where(SelectionRound.need_id == bindparam("need_id"))
    .order_by(SelectionRound.attempt.desc())
    .limit(literal_column("1"))
)


def round_of(need: Need) -> SelectionRound | None:
    """The newest round of a need."""
    return db.session.scalar(_NEWEST_ROUND, {"need_id": need.id})


def live_round(need: Need) -> SelectionRound:
    """The round that runs; raises Missing when the need has none."""
    found = round_of(need)
    if found is None or found.status in ENDED_ROUNDS:
        raise Missing(f"need {need.id} has no round")
    return found


def quotes_closed(
    need_id: ColumnElement[int] | ColumnElement[int | None], at: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Whether what was quoted for a need at an instant may be read by others than the firm: its
    round has been closed since, or the order that asked for it has come to its end. A need that
    was withdrawn before its entries closed keeps its quotes sealed for good."""
    closed = exists().where(SelectionRound.need_id == need_id, SelectionRound.closed_at >= at)
    ended = exists().where(
        Need.id == need_id, Need.channel != NeedChannel.OPEN, Need.status != NeedStatus.DRAFT
    )
    return or_(closed, ended)


def rounds_of(need: Need) -> list[SelectionRound]:
    """All rounds of a need, oldest first; annulled ones stay public."""
    return list(
        db.session.scalars(
            select(SelectionRound)
            .where(SelectionRound.need_id == need.id)
            .order_by(SelectionRound.attempt)
        )
    )


def edition_of(need: Need, day: date) -> tuple[int, SelectionPolicy]:
    """Id and values of the selection edition a need runs under."""
    edition = projects.policy_of(need, day)
    return edition.id, edition.values


def lottery_day(values: SelectionPolicy, deadline: datetime) -> date:
    """The Shanghai day of the first issue drawn after a closing."""
    day = clock.local_day(deadline)
    while (
        day.weekday() not in values.lottery_weekdays
        or moment(day, values.lottery_drawn_at) <= deadline
    ):
        day += timedelta(days=1)
    return day


def selection_values(jurisdiction_code: str, day: date) -> SelectionPolicy:
    """The selection edition's values in force for a jurisdiction."""
    return projects.selection_policy(jurisdiction_code, day).values


def draw_latest(values: SelectionPolicy, closed_at: datetime) -> datetime:
    """When a draw by lottery value must be made: a time on the next working day."""
    day = working_calendar().day_after(clock.local_day(closed_at), 1)
    return moment(day, values.draw_latest)


_LATER = aliased(Award)
_RESULTS = (
    select(Need)
    .join(Award, Award.need_id == Need.id)
    .where(
        Award.decided_at.is_not(None),
        ~exists().where(
            _LATER.need_id == Award.need_id,
            or_(
                _LATER.decided_at > Award.decided_at,
                and_(_LATER.decided_at == Award.decided_at, _LATER.id > Award.id),
            ),
        ),
    )
    .order_by(Award.decided_at.desc(), Award.need_id.desc())
)


def results() -> Select[Need]:
    """Needs whose selection came to an end in public, newest first."""
    return _RESULTS


def annulment_of(running: SelectionRound) -> DrawAnnulment | None:
    """The annulment proposed or decided for a round, if there is one."""
    return db.session.scalar(
        select(DrawAnnulment).where(
            DrawAnnulment.round_id == running.id, DrawAnnulment.refused_at.is_(None)
        )
    )


def waits_for_annulment(running: SelectionRound) -> bool:
    """Whether a proposed annulment waits for its decision: nobody is bound by the draw meanwhile."""
    found = annulment_of(running)
    return found is not None and found.approved_at is None


def undecided_annulment() -> Exists:
    """For a statement over awards: an annulment of the award's draw waits for its decision."""
    return exists().where(
        DrawAnnulment.round_id == Award.round_id,
        DrawAnnulment.approved_at.is_(None),
        DrawAnnulment.refused_at.is_(None),
    )


def annulments_to_decide() -> list[DrawAnnulment]:
    """Proposed annulments that wait for the superior bureau, oldest first."""
    return list(
        db.session.scalars(
            select(DrawAnnulment)
            .where(DrawAnnulment.approved_at.is_(None), DrawAnnulment.refused_at.is_(None))
            .order_by(DrawAnnulment.id)
        )
    )


def annulment(public_id: str) -> DrawAnnulment:
    """By public id; raises Missing."""
    found = db.session.scalar(select(DrawAnnulment).where(DrawAnnulment.public_id == public_id))
    if found is None:
        raise Missing(f"annulment {public_id}")
    return found


def places(running: SelectionRound) -> dict[str, int]:
    """Credit code → place in the order drawn, or settled by the method; empty before it is."""
    if running.ranking is not None:
        return {code: place for place, code in enumerate(running.ranking, 1)}
    if running.proof is None:
        return {}
    return {code: place for place, code in enumerate(json.loads(running.proof)["order"], 1)}


def public_proofs() -> list[tuple[str, str]]:
    """(file name, proof) of every draw ever made, annulled ones and those among equals and of
    judges too, in order."""
    rows = db.session.execute(
        select(Need.number, SelectionRound.attempt, SelectionRound.proof)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(SelectionRound.proof.is_not(None))
        .order_by(Need.number, SelectionRound.attempt)
    )
    equals = db.session.execute(
        select(Need.number, SelectionRound.attempt, TieDraw.number, TieDraw.proof)
        .join(SelectionRound, SelectionRound.id == TieDraw.round_id)
        .join(Need, Need.id == SelectionRound.need_id)
        .order_by(Need.number, SelectionRound.attempt, TieDraw.number)
    )
    judges = db.session.execute(
        select(Need.number, SelectionRound.attempt, Panel.proof)
        .join(SelectionRound, SelectionRound.id == Panel.round_id)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(Panel.status == PanelStatus.DONE)
        .order_by(Need.number, SelectionRound.attempt)
    )
    return [
        *((f"{number}-{attempt}-judges.json", proof) for number, attempt, proof in judges if proof),
        *((f"{number}-{attempt}.json", proof) for number, attempt, proof in rows if proof),
        *((f"{number}-{attempt}-tie-{tie}.json", proof) for number, attempt, tie, proof in equals),
    ]


def proof_of(need: Need, attempt: int | None = None) -> str:
    """The proof of a need's draw (the newest, or of one attempt); raises Missing."""
    for running in reversed(rounds_of(need)):
        if running.proof is not None and attempt in (None, running.attempt):
            return running.proof
    raise Missing(f"need {need.id} has no draw")


def uses_draw(need: Need) -> bool:
    """Whether the need is decided by a draw."""
    return need.draw_source is not None


def uses_ceremony(need: Need) -> bool:
    """Whether the draw's public value comes from a ceremony."""
    return need.draw_source is DrawSource.CEREMONY

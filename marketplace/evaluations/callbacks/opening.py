"""Open call-backs: of every low mark at its reveal, of the month's drawn sample of full ones."""

from __future__ import annotations

from datetime import date, datetime

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.selection.methods.random_draw import shuffle

from .. import queries as evaluations
from ..models import Evaluation, EvaluationWindow
from . import queries, rules
from .models import CallbackCause, CallbackDraw, CallbackStatus, EvaluationCallback


def open_for_low(given: Evaluation, actor: Actor, now: datetime) -> EvaluationCallback | None:
    """The call-back of an evaluation just revealed, where it holds a low mark."""
    edition = evaluations.edition_for(given.window.contract, now)
    if not rules.is_low(given.latest.marks, edition.values):
        return None
    return _open(given, CallbackCause.LOW, None, actor, now)


def draw_month(window: EvaluationWindow, month: date, actor: Actor, now: datetime) -> int:
    """Draw the sample of a month for a window's area and open its call-backs; 0 where the head of
    the month's last day is not published yet."""
    head = queries.head_of(month)
    if head is None:
        return 0
    area = window.contract.jurisdiction_code
    edition = evaluations.edition_for(window.contract, now)
    full = {
        each.public_id: each
        for each in queries.revealed_in(month, area)
        if rules.is_full(each.latest.marks)
    }
    references = sorted(full, key=str.encode)
    listed = rules.population_sha256(references)
    seed = rules.seed_of(area, month, listed, head.seq, head.hash)
    size = rules.sample_size(len(references), edition.values)
    drawn = list(shuffle(references, seed))[:size]
    made = CallbackDraw(
        jurisdiction_code=area,
        month=month,
        population=references,
        population_sha256=listed,
        head_seq=head.seq,
        head=head.hash,
        seed=seed,
        drawn=drawn,
        edition_id=edition.id,
        drawn_at=now,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("callback.drawn", actor, made, now, population=listed, seed=seed, size=size)
    for reference in drawn:
        _open(full[reference], CallbackCause.SAMPLED, made, actor, now)
    return 1


def _open(
    given: Evaluation,
    cause: CallbackCause,
    draw: CallbackDraw | None,
    actor: Actor,
    now: datetime,
) -> EvaluationCallback:
    contract = given.window.contract
    edition = evaluations.edition_for(contract, now)
    found = EvaluationCallback(
        evaluation_id=given.id,
        cause=cause,
        draw_id=draw.id if draw else None,
        jurisdiction_code=contract.jurisdiction_code,
        month=draw.month if draw else clock.local_day(now).replace(day=1),
        opened_at=now,
        due_at=working_calendar().deadline(now, edition.values.callback_working_days),
        edition_id=edition.id,
        questions=list(edition.values.callback_questions),
    )
    lifecycle.begin(found, CallbackStatus.WAITING, actor, now)
    return found

"""Open call-backs: of every low mark at its reveal, of the month's drawn sample of full ones."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.selection.methods.random_draw import shuffle

from .. import queries as evaluations
from ..models import Evaluation, EvaluationWindow
from ..rules import Direction, EvaluationPolicy
from . import listing, rules
from .models import (
    CallbackCause,
    CallbackDraw,
    CallbackList,
    CallbackStatus,
    EvaluationCallback,
)


def open_for_low(given: Evaluation, actor: Actor, now: datetime) -> EvaluationCallback | None:
    """The call-back of an evaluation just revealed, where it holds a low mark."""
    edition = evaluations.edition_for(given.window.contract, now)
    if not rules.is_low(given.latest.marks, edition.values.callback_up_to):
        return None
    return _open(given, CallbackCause.LOW, None, actor, now)


def list_month(window: EvaluationWindow, actor: Actor, now: datetime) -> CallbackList | None:
    """List what a window's area revealed in the window's month; None where it is listed already.

    Its hash goes into the ledger before the seed of the draw can be known: afterwards nothing is
    left out of the list or added to it unnoticed.
    """
    assert window.revealed_at is not None  # asked of revealed windows alone
    month = clock.local_day(window.revealed_at).replace(day=1)
    area = window.contract.jurisdiction_code
    if listing.is_listed(area, month):
        return None
    edition = evaluations.edition_for(window.contract, now)
    found = sorted(listing.revealed_in(month, area), key=lambda each: each.token)
    lines = [each.line() for each in found]
    made = CallbackList(
        jurisdiction_code=area,
        month=month,
        lines=lines,
        openings=[each.opening() for each in found],
        sha256=rules.list_sha256(lines),
        edition_id=edition.id,
        listed_at=now,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        listing.LISTED,
        actor,
        made,
        now,
        jurisdiction=area,
        month=f"{month:%Y-%m}",
        list=made.sha256,
        count=len(lines),
    )
    return made


def draw_listed(listed: CallbackList, actor: Actor, now: datetime) -> int:
    """Draw the sample of a listed month and open its call-backs; 0 where the head that covers the
    list is not published yet, or it was drawn before."""
    head = listing.head_over(listed)
    if head is None or listing.draw_of(listed) is not None:
        return 0
    edition = policy.by_id(EvaluationPolicy, listed.edition_id)
    area, month = listed.jurisdiction_code, listed.month
    references = sorted(listing.population_of(listed), key=str.encode)
    form = rules.NAMED_FORMAT if listed.openings is None else rules.FORMAT
    seed = rules.seed_of(area, month, listed.sha256, head.seq, head.hash, form)
    size = rules.sample_size(len(references), edition.values)
    drawn = list(shuffle(references, seed))[:size]
    made = CallbackDraw(
        jurisdiction_code=area,
        month=month,
        population=references,
        population_sha256=listed.sha256,
        head_seq=head.seq,
        head=head.hash,
        seed=seed,
        drawn=drawn,
        edition_id=edition.id,
        drawn_at=now,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("callback.drawn", actor, made, now, list=listed.sha256, seed=seed, size=size)
    for given in listing.still_to_call(listed, drawn):
        _open(given, CallbackCause.SAMPLED, made, actor, now)
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
        questions=list(
            edition.values.callback_assessor_questions
            if given.direction is Direction.ASSESSOR_TO_FIRM
            else edition.values.callback_questions
        ),
    )
    lifecycle.begin(found, CallbackStatus.WAITING, actor, now)
    return found

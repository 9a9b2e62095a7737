"""Which assessors may mark a contract, and whether one of them is still awaited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Select, exists, select

from marketplace.accounts.queries import below, lineage
from marketplace.contracts.models import Contract
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db, fetch

from ..models import Evaluation, EvaluationWindow, WindowStatus
from ..rules import PARTIES, Direction, EvaluationPolicy
from .models import AppointmentStatus, AssessorAppointment, AssessorRecusal
from .ties import relations


def has_part(window: EvaluationWindow) -> bool:
    """Whether the window's edition gives anybody but the parties a part."""
    return bool(policy.by_id(EvaluationPolicy, window.edition_id).values.assessor_kinds)


def covering(window: EvaluationWindow, now: datetime) -> list[AssessorAppointment]:
    """The appointments in force that reach a window's contract, whoever is related or not."""
    if not has_part(window):
        return []
    found = db.session.scalars(
        in_force(now)
        .where(
            AssessorAppointment.jurisdiction_code.in_(lineage(window.contract.jurisdiction_code))
        )
        .order_by(AssessorAppointment.id)
    )
    return [each for each in found if covers(each, window)]


def in_force(now: datetime) -> Select[AssessorAppointment]:
    """The appointments that are in force at a moment."""
    today = clock.local_day(now)
    return select(AssessorAppointment).where(
        AssessorAppointment.status == AppointmentStatus.IN_FORCE,
        AssessorAppointment.starts_on <= today,
        AssessorAppointment.ends_on >= today,
    )


def covers(appointment: AssessorAppointment, window: EvaluationWindow) -> bool:
    """Whether an appointment in force reaches a window's contract, by the window's edition."""
    contract = window.contract
    kinds = policy.by_id(EvaluationPolicy, window.edition_id).values.assessor_kinds
    items = appointment.item_codes
    return (
        appointment.kind in kinds
        and appointment.jurisdiction_code in lineage(contract.jurisdiction_code)
        and (not items or contract.need.item_code in items)
    )


def appointment_for(
    window: EvaluationWindow, organisation_id: int | None, now: datetime
) -> AssessorAppointment | None:
    """The appointment by which an organisation may mark a window's contract; None without one."""
    return next(
        (each for each in covering(window, now) if each.organisation_id == organisation_id), None
    )


def recused(window: EvaluationWindow, organisation_id: int) -> AssessorRecusal | None:
    """Where an assessor declared that it stands aside."""
    return db.session.scalar(
        select(AssessorRecusal).where(
            AssessorRecusal.window_id == window.id,
            AssessorRecusal.organisation_id == organisation_id,
        )
    )


def awaited(window: EvaluationWindow, now: datetime) -> bool:
    """Whether some assessor may still mark and has not: then the parties' marks do not show yet."""
    if not has_part(window):
        return False
    done = set(
        db.session.scalars(
            select(Evaluation.rater_organisation_id).where(
                Evaluation.window_id == window.id,
                Evaluation.direction == Direction.ASSESSOR_TO_FIRM,
            )
        )
    )
    done |= set(
        db.session.scalars(
            select(AssessorRecusal.organisation_id).where(AssessorRecusal.window_id == window.id)
        )
    )
    left = {each.organisation_id for each in covering(window, now)} - done
    return len(relations(left, [window.contract])) < len(left)


def complete(area: Sequence[str] | None = None) -> list[int]:
    """Open windows in which both parties have marked, of an area where one is named: they wait for
    assessors, or for nobody any more."""
    asked = _complete()
    if area is None:
        return [row[0] for row in fetch(asked)]
    asked = asked.join(Contract, Contract.id == EvaluationWindow.contract_id).where(
        Contract.jurisdiction_code.in_(area)
    )
    return list(db.session.scalars(asked))


@cache
def _complete() -> Select[int]:
    asked = select(EvaluationWindow.id).where(
        EvaluationWindow.status == WindowStatus.OPEN,
        # an open window has its end as its next check, an index of few among all windows
        EvaluationWindow.next_check_at.is_not(None),
        *(
            exists().where(
                Evaluation.window_id == EvaluationWindow.id, Evaluation.direction == side
            )
            for side in sorted(PARTIES)
        ),
    )
    return asked.order_by(EvaluationWindow.id)


def waiting_for(appointment: AssessorAppointment) -> list[int]:
    """The complete windows an appointment may reach."""
    return complete(below(appointment.jurisdiction_code))

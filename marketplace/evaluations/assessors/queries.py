"""Reads about assessors: what each may mark and marked, the appointments of an area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from marketplace.accounts.models import Membership, Organisation, OrganisationFunction
from marketplace.accounts.queries import below
from marketplace.contracts.models import Contract
from marketplace.foundation.db import as_written, db
from marketplace.projects.models import Need

from ..models import Evaluation, EvaluationWindow, WindowStatus
from ..queries import evaluation
from ..rules import Direction
from .awaiting import covers, in_force
from .models import AppointmentStatus, AssessorAppointment, AssessorRecusal
from .ties import relations

_ON_A_CONTRACT = (
    joinedload(Evaluation.window).joinedload(EvaluationWindow.contract).joinedload(Contract.need),
)


def has_staff(organisation_id: int) -> bool:
    """Whether somebody of an organisation also works for an office."""
    here = select(Membership.user_id).where(
        Membership.organisation_id == organisation_id, Membership.until.is_(None)
    )
    office = exists().where(
        Membership.user_id.in_(here),
        Membership.until.is_(None),
        Membership.organisation_id == Organisation.id,
        Organisation.function != OrganisationFunction.PARTY,
    )
    return bool(db.session.scalar(select(office)))


def assessment(window: EvaluationWindow, organisation_id: int | None) -> Evaluation | None:
    """One assessor's marks; callers show them to that assessor only until the reveal."""
    return evaluation(window, Direction.ASSESSOR_TO_FIRM, organisation_id)


def open_for(organisation_id: int, now: datetime, limit: int = 100) -> list[EvaluationWindow]:
    """Open windows an assessor may mark or has marked, by their end; related ones left out."""
    held = db.session.scalars(
        in_force(now).where(AssessorAppointment.organisation_id == organisation_id)
    ).all()
    if not held:
        return []
    stood_aside = exists().where(
        AssessorRecusal.window_id == EvaluationWindow.id,
        AssessorRecusal.organisation_id == organisation_id,
    )
    windows = db.session.scalars(
        select(EvaluationWindow)
        .join(EvaluationWindow.contract)
        .join(Contract.need)
        .where(
            EvaluationWindow.status == WindowStatus.OPEN,
            or_(*(_reached(each) for each in held)),
            ~stood_aside,
        )
        .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
        .options(contains_eager(EvaluationWindow.contract).contains_eager(Contract.need))
    )
    # the edition of the window has the last word on who marks, and who is related stands aside
    covered = [window for window in windows if any(covers(each, window) for each in held)]
    related = relations([organisation_id], [window.contract for window in covered])
    return [window for window in covered if (organisation_id, window.contract_id) not in related][
        :limit
    ]


def marked_by(organisation_id: int, windows: Sequence[EvaluationWindow]) -> set[int]:
    """In which of some windows an assessor has marked, by their numbers."""
    return set(
        db.session.scalars(
            select(Evaluation.window_id).where(
                Evaluation.rater_organisation_id == organisation_id,
                Evaluation.direction == Direction.ASSESSOR_TO_FIRM,
                Evaluation.window_id.in_([window.id for window in windows]),
            )
        )
    )


def _reached(appointment: AssessorAppointment) -> ColumnElement[bool]:
    """The contracts of an appointment's area and items, in a query that joins their needs."""
    area = Contract.jurisdiction_code.in_(below(appointment.jurisdiction_code))
    if not appointment.item_codes:
        return area
    return and_(area, Need.item_code.in_(appointment.item_codes))


def given_by(organisation_id: int, limit: int = 50) -> list[Evaluation]:
    """What an assessor has marked, the newest first."""
    return list(
        db.session.scalars(
            select(Evaluation)
            .where(
                Evaluation.rater_organisation_id == organisation_id,
                Evaluation.direction == Direction.ASSESSOR_TO_FIRM,
            )
            .order_by(Evaluation.id.desc())
            .limit(as_written(limit))
            .options(joinedload(Evaluation.about), *_ON_A_CONTRACT)
        )
    )


def appointments(codes: Sequence[str]) -> Select[AssessorAppointment]:
    """The appointments of an area, the newest first."""
    return (
        select(AssessorAppointment)
        .where(AssessorAppointment.jurisdiction_code.in_(codes))
        .order_by(AssessorAppointment.id.desc())
        .options(joinedload(AssessorAppointment.organisation))
    )


def proposed(codes: Sequence[str], limit: int = 100) -> list[AssessorAppointment]:
    """The proposed appointments of an area that wait for another officer, the oldest first."""
    return list(
        db.session.scalars(
            select(AssessorAppointment)
            .where(
                AssessorAppointment.jurisdiction_code.in_(codes),
                AssessorAppointment.status == AppointmentStatus.PROPOSED,
            )
            .order_by(AssessorAppointment.proposed_at, AssessorAppointment.id)
            .limit(as_written(limit))
            .options(joinedload(AssessorAppointment.organisation))
        )
    )


def appointed(organisation_id: int) -> list[AssessorAppointment]:
    """An organisation's own appointments, the newest first; proposed ones are not its yet."""
    return list(
        db.session.scalars(
            select(AssessorAppointment)
            .where(
                AssessorAppointment.organisation_id == organisation_id,
                AssessorAppointment.status.not_in(
                    (AppointmentStatus.PROPOSED, AppointmentStatus.REFUSED)
                ),
            )
            .order_by(AssessorAppointment.id.desc())
        )
    )

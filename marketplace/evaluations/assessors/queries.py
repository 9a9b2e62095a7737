"""Reads about assessors: who may mark what, who is still awaited, what the public may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from marketplace.accounts.models import Membership, Organisation, OrganisationFunction
from marketplace.accounts.queries import below, lineage
from marketplace.contracts.models import Contract
from marketplace.foundation import clock, policy
from marketplace.foundation.db import as_written, db
from marketplace.projects.models import Need

from ..models import EvaluationWindow, WindowStatus
from ..queries import edition_of
from ..rules import EvaluationPolicy
from .models import (
    AppointmentStatus,
    Assessment,
    AssessorAppointment,
    AssessorRecusal,
)
from .ties import relations

_ON_A_CONTRACT = (
    joinedload(Assessment.window).joinedload(EvaluationWindow.contract).joinedload(Contract.need),
)


def has_part(window: EvaluationWindow) -> bool:
    """Whether the window's edition gives anybody but the parties a part."""
    return bool(policy.by_id(EvaluationPolicy, window.edition_id).values.assessor_kinds)


def kinds_of(jurisdiction_code: str, day: date) -> tuple[str, ...]:
    """The kinds of assessors the edition in force in an area gives a part."""
    return edition_of(jurisdiction_code, day).values.assessor_kinds


def covering(window: EvaluationWindow, now: datetime) -> list[AssessorAppointment]:
    """The appointments in force that reach a window's contract, whoever is related or not."""
    if not has_part(window):
        return []
    found = db.session.scalars(
        _in_force(now)
        .where(
            AssessorAppointment.jurisdiction_code.in_(lineage(window.contract.jurisdiction_code))
        )
        .order_by(AssessorAppointment.id)
    )
    return [each for each in found if _covers(each, window)]


def _in_force(now: datetime) -> Select[AssessorAppointment]:
    today = clock.local_day(now)
    return select(AssessorAppointment).where(
        AssessorAppointment.status == AppointmentStatus.IN_FORCE,
        AssessorAppointment.starts_on <= today,
        AssessorAppointment.ends_on >= today,
    )


def _covers(appointment: AssessorAppointment, window: EvaluationWindow) -> bool:
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


def recused(window: EvaluationWindow, organisation_id: int) -> AssessorRecusal | None:
    """Where an assessor declared that it stands aside."""
    return db.session.scalar(
        select(AssessorRecusal).where(
            AssessorRecusal.window_id == window.id,
            AssessorRecusal.organisation_id == organisation_id,
        )
    )


def assessment(window: EvaluationWindow, organisation_id: int | None) -> Assessment | None:
    """One assessor's marks; callers show them to that assessor only until the reveal."""
    return db.session.scalar(
        select(Assessment).where(
            Assessment.window_id == window.id, Assessment.organisation_id == organisation_id
        )
    )


def assessments_in(window: EvaluationWindow) -> list[Assessment]:
    """All assessors' marks on a window's contract."""
    return list(
        db.session.scalars(
            select(Assessment).where(Assessment.window_id == window.id).order_by(Assessment.id)
        )
    )


def awaited(window: EvaluationWindow, now: datetime) -> bool:
    """Whether some assessor may still mark and has not: then the parties' marks do not show yet."""
    if not has_part(window):
        return False
    done = {each.organisation_id for each in assessments_in(window)}
    done |= set(
        db.session.scalars(
            select(AssessorRecusal.organisation_id).where(AssessorRecusal.window_id == window.id)
        )
    )
    left = {each.organisation_id for each in covering(window, now)} - done
    return len(relations(left, [window.contract])) < len(left)


def open_for(organisation_id: int, now: datetime, limit: int = 100) -> list[EvaluationWindow]:
    """Open windows an assessor may mark or has marked, by their end; related ones left out."""
    held = db.session.scalars(
        _in_force(now).where(AssessorAppointment.organisation_id == organisation_id)
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
    covered = [window for window in windows if any(_covers(each, window) for each in held)]
    related = relations([organisation_id], [window.contract for window in covered])
    return [window for window in covered if (organisation_id, window.contract_id) not in related][
        :limit
    ]


def marked_by(organisation_id: int, windows: Sequence[EvaluationWindow]) -> set[int]:
    """In which of some windows an assessor has marked, by their numbers."""
    return set(
        db.session.scalars(
            select(Assessment.window_id).where(
                Assessment.organisation_id == organisation_id,
                Assessment.window_id.in_([window.id for window in windows]),
            )
        )
    )


def _reached(appointment: AssessorAppointment) -> ColumnElement[bool]:
    """The contracts of an appointment's area and items, in a query that joins their needs."""
    area = Contract.jurisdiction_code.in_(below(appointment.jurisdiction_code))
    if not appointment.item_codes:
        return area
    return and_(area, Need.item_code.in_(appointment.item_codes))


def given_by(organisation_id: int, limit: int = 50) -> list[Assessment]:
    """What an assessor has marked, the newest first."""
    return list(
        db.session.scalars(
            select(Assessment)
            .where(Assessment.organisation_id == organisation_id)
            .order_by(Assessment.id.desc())
            .limit(as_written(limit))
            .options(joinedload(Assessment.about), *_ON_A_CONTRACT)
        )
    )


def about(organisation_id: int, limit: int) -> list[Assessment]:
    """The revealed assessments of a firm, the newest first."""
    return list(
        db.session.scalars(
            select(Assessment)
            .join(EvaluationWindow, EvaluationWindow.id == Assessment.window_id)
            .where(
                Assessment.about_organisation_id == organisation_id,
                Assessment.rating_entry_id.is_not(None),
                EvaluationWindow.status == WindowStatus.REVEALED,
            )
            .order_by(Assessment.id.desc())
            .limit(as_written(limit))
            .options(
                joinedload(Assessment.organisation),
                joinedload(Assessment.appointment),
                selectinload(Assessment.versions),
                *_ON_A_CONTRACT,
            )
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

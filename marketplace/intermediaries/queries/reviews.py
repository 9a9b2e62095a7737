"""Applications: what they lack, their checks, rounds and steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import Select, select

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db
from marketplace.foundation.lifecycle import StatusChange

from ..models import (
    CheckStatus,
    Firm,
    FirmStatus,
    PointResult,
    ProfessionalCheck,
    ReviewPoint,
)
from .certificates import held
from .firms import admission_policy
from .offers import offerings


def points(firm: Firm) -> list[ReviewPoint]:
    """The points of the newest form check of the present application, in their order."""
    rows = db.session.scalars(
        select(ReviewPoint)
        .where(ReviewPoint.firm_id == firm.id, ReviewPoint.application == firm.application)
        .order_by(ReviewPoint.round.desc(), ReviewPoint.id)
    ).all()
    return [row for row in rows if row.round == rows[0].round]


@dataclass(frozen=True)
class ReviewRound:
    """One form check of one sending: when, and the answer on every point with its reason."""

    application: int
    number: int
    at: datetime
    points: tuple[ReviewPoint, ...]

    @property
    def to_mend(self) -> list[ReviewPoint]:
        """The points that were sent back."""
        return [point for point in self.points if point.result is PointResult.MEND]


def rounds(firm: Firm) -> list[ReviewRound]:
    """Every form check of a firm's applications, the latest first."""
    groups: dict[tuple[int, int], list[ReviewPoint]] = {}
    for row in db.session.scalars(
        select(ReviewPoint).where(ReviewPoint.firm_id == firm.id).order_by(ReviewPoint.id)
    ):
        groups.setdefault((row.application, row.round), []).append(row)
    found = [
        ReviewRound(application, number, rows[0].at, tuple(rows))
        for (application, number), rows in groups.items()
    ]
    return sorted(found, key=lambda each: (each.application, each.number), reverse=True)


def steps_of(firm: Firm) -> list[StatusChange]:
    """Where an application went, step by step, oldest first."""
    return list(
        db.session.scalars(
            select(StatusChange)
            .where(
                StatusChange.subject_type == Firm.__tablename__, StatusChange.subject_id == firm.id
            )
            .order_by(StatusChange.id)
        )
    )


def professional_checks(firm: Firm) -> list[ProfessionalCheck]:
    """The departments' checks of the present application."""
    return list(
        db.session.scalars(
            select(ProfessionalCheck)
            .where(
                ProfessionalCheck.firm_id == firm.id,
                ProfessionalCheck.application == firm.application,
            )
            .order_by(ProfessionalCheck.id)
        )
    )


def checks_of_department(organisation_id: int) -> Select[ProfessionalCheck]:
    """A department's checks, the waiting ones first, by deadline."""
    waiting = ProfessionalCheck.status == CheckStatus.WAITING
    return (
        select(ProfessionalCheck)
        .where(ProfessionalCheck.organisation_id == organisation_id)
        .order_by(waiting.desc(), ProfessionalCheck.due_at, ProfessionalCheck.id)
    )


WITH_BUREAU = (FirmStatus.SUBMITTED, FirmStatus.CHECKED, FirmStatus.QUESTIONED)


def applications(registers: Sequence[str], waiting_only: bool = False) -> Select[Firm]:
    """Applications on these registers for their officers: what waits first, by deadline."""
    waits = Firm.status.in_(WITH_BUREAU)
    query = select(Firm).where(Firm.register_code.in_(registers), Firm.status != FirmStatus.DRAFT)
    if waiting_only:
        query = query.where(waits)
    return query.order_by(waits.desc(), Firm.form_due_at, Firm.id)


def items_of(firm: Firm, day: date) -> dict[str, ServiceItem]:
    """The service items in force on ``day`` for the firm's register, by code."""
    return {item.code: item for item in catalogue.items(day, accounts.lineage(firm.register_code))}


def missing(firm: Firm, now: datetime) -> list[tuple[str, str]]:
    """What an application still lacks before it can be sent: (part of the page, sentence)."""
    day = clock.local_day(now)
    values = admission_policy(firm.register_code, day).values
    lacks: list[tuple[str, str]] = []
    if not firm.organisation.legal_representative or not firm.legal_digest:
        lacks.append(("subject", _("填写法定代表人姓名和身份证件号码")))
    if not firm.agent_name or not firm.agent_phone:
        lacks.append(("subject", _("填写经办人姓名和联系电话")))
    if firm.licence_file_id is None:
        lacks.append(("subject", _("上传登记证照")))
    if values.decoupling_required and not firm.decoupled:
        lacks.append(("subject", _("声明与行政机关在人员、资金、管理上脱钩")))
    own = offerings(firm.id)
    if not own:
        lacks.append(("offerings", _("至少承接一个服务事项")))
    certificates = held(firm.id, day)
    items = items_of(firm, day)
    for each in own:
        item = items.get(each.item_code)
        if item is not None and not catalogue.meets(item, certificates):
            lacks.append(("qualifications", _("登记“%(item)s”所需的有效资质", item=item.name)))
    return lacks


def waiting_checks(register_codes: Sequence[str], limit: int) -> list[ProfessionalCheck]:
    """Professional checks on these registers that wait for a department, by deadline."""
    return list(
        db.session.scalars(
            select(ProfessionalCheck)
            .join(Firm, Firm.id == ProfessionalCheck.firm_id)
            .where(
                Firm.register_code.in_(register_codes),
                ProfessionalCheck.status == CheckStatus.WAITING,
            )
            .order_by(ProfessionalCheck.due_at, ProfessionalCheck.id)
            .limit(as_written(limit))
        )
    )

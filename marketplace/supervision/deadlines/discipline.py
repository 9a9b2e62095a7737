"""The clocks of penalties, soft measures, repairs and inspections."""

from __future__ import annotations

from sqlalchemy import func

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.projects.models import Need
from marketplace.sanctions.appeals.models import Appeal, AppealStatus
from marketplace.sanctions.measures.models import Measure, MeasureKind, MeasureStatus
from marketplace.sanctions.models import Card, CardStatus, Case, CaseStatus
from marketplace.sanctions.repairs.models import OPEN_REPAIRS, CreditRepair

from ..inspections.models import ContractInspection, InspectionStatus
from ..models import ClockKind
from .shape import Deadline, against_firm

DISCIPLINE: tuple[Deadline, ...] = (
    against_firm(
        ClockKind.CORRECTION,
        Card,
        Card.organisation_id,
        Card.decided_at,
        Card.correct_by,
        Card.status == CardStatus.CORRECTING,
    ),
    against_firm(
        ClockKind.STATEMENT,
        Case,
        Case.organisation_id,
        Case.reported_at,
        Case.statement_due_at,
        Case.status == CaseStatus.REPORTED,
    ),
    against_firm(
        ClockKind.CASE,
        Case,
        None,
        Case.status_since,
        Case.suspended_until,
        Case.status.in_((CaseStatus.HEARD, CaseStatus.PROPOSED)),
        Case.suspended_until.is_not(None),
    ),
    against_firm(
        ClockKind.APPEAL,
        Appeal,
        None,
        Appeal.filed_at,
        Appeal.due_at,
        Appeal.status == AppealStatus.FILED,
        superior=True,
    ),
    against_firm(
        ClockKind.REPAIR,
        CreditRepair,
        None,
        CreditRepair.filed_at,
        CreditRepair.due_at,
        CreditRepair.status.in_(OPEN_REPAIRS),
    ),
    *(
        against_firm(
            ClockKind.MEASURE,
            Measure,
            whose,
            Measure.issued_at,
            Measure.due_at,
            Measure.status.in_((MeasureStatus.OPEN, MeasureStatus.OVERDUE)),
            Measure.due_at.is_not(None),
            kind,
            about=func.coalesce(Measure.reference, Measure.authority, Organisation.name),
        )
        for whose, kind in (
            (Measure.organisation_id, Measure.kind != MeasureKind.TRANSFER),
            # the other authority has no account here: the bureau asks after its reply
            (None, Measure.kind == MeasureKind.TRANSFER),
        )
    ),
    Deadline(
        ClockKind.INSPECTION,
        of=ContractInspection,
        whose=None,
        jurisdiction=ContractInspection.jurisdiction_code,
        about=Need.title,
        page=ContractInspection.public_id,
        since=ContractInspection.opened_at,
        due=ContractInspection.due_at,
        joined=(
            (Contract, Contract.id == ContractInspection.contract_id),
            (Need, Need.id == Contract.need_id),
        ),
        running=(ContractInspection.status == InspectionStatus.DUE,),
    ),
)

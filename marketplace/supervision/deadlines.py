"""The deadlines of every package as they stand now, and whose clock each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Select, String, cast, func, literal, null, select, union_all

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.contracts.models import (
    RUNNING,
    Contract,
    ContractStatus,
    Deliverable,
    DeliverableStatus,
)
from marketplace.evaluations.callbacks.models import CallbackStatus, EvaluationCallback
from marketplace.evaluations.models import Evaluation, EvaluationWindow, WindowStatus
from marketplace.evaluations.reviews.models import EvaluationReview
from marketplace.evaluations.reviews.queries import LIVE as REVIEWED
from marketplace.evaluations.rules import PARTIES
from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.intermediaries.models import CheckStatus, Firm, FirmStatus, ProfessionalCheck
from marketplace.notices.models import Objection, ObjectionStatus, PublicNotice
from marketplace.orders.models import AskStatus, Order, OrderAsk
from marketplace.projects.models import Need
from marketplace.sanctions.appeals.models import Appeal, AppealStatus
from marketplace.sanctions.appeals.queries import reviewing_offices
from marketplace.sanctions.measures.models import Measure, MeasureKind, MeasureStatus
from marketplace.sanctions.models import Card, CardStatus, Case, CaseStatus
from marketplace.sanctions.repairs.models import CreditRepair, RepairStatus
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, AwardStatus, Entry

from .inspections.models import ContractInspection, InspectionStatus
from .models import ClockKind

Key = tuple[ClockKind, int, int]


@dataclass(frozen=True)
class Found:
    """A clock as it stands in its own package now."""

    kind: ClockKind
    subject_id: int
    organisation_id: int
    jurisdiction_code: str
    about: str
    key: str
    since: datetime
    due: datetime

    @property
    def place(self) -> Key:
        """Whose clock about what."""
        return (self.kind, self.subject_id, self.organisation_id)


@dataclass(frozen=True)
class Deadline:
    """How one package keeps one kind of deadline: a row is a clock that runs.

    ``whose`` is None where it is the bureau of the jurisdiction, or with ``superior`` each office
    over it; ``about`` is what a reader knows the matter by, ``page`` the public id in the address
    it is dealt with at.
    """

    kind: ClockKind
    of: type[Any]
    whose: Any
    jurisdiction: Any
    about: Any
    page: Any
    since: Any
    due: Any
    joined: tuple[tuple[type[Any], Any], ...]
    running: tuple[Any, ...]
    superior: bool = False

    def clocks(self) -> Select[Any]:
        """The clocks of this kind, in the columns all kinds share."""
        query = select(
            literal(self.kind.value).label("kind"),
            self.of.id.label("subject_id"),
            (null() if self.whose is None else self.whose).label("organisation_id"),
            self.jurisdiction.label("jurisdiction_code"),
            cast(self.about, String).label("about"),
            self.page.label("key"),
            self.since.label("since"),
            self.due.label("due"),
            literal(self.superior, Boolean).label("superior"),
        )
        for model, link in self.joined:
            query = query.join(model, link)
        return query.where(*self.running)


def _of_contract(
    kind: ClockKind,
    whose: Any,
    since: Any,
    due: Any,
    *running: Any,
    joined: tuple[tuple[type[Any], Any], ...] = (),
) -> Deadline:
    return Deadline(
        kind,
        Contract,
        whose,
        Contract.jurisdiction_code,
        Need.title,
        Contract.public_id,
        since,
        due,
        ((Need, Need.id == Contract.need_id), *joined),
        running,
    )


def _against_firm(
    kind: ClockKind,
    of: type[Any],
    whose: Any,
    since: Any,
    due: Any,
    *running: Any,
    superior: bool = False,
    about: Any = Organisation.name,
) -> Deadline:
    return Deadline(
        kind,
        of,
        whose,
        of.jurisdiction_code,
        about,
        of.public_id,
        since,
        due,
        ((Organisation, Organisation.id == of.organisation_id),),
        running,
        superior,
    )


def _of_evaluation(kind: ClockKind, of: type[Any], *running: Any) -> Deadline:
    return Deadline(
        kind,
        of,
        None,
        of.jurisdiction_code,
        Need.title,
        of.public_id,
        of.opened_at,
        of.due_at,
        (
            (Evaluation, Evaluation.id == of.evaluation_id),
            (EvaluationWindow, EvaluationWindow.id == Evaluation.window_id),
            (Contract, Contract.id == EvaluationWindow.contract_id),
            (Need, Need.id == Contract.need_id),
        ),
        running,
    )


def _unmarked_by(party: Any) -> Any:
    marked = select(Evaluation.id).where(
        Evaluation.window_id == EvaluationWindow.id,
        Evaluation.rater_organisation_id == party,
        Evaluation.direction.in_(PARTIES),
    )
    return ~marked.exists()


_WINDOW = ((EvaluationWindow, EvaluationWindow.contract_id == Contract.id),)
_DELIVERED = ((Deliverable, Deliverable.contract_id == Contract.id),)

DEADLINES: tuple[Deadline, ...] = (
    Deadline(
        ClockKind.AWARD,
        of=Award,
        whose=Award.organisation_id,
        jurisdiction=Need.jurisdiction_code,
        about=Need.title,
        page=Entry.public_id,
        since=Award.final_at,
        due=Award.accept_by,
        joined=((Need, Need.id == Award.need_id), (Entry, Entry.id == Award.entry_id)),
        running=(Award.status == AwardStatus.OFFERED, ~selection.undecided_annulment()),
    ),
    _against_firm(
        ClockKind.CORRECTION,
        Card,
        Card.organisation_id,
        Card.decided_at,
        Card.correct_by,
        Card.status == CardStatus.CORRECTING,
    ),
    _against_firm(
        ClockKind.STATEMENT,
        Case,
        Case.organisation_id,
        Case.reported_at,
        Case.statement_due_at,
        Case.status == CaseStatus.REPORTED,
    ),
    _against_firm(
        ClockKind.CASE,
        Case,
        None,
        Case.status_since,
        Case.suspended_until,
        Case.status.in_((CaseStatus.HEARD, CaseStatus.PROPOSED)),
        Case.suspended_until.is_not(None),
    ),
    _against_firm(
        ClockKind.APPEAL,
        Appeal,
        None,
        Appeal.filed_at,
        Appeal.due_at,
        Appeal.status == AppealStatus.FILED,
        superior=True,
    ),
    _against_firm(
        ClockKind.REPAIR,
        CreditRepair,
        None,
        CreditRepair.filed_at,
        CreditRepair.due_at,
        CreditRepair.status.in_((RepairStatus.FILED, RepairStatus.VERIFIED)),
    ),
    *(
        _against_firm(
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
        ClockKind.ORDER,
        of=OrderAsk,
        whose=OrderAsk.organisation_id,
        jurisdiction=Need.jurisdiction_code,
        about=Need.title,
        page=OrderAsk.public_id,
        since=OrderAsk.asked_at,
        due=OrderAsk.answer_by,
        joined=((Order, Order.id == OrderAsk.order_id), (Need, Need.id == Order.need_id)),
        running=(OrderAsk.status == AskStatus.ASKED,),
    ),
    *(
        _of_contract(
            ClockKind.CONTRACT,
            party,
            Contract.status_since,
            Contract.confirm_by,
            Contract.status == ContractStatus.DRAFTED,
            confirmed.is_(None),
        )
        for party, confirmed in (
            (Contract.owner_id, Contract.owner_confirmed_at),
            (Contract.firm_id, Contract.firm_confirmed_at),
        )
    ),
    *(
        _of_contract(
            ClockKind.MARKS,
            party,
            EvaluationWindow.opened_at,
            EvaluationWindow.ends_at,
            EvaluationWindow.status == WindowStatus.OPEN,
            _unmarked_by(party),
            joined=_WINDOW,
        )
        for party in (Contract.owner_id, Contract.firm_id)
    ),
    _of_evaluation(
        ClockKind.CALLBACK,
        EvaluationCallback,
        EvaluationCallback.status == CallbackStatus.WAITING,
    ),
    _of_evaluation(ClockKind.REVIEW, EvaluationReview, EvaluationReview.status.in_(REVIEWED)),
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
    _of_contract(
        ClockKind.DELIVERY,
        Contract.firm_id,
        Contract.signed_at,
        Contract.due_at,
        Contract.status == ContractStatus.ACTIVE,
    ),
    _of_contract(
        ClockKind.ACCEPTANCE,
        Contract.owner_id,
        Deliverable.submitted_at,
        Deliverable.accept_by,
        Deliverable.status == DeliverableStatus.SUBMITTED,
        joined=_DELIVERED,
    ),
    _of_contract(
        ClockKind.DECISION,
        Contract.owner_id,
        Contract.flagged_at,
        Contract.flag_decide_by,
        Contract.status.in_(RUNNING),
        Contract.flagged_at.is_not(None),
        Contract.flag_decided_at.is_(None),
    ),
    Deadline(
        ClockKind.FORM_CHECK,
        of=Firm,
        whose=None,
        jurisdiction=Firm.register_code,
        about=Organisation.name,
        page=Firm.public_id,
        since=Firm.submitted_at,
        due=Firm.form_due_at,
        joined=((Organisation, Organisation.id == Firm.organisation_id),),
        running=(Firm.status.in_((FirmStatus.SUBMITTED, FirmStatus.CHECKED)),),
    ),
    Deadline(
        ClockKind.PROFESSIONAL,
        of=ProfessionalCheck,
        whose=ProfessionalCheck.organisation_id,
        jurisdiction=Firm.register_code,
        about=Organisation.name,
        page=ProfessionalCheck.public_id,
        since=ProfessionalCheck.status_since,
        due=ProfessionalCheck.due_at,
        joined=(
            (Firm, Firm.id == ProfessionalCheck.firm_id),
            (Organisation, Organisation.id == Firm.organisation_id),
        ),
        running=(ProfessionalCheck.status == CheckStatus.WAITING,),
    ),
    Deadline(
        ClockKind.OBJECTION,
        of=Objection,
        whose=None,
        jurisdiction=PublicNotice.jurisdiction_code,
        about=PublicNotice.title,
        page=Objection.public_id,
        since=Objection.filed_at,
        due=Objection.due_at,
        joined=((PublicNotice, PublicNotice.id == Objection.notice_id),),
        running=(Objection.status.in_((ObjectionStatus.PENDING, ObjectionStatus.OVERDUE)),),
    ),
)


def running() -> list[Found]:
    """Every clock that runs for some organisation, read in one statement."""
    found = []
    for row in db.session.execute(union_all(*(each.clocks() for each in DEADLINES))):
        if row.due is None:
            continue
        owing: tuple[int, ...] = (row.organisation_id,)
        if row.organisation_id is None:
            owing = (_superiors_of if row.superior else _bureau_of)(row.jurisdiction_code)
        found += [
            Found(
                kind=ClockKind(row.kind),
                subject_id=row.subject_id,
                organisation_id=organisation_id,
                jurisdiction_code=row.jurisdiction_code,
                about=row.about,
                key=row.key,
                since=min(row.since, row.due),
                due=row.due,
            )
            for organisation_id in owing
        ]
    return found


def lotteries(now: datetime) -> Iterator[Found]:
    """Issues to be entered, once for each bureau whose draws wait for them."""
    for awaited in selection.lotteries_due(now):
        first, *_others = selection.rounds_waiting_for(awaited.game, awaited.day, awaited.bureau_id)
        _stored, values = selection.edition_of(first.need, awaited.day)
        closed = first.closed_at or first.status_since
        due = selection.draw_latest(values, closed)
        bureau = db.session.get_one(Organisation, awaited.bureau_id)
        yield Found(
            kind=ClockKind.LOTTERY,
            subject_id=first.id,
            organisation_id=bureau.id,
            jurisdiction_code=bureau.jurisdiction_code,
            about=f"{values.lottery_title} {clock.written_day(awaited.day)}",
            key="",
            since=min(closed, due),
            due=due,
        )


@epoch.remembered
def _bureau_of(code: str) -> tuple[int, ...]:
    try:
        return (accounts.bureau(code).id,)
    except Missing:
        return ()


@epoch.remembered
def _superiors_of(code: str) -> tuple[int, ...]:
    return tuple(office.id for office in reviewing_offices(code))

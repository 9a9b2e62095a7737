"""Which clocks run for whom, read from every package at once, and what each turn of them tells.

The deadlines themselves stand where they belong. Here they are only copied, so that a reminder
goes out once, at its own moment, and lamps can be listed without asking ten packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Select, String, and_, cast, literal, null, select, union_all

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.contracts.models import (
    RUNNING,
    Contract,
    ContractStatus,
    Deliverable,
    DeliverableStatus,
)
from marketplace.evaluations.models import Evaluation, EvaluationWindow, WindowStatus
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.policy import Edition
from marketplace.intermediaries.models import CheckStatus, Firm, FirmStatus, ProfessionalCheck
from marketplace.notices.models import Objection, ObjectionStatus, PublicNotice
from marketplace.notifications.actions import send
from marketplace.orders.models import AskStatus, Order, OrderAsk
from marketplace.projects.models import Need
from marketplace.sanctions.models import Card, CardStatus, Case, CaseStatus
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, AwardStatus, Entry, SelectionRound

from .models import ClockKind, RunningClock
from .rules import MICROSECOND, LampsPolicy, Moments, Stage, amber_from

# what the packages tell by themselves, in words of their own: not told a second time
TOLD: dict[ClockKind, frozenset[Stage]] = {
    kind: frozenset({Stage.START, Stage.RED}) for kind in ClockKind
} | {
    ClockKind.DECISION: frozenset({Stage.START}),
    # a silent owner is reminded by the contracts edition
    ClockKind.ACCEPTANCE: frozenset({Stage.START, Stage.AMBER}),
}
PATHS: dict[ClockKind, str] = {
    ClockKind.AWARD: "/entries/{}",
    ClockKind.CONTRACT: "/contracts/{}",
    ClockKind.DELIVERY: "/contracts/{}",
    ClockKind.ACCEPTANCE: "/contracts/{}",
    ClockKind.DECISION: "/contracts/{}",
    ClockKind.MARKS: "/contracts/{}/evaluation",
    ClockKind.CORRECTION: "/cards/{}",
    ClockKind.STATEMENT: "/cases/{}",
    ClockKind.FORM_CHECK: "/supervision/applications/{}",
    ClockKind.PROFESSIONAL: "/department/applications/{}",
    ClockKind.OBJECTION: "/objections/{}/answer",
    ClockKind.CASE: "/cases/{}",
    ClockKind.LOTTERY: "/supervision/lottery",
    ClockKind.ORDER: "/firm/orders/{}",
}
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


def follow_clocks(actor: Actor, now: datetime) -> int:
    """Begin, end and move the copies so that they equal the deadlines; returns how many changed."""
    live = {
        (row.kind, row.subject_id, row.organisation_id): row
        for row in db.session.scalars(select(RunningClock).where(RunningClock.ended_at.is_(None)))
    }
    found = {each.place: each for each in (*running(), *_lotteries(now))}
    changed = 0
    for place, row in live.items():
        each = found.get(place)
        if each is None or each.due != row.due_at or each.since != row.since:
            row.ended_at = now
            row.next_check_at = None
            changed += 1
        else:
            del found[place]
    db.session.flush()
    for each in found.values():
        _begin(each, now)
        changed += 1
    return changed


def advance_running_clock(row: RunningClock, actor: Actor, now: datetime) -> None:
    """Tell of the stage that has begun, once, where its own package does not; set the next."""
    if row.ended_at is not None:
        row.next_check_at = None
        return
    edition = policy.by_id(LampsPolicy, row.edition_id)
    moments = moments_of(row, edition.values)
    stage = moments.reached(now)
    row.next_check_at = moments.next_after(now)
    if row.stage is stage:
        return
    row.stage = stage
    if stage in edition.values.reminders and stage not in TOLD[row.kind]:
        _remind(row, stage, now)


def moments_of(row: RunningClock, values: LampsPolicy) -> Moments:
    """The instants at which the clock's stages begin."""
    # a clock that ends at midnight has its last day before that
    morning = moment(clock.local_day(row.due_at - MICROSECOND), values.due_day_at)
    return Moments(row.since, row.amber_at, morning, row.due_at)


def running() -> list[Found]:
    """Every clock that runs for some organisation, read in one statement."""
    offices: dict[str, int | None] = {}
    found = []
    for row in db.session.execute(_everything()):
        organisation_id = row.organisation_id
        if organisation_id is None:
            code = row.jurisdiction_code
            if code not in offices:
                offices[code] = _bureau_of(code)
            organisation_id = offices[code]
        if organisation_id is None or row.due is None:
            continue
        found.append(
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
        )
    return found


def _lotteries(now: datetime) -> Iterator[Found]:
    """Issues to be entered, once for each bureau whose draws wait for them."""
    for game, day in selection.lotteries_due(now):
        first: dict[int, SelectionRound] = {}
        for each in selection.rounds_waiting_for(game, day):
            bureau = _bureau_of(each.need.jurisdiction_code)
            if bureau is not None:
                first.setdefault(bureau, each)
        for bureau, each in first.items():
            _stored, values = selection.edition_of(each.need, day)
            closed = each.closed_at or each.status_since
            due = selection.draw_latest(values, closed)
            yield Found(
                kind=ClockKind.LOTTERY,
                subject_id=each.id,
                organisation_id=bureau,
                jurisdiction_code=db.session.get_one(Organisation, bureau).jurisdiction_code,
                about=f"{values.lottery_title} {day.isoformat()}",
                key="",
                since=min(closed, due),
                due=due,
            )


def _bureau_of(code: str) -> int | None:
    try:
        return accounts.bureau(code).id
    except Missing:
        return None


def _begin(each: Found, now: datetime) -> None:
    edition = _edition(each.jurisdiction_code, each.since)
    before = working_calendar().day_before(
        clock.local_day(each.due), edition.values.amber_working_days
    )
    local = each.due.astimezone(clock.SHANGHAI)
    row = RunningClock(
        kind=each.kind,
        subject_id=each.subject_id,
        organisation_id=each.organisation_id,
        jurisdiction_code=each.jurisdiction_code,
        about=each.about[:300],
        link=PATHS[each.kind].format(each.key),
        since=each.since,
        amber_at=amber_from(edition.values, each.since, each.due, moment(before, local.time())),
        due_at=each.due,
        edition_id=edition.id,
        next_check_at=now,
    )
    moments = moments_of(row, edition.values)
    silent = Stage.START in TOLD[each.kind] or Stage.START not in edition.values.reminders
    if silent and moments.reached(now) is Stage.START:
        # nothing is told of the beginning: the next look is at the stage after it
        row.stage, row.next_check_at = Stage.START, moments.next_after(now)
    db.session.add(row)
    db.session.flush()


def _edition(jurisdiction_code: str, since: datetime) -> Edition[LampsPolicy]:
    return policy.in_force(LampsPolicy, accounts.lineage(jurisdiction_code), clock.local_day(since))


def _remind(row: RunningClock, stage: Stage, now: datetime) -> None:
    until = clock.written(row.due_at)
    with force_locale("zh_CN"):
        words = {
            Stage.START: _("新办理事项"),
            Stage.AMBER: _("黄灯提醒"),
            Stage.DUE_DAY: _("今日到期"),
            Stage.RED: _("红灯：已超期"),
        }[stage]
        subject = _("%(stage)s：%(what)s", stage=words, what=row.kind.title)
        body = _("%(about)s。办理期限 %(until)s。", about=row.about, until=until)
    send(
        row.organisation_id,
        subject,
        body,
        row.link,
        f"clock:{row.id}:{stage}",
        now,
        address=row.organisation.email,
    )


def _everything() -> Any:
    return union_all(*_party_clocks(), *_contract_clocks(), *_office_clocks())


def _one(
    kind: ClockKind,
    subject: Any,
    organisation: Any,
    jurisdiction: Any,
    about: Any,
    key: Any,
    since: Any,
    due: Any,
) -> Select[Any]:
    return select(
        literal(kind.value).label("kind"),
        subject.label("subject_id"),
        organisation.label("organisation_id"),
        jurisdiction.label("jurisdiction_code"),
        cast(about, String).label("about"),
        key.label("key"),
        since.label("since"),
        due.label("due"),
    )


def _party_clocks() -> list[Select[Any]]:
    return [
        _one(
            ClockKind.AWARD,
            Award.id,
            Award.organisation_id,
            Need.jurisdiction_code,
            Need.title,
            Entry.public_id,
            Award.final_at,
            Award.accept_by,
        )
        .join(Need, Need.id == Award.need_id)
        .join(Entry, Entry.id == Award.entry_id)
        .where(Award.status == AwardStatus.OFFERED),
        _one(
            ClockKind.CORRECTION,
            Card.id,
            Card.organisation_id,
            Card.jurisdiction_code,
            Organisation.name,
            Card.public_id,
            Card.decided_at,
            Card.correct_by,
        )
        .join(Organisation, Organisation.id == Card.organisation_id)
        .where(Card.status == CardStatus.CORRECTING),
        _one(
            ClockKind.STATEMENT,
            Case.id,
            Case.organisation_id,
            Case.jurisdiction_code,
            Organisation.name,
            Case.public_id,
            Case.reported_at,
            Case.statement_due_at,
        )
        .join(Organisation, Organisation.id == Case.organisation_id)
        .where(Case.status == CaseStatus.REPORTED),
        _one(
            ClockKind.ORDER,
            OrderAsk.id,
            OrderAsk.organisation_id,
            Need.jurisdiction_code,
            Need.title,
            OrderAsk.public_id,
            OrderAsk.asked_at,
            OrderAsk.answer_by,
        )
        .join(Order, Order.id == OrderAsk.order_id)
        .join(Need, Need.id == Order.need_id)
        .where(OrderAsk.status == AskStatus.ASKED),
    ]


def _contract_clocks() -> list[Select[Any]]:
    selects = []
    for party, confirmed in (
        (Contract.owner_id, Contract.owner_confirmed_at),
        (Contract.firm_id, Contract.firm_confirmed_at),
    ):
        selects.append(
            _of_contract(
                ClockKind.CONTRACT, party, Contract.status_since, Contract.confirm_by
            ).where(Contract.status == ContractStatus.DRAFTED, confirmed.is_(None))
        )
        marked = select(Evaluation.id).where(
            Evaluation.window_id == EvaluationWindow.id, Evaluation.rater_organisation_id == party
        )
        selects.append(
            _of_contract(
                ClockKind.MARKS, party, EvaluationWindow.opened_at, EvaluationWindow.ends_at
            )
            .join(EvaluationWindow, EvaluationWindow.contract_id == Contract.id)
            .where(EvaluationWindow.status == WindowStatus.OPEN, ~marked.exists())
        )
    delivered = Deliverable.contract_id == Contract.id
    return [
        *selects,
        _of_contract(
            ClockKind.DELIVERY, Contract.firm_id, Contract.signed_at, Contract.due_at
        ).where(Contract.status == ContractStatus.ACTIVE),
        _of_contract(
            ClockKind.ACCEPTANCE, Contract.owner_id, Deliverable.submitted_at, Deliverable.accept_by
        ).join(Deliverable, and_(delivered, Deliverable.status == DeliverableStatus.SUBMITTED)),
        _of_contract(
            ClockKind.DECISION, Contract.owner_id, Contract.flagged_at, Contract.flag_decide_by
        ).where(
            Contract.status.in_(RUNNING),
            Contract.flagged_at.is_not(None),
            Contract.flag_decided_at.is_(None),
        ),
    ]


def _of_contract(kind: ClockKind, party: Any, since: Any, due: Any) -> Select[Any]:
    return _one(
        kind,
        Contract.id,
        party,
        Contract.jurisdiction_code,
        Need.title,
        Contract.public_id,
        since,
        due,
    ).join(Need, Need.id == Contract.need_id)


def _office_clocks() -> list[Select[Any]]:
    return [
        _one(
            ClockKind.FORM_CHECK,
            Firm.id,
            null(),
            Firm.register_code,
            Organisation.name,
            Firm.public_id,
            Firm.submitted_at,
            Firm.form_due_at,
        )
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(Firm.status.in_((FirmStatus.SUBMITTED, FirmStatus.CHECKED))),
        _one(
            ClockKind.PROFESSIONAL,
            ProfessionalCheck.id,
            ProfessionalCheck.organisation_id,
            Firm.register_code,
            Organisation.name,
            ProfessionalCheck.public_id,
            ProfessionalCheck.status_since,
            ProfessionalCheck.due_at,
        )
        .join(Firm, Firm.id == ProfessionalCheck.firm_id)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(ProfessionalCheck.status == CheckStatus.WAITING),
        _one(
            ClockKind.OBJECTION,
            Objection.id,
            null(),
            PublicNotice.jurisdiction_code,
            PublicNotice.title,
            Objection.public_id,
            Objection.filed_at,
            Objection.due_at,
        )
        .join(PublicNotice, PublicNotice.id == Objection.notice_id)
        .where(Objection.status.in_((ObjectionStatus.PENDING, ObjectionStatus.OVERDUE))),
        _one(
            ClockKind.CASE,
            Case.id,
            null(),
            Case.jurisdiction_code,
            Organisation.name,
            Case.public_id,
            Case.status_since,
            Case.suspended_until,
        )
        .join(Organisation, Organisation.id == Case.organisation_id)
        .where(
            Case.status.in_((CaseStatus.HEARD, CaseStatus.PROPOSED)),
            Case.suspended_until.is_not(None),
        ),
    ]

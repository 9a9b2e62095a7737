"""Reads across the packages: what waits for an officer, the audit ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.accounts.overseeing import organisations_of
from marketplace.accounts.permissions import Permission
from marketplace.evaluations.reviews import queries as reviews
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow, Finding
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.showing import show_date
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import FirmStatus
from marketplace.notices import queries as notices
from marketplace.ratings import queries as ratings
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.models import CardStatus, Case, CaseStatus
from marketplace.selection import queries as selection

from .lamps import dial, lamps_policy, shown
from .models import AuditSample, ClockKind
from .rules import Lamp

LIMIT = 50
NO_CLOCK = (ClockKind.CASE, 0)
LONGEST_RANGE = 5000


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for an officer. ``endpoint`` and ``values`` lead to it, for those who
    hold ``permission`` where one is named."""

    kind: Any
    what: str
    status: Any
    since: datetime
    due: datetime | None
    endpoint: str
    values: dict[str, str]
    clock: tuple[ClockKind, int] | None = None
    lamp: Lamp = Lamp.OFF
    permission: Permission | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Whether its deadline is over."""
        return self.due is not None and self.due <= now


def waiting(codes: Sequence[str], now: datetime) -> list[Waiting]:
    """Everything that waits for an officer of these jurisdictions, nearest deadline first.

    The lamps are those of the running clocks, so that they agree with the counts beside them; what
    arrived since the clocks were last followed is judged by the edition in force.
    """
    values, running = lamps_policy(codes[0], now), shown(codes, now)
    found = [
        replace(
            each,
            lamp=running.get(each.clock or NO_CLOCK)
            or dial(values, each.since, each.due, now).lamp,
        )
        for each in _all_waiting(codes, now)
    ]
    return sorted(found, key=lambda item: (item.due is None, item.due or item.since, item.since))


def _all_waiting(codes: Sequence[str], now: datetime) -> list[Waiting]:
    found = [
        *_objections(codes),
        *_cases(codes),
        *_cards(codes),
        *_proposals(codes),
        *_reviews(codes),
        *_professional_checks(codes),
        *_draws(codes, now),
    ]
    for firm in db.session.scalars(
        intermediaries.applications(codes, waiting_only=True).limit(LIMIT)
    ):
        found.append(
            Waiting(
                kind=_l("入驻审核"),
                what=firm.organisation.public_name,
                status=firm.status,
                since=firm.submitted_at or firm.status_since,
                due=firm.form_due_at if firm.status is not FirmStatus.QUESTIONED else None,
                endpoint="intermediaries.review",
                values={"public_id": firm.public_id},
                clock=(ClockKind.FORM_CHECK, firm.id),
            )
        )
    return found


def _objections(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("异议答复"),
            what=objection.notice.title,
            status=objection.status,
            since=objection.filed_at,
            due=objection.due_at,
            endpoint="notices.notice",
            values={"public_id": objection.notice.public_id},
            clock=(ClockKind.OBJECTION, objection.id),
        )
        for objection in notices.waiting_objections(list(codes), LIMIT)
    ]


def _cases(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("惩戒案件"),
            what=case.organisation.public_name,
            status=case.status,
            since=case.status_since,
            due=case.suspended_until,
            endpoint="sanctions.case",
            values={"public_id": case.public_id},
            clock=(ClockKind.CASE, case.id),
        )
        for status in (CaseStatus.HEARD, CaseStatus.PROPOSED)
        for case in sanctions.cases_with(status, codes)
    ]


def _cards(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("黄牌和红牌"),
            what=card.organisation.public_name,
            status=card.status,
            since=card.status_since,
            due=None,
            endpoint="sanctions.card",
            values={"public_id": card.public_id},
        )
        for status in (CardStatus.PROPOSED, CardStatus.REPORTED)
        for card in sanctions.cards_with(status, codes)
    ]


def _proposals(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("信用等级"),
            what=proposal.subject.organisation.public_name,
            status=proposal.status,
            since=proposal.status_since,
            due=None,
            endpoint="ratings.proposal",
            values={"public_id": proposal.public_id},
            permission=Permission.RATING_CONFIRM,
        )
        for proposal in ratings.proposals(codes, LIMIT)
    ]


def _reviews(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("评价核查"),
            what=review.evaluation.window.contract.need.title,
            status=review.status,
            since=review.opened_at,
            due=review.due_at,
            endpoint="evaluations.review",
            values={"public_id": review.public_id},
            clock=(ClockKind.REVIEW, review.id),
        )
        for review in reviews.waiting(codes, LIMIT)
    ]


def _professional_checks(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("专业核查"),
            what=check.firm.organisation.public_name,
            status=check.status,
            since=check.status_since,
            due=check.due_at,
            endpoint="intermediaries.review",
            values={"public_id": check.firm.public_id},
            clock=(ClockKind.PROFESSIONAL, check.id),
        )
        for check in intermediaries.waiting_checks(codes, LIMIT)
    ]


def _draws(codes: Sequence[str], now: datetime) -> list[Waiting]:
    """Lottery issues to enter and draws proposed for annulment."""
    found = []
    for awaited in selection.lotteries_due(now):
        here = [
            each
            for each in selection.rounds_waiting_for(awaited.game, awaited.day, awaited.bureau_id)
            if each.need.jurisdiction_code in codes
        ]
        if not here:
            continue
        first, day = here[0], awaited.day
        _edition, values = selection.edition_of(first.need, day)
        closed = first.closed_at or first.status_since
        found.append(
            Waiting(
                kind=_l("开奖号码登记"),
                what=f"{values.lottery_title} {show_date(day)}",
                status=first.status,
                since=closed,
                due=selection.draw_latest(values, closed),
                endpoint="selection.lottery",
                values={},
                clock=(ClockKind.LOTTERY, first.id),
                permission=Permission.LOTTERY_ENTER,
            )
        )
    for each in selection.annulments_to_decide():
        need = each.round.need
        if need.jurisdiction_code in codes:
            found.append(
                Waiting(
                    kind=_l("撤销抽取"),
                    what=need.title,
                    status=each.round.status,
                    since=each.proposed_at,
                    due=None,
                    endpoint="selection.annulment",
                    values={"public_id": need.public_id},
                )
            )
    return found


# ---- the audit ledger ----------------------------------------------------------


def events(actor: Actor) -> Select[AuditRow]:
    """What the people of the auditor's area did and what the clock did, newest first.

    The chain is one for the installation, so anybody who audits recomputes all of it; whose deeds
    are listed follows the area.
    """
    return (
        select(AuditRow)
        .where(
            AuditRow.organisation_id.is_(None)
            | AuditRow.organisation_id.in_(organisations_of(actor))
        )
        .order_by(AuditRow.seq.desc())
    )


def event_count() -> int:
    """How many events the ledger holds."""
    return db.session.scalar(select(func.count()).select_from(AuditRow)) or 0


@dataclass(frozen=True)
class Verification:
    """A stretch of the ledger recomputed: its range, its time, and what does not fit."""

    first: int
    last: int
    findings: list[Finding]
    from_at: datetime | None
    to_at: datetime | None


def read_range(first: str, last: str, newest: int) -> tuple[int, int]:
    """A range somebody typed; raises Invalid that says what is wrong with it."""
    numbers = []
    for name, text in (("first", first), ("last", last)):
        cleaned = text.strip()
        if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= 15):
            raise Invalid(_("序号请填写正整数"), field=name, rule="ledger.range")
        numbers.append(int(cleaned))
    begin, end = numbers
    if not 1 <= begin <= newest:
        raise Invalid(
            _("起始序号应在 1 至 %(newest)s 之间", newest=newest),
            field="first",
            rule="ledger.range",
        )
    if end > newest:
        raise Invalid(
            _("截止序号不能大于最新序号 %(newest)s", newest=newest),
            field="last",
            rule="ledger.range",
        )
    if end < begin:
        raise Invalid(_("截止序号不能小于起始序号"), field="last", rule="ledger.range")
    if end - begin >= LONGEST_RANGE:
        raise Invalid(
            _("一次最多校验 %(count)s 条，请缩小范围", count=LONGEST_RANGE),
            field="last",
            rule="ledger.range",
        )
    return begin, end


def verify_range(first: int, last: int) -> Verification:
    """Recompute rows ``first`` to ``last``, both included."""
    findings = list(audit.verify(first, last))
    times = db.session.execute(
        select(func.min(AuditRow.at), func.max(AuditRow.at)).where(
            AuditRow.seq.between(first, last)
        )
    ).one()
    return Verification(first, last, findings, times[0], times[1])


def verifications(limit: int = 10) -> list[AuditRow]:
    """The latest verifications, as the ledger itself keeps them."""
    return list(
        db.session.scalars(
            select(AuditRow)
            .where(AuditRow.action == "ledger.verified")
            .order_by(AuditRow.seq.desc())
            .limit(as_written(limit))
        )
    )


# ---- samples ------------------------------------------------------------------------


def samples(codes: Sequence[str]) -> Select[AuditSample]:
    """Audit samples of these jurisdictions, unfinished ones first, then the newest."""
    return (
        select(AuditSample)
        .where(AuditSample.jurisdiction_code.in_(codes))
        .order_by(AuditSample.signed_at.is_not(None), AuditSample.id.desc())
    )


def people(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of officers by key."""
    keys = [key for key in ids if key is not None]
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(keys)))
    return {row.id: row.name for row in rows}


def offered_codes(case: Case) -> set[str]:
    """What the firm a case is about offers now on the register that serves the case's place."""
    register = accounts.register_of(case.jurisdiction_code)
    firm = intermediaries.firm_of(case.organisation_id, register)
    return {each.item_code for each in intermediaries.offerings(firm.id)} if firm else set()

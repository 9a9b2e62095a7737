"""What waits for an officer, across the packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.evaluations.reviews import queries as reviews
from marketplace.foundation.db import db
from marketplace.foundation.showing import show_date
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import FirmStatus
from marketplace.notices import queries as notices
from marketplace.ratings import queries as ratings
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.appeals import queries as appeals
from marketplace.sanctions.measures import queries as measures
from marketplace.sanctions.measures.models import MeasureStatus
from marketplace.sanctions.models import CardStatus, CaseStatus
from marketplace.sanctions.national import queries as national
from marketplace.sanctions.repairs import queries as repairs
from marketplace.sanctions.repairs.models import RepairStatus
from marketplace.selection import queries as selection

from ..lamps import dial, lamps_policy, shown
from ..models import ClockKind
from ..rules import Lamp

LIMIT = 50
NO_CLOCK = (ClockKind.CASE, 0)


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
        *_appeals(codes),
        *_repairs(codes),
        *_measures(codes),
        *_national_lists(codes),
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


def _appeals(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("申诉复核"),
            what=appeal.organisation.public_name,
            status=appeal.status,
            since=appeal.filed_at,
            due=appeal.due_at,
            endpoint="sanctions.appeal",
            values={"public_id": appeal.public_id},
            clock=(ClockKind.APPEAL, appeal.id),
        )
        for appeal in appeals.waiting(codes)
    ]


def _repairs(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("信用修复"),
            what=repair.organisation.public_name,
            status=repair.status,
            since=repair.filed_at,
            due=repair.due_at,
            endpoint="sanctions.repair",
            values={"public_id": repair.public_id},
            clock=(ClockKind.REPAIR, repair.id),
        )
        for status in (RepairStatus.FILED, RepairStatus.VERIFIED)
        for repair in repairs.waiting(codes, status)
    ]


def _measures(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=measure.kind.title,
            what=measure.organisation.public_name,
            status=measure.status,
            since=measure.status_since,
            due=measure.due_at if measure.status is MeasureStatus.OVERDUE else None,
            endpoint="sanctions.measure",
            values={"public_id": measure.public_id},
            clock=(ClockKind.MEASURE, measure.id),
        )
        for status in (MeasureStatus.PROPOSED, MeasureStatus.REPLIED, MeasureStatus.OVERDUE)
        for measure in measures.waiting(codes, status)
    ]


def _national_lists(codes: Sequence[str]) -> list[Waiting]:
    return [
        Waiting(
            kind=_l("国家名单"),
            what=upload.file.name,
            status=upload.status,
            since=upload.uploaded_at,
            due=None,
            endpoint="supervision.national_import",
            values={"public_id": upload.public_id},
            permission=Permission.SANCTION_DECIDE,
        )
        for code in codes
        for upload in national.waiting(code)
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

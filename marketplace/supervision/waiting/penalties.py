"""Cards, cases, repairs, soft measures, appeals, national lists."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.appeals import queries as appealing
from marketplace.sanctions.appeals.access import took_part
from marketplace.sanctions.measures import queries as measuring
from marketplace.sanctions.measures.models import MeasureStatus
from marketplace.sanctions.models import CardStatus, CaseStatus
from marketplace.sanctions.national import queries as listing
from marketplace.sanctions.repairs import queries as repairing
from marketplace.sanctions.repairs.models import RepairStatus

from ..models import ClockKind
from .matter import Matter, Search, besides

DESK = "sanctions.desk"
_CARDS = (
    (CardStatus.PROPOSED, Permission.SANCTION_DECIDE, _l("审批警示牌")),
    (CardStatus.REPORTED, Permission.SANCTION_PROPOSE, _l("核查整改情况")),
)
_CASES = (
    (CaseStatus.HEARD, Permission.SANCTION_PROPOSE, _l("提出案件处理意见")),
    (CaseStatus.PROPOSED, Permission.SANCTION_DECIDE, _l("决定案件")),
)
_REPAIRS = (
    (RepairStatus.FILED, Permission.SANCTION_PROPOSE, _l("核实信用修复")),
    (RepairStatus.VERIFIED, Permission.SANCTION_DECIDE, _l("决定信用修复")),
)
_MEASURES = (
    (MeasureStatus.REPLIED, Permission.SANCTION_PROPOSE, _l("核查答复")),
    (MeasureStatus.OVERDUE, Permission.SANCTION_PROPOSE, _l("处理逾期未答复的措施")),
    (MeasureStatus.PROPOSED, Permission.SANCTION_DECIDE, _l("审批通报批评")),
)


def cards(search: Search) -> Iterator[Matter]:
    """Cards to issue, corrections to judge."""
    for status, permission, words in _CARDS:
        if search.wants(permission):
            for each in sanctions.cards_with(status, search.codes):
                yield Matter(
                    what=words,
                    about=each.organisation.public_name,
                    status=each.status,
                    done_at=("sanctions.card", each.public_id),
                    where=DESK,
                    permission=permission,
                    since=each.status_since,
                    not_by=besides(each.proposed_by)
                    if status is CardStatus.PROPOSED
                    else frozenset(),
                )


def cases(search: Search) -> Iterator[Matter]:
    """Cases to propose a decision on, cases to decide."""
    for status, permission, words in _CASES:
        if search.wants(permission):
            for each in sanctions.cases_with(status, search.codes):
                yield Matter(
                    what=words,
                    about=each.organisation.public_name,
                    status=each.status,
                    done_at=("sanctions.case", each.public_id),
                    where=DESK,
                    permission=permission,
                    since=each.status_since,
                    due=each.suspended_until,
                    clock=(ClockKind.CASE, each.id),
                    not_by=besides(each.proposed_by, each.reported_by)
                    if status is CaseStatus.PROPOSED
                    else frozenset(),
                )


def repairs(search: Search) -> Iterator[Matter]:
    """Credit repairs to verify and to decide, at the office that made the decision."""
    for status, permission, words in _REPAIRS:
        if search.wants(permission):
            for each in repairing.waiting(search.codes, status):
                verified = status is RepairStatus.VERIFIED
                yield Matter(
                    what=words,
                    about=each.organisation.public_name,
                    status=each.status,
                    done_at=("sanctions.repair", each.public_id),
                    where=DESK,
                    permission=permission,
                    since=each.filed_at,
                    due=each.due_at,
                    clock=(ClockKind.REPAIR, each.id),
                    not_by=besides(*took_part(each.decision), each.verified_by)
                    if verified
                    else frozenset(),
                    place=each.jurisdiction_code,
                )


def soft_measures(search: Search) -> Iterator[Matter]:
    """Answers to check, measures that are overdue, talks to record, criticism to approve."""
    if search.wants(Permission.SANCTION_PROPOSE):
        for talk in measuring.talks_held(search.codes, search.now):
            yield Matter(
                what=_l("登记约谈情况"),
                about=f"{talk.kind.title} {talk.organisation.public_name}",
                status=talk.status,
                done_at=("sanctions.measure", talk.public_id),
                where=DESK,
                permission=Permission.SANCTION_PROPOSE,
                since=talk.meeting_at or talk.issued_at,
            )
    for status, permission, words in _MEASURES:
        if search.wants(permission):
            for each in measuring.waiting(search.codes, status):
                yield Matter(
                    what=words,
                    about=f"{each.kind.title} {each.organisation.public_name}",
                    status=each.status,
                    done_at=("sanctions.measure", each.public_id),
                    where=DESK,
                    permission=permission,
                    since=each.status_since,
                    due=each.due_at if status is MeasureStatus.OVERDUE else None,
                    clock=(ClockKind.MEASURE, each.id),
                    not_by=besides(each.issued_by)
                    if status is MeasureStatus.PROPOSED
                    else frozenset(),
                )


def appeals(search: Search) -> Iterator[Matter]:
    """Appeals the superior office has to decide."""
    if not search.wants(Permission.SANCTION_REVIEW):
        return
    for each in appealing.waiting(search.codes):
        yield Matter(
            what=_l("复核申诉"),
            about=each.organisation.public_name,
            status=each.status,
            done_at=("sanctions.appeal", each.public_id),
            where=DESK,
            permission=Permission.SANCTION_REVIEW,
            since=each.filed_at,
            due=each.due_at,
            clock=(ClockKind.APPEAL, each.id),
            not_by=besides(*took_part(each.decision)),
        )


def national_lists(search: Search) -> Iterator[Matter]:
    """Uploaded national lists that another officer has to take over."""
    if not search.wants(Permission.SANCTION_DECIDE):
        return
    for each in listing.waiting(search.codes):
        yield Matter(
            what=_l("确认国家名单"),
            about=each.file.name,
            status=each.status,
            done_at=("supervision.national_import", each.public_id),
            where=DESK,
            permission=Permission.SANCTION_DECIDE,
            since=each.uploaded_at,
            not_by=besides(each.uploaded_by),
            place=each.jurisdiction_code,
        )

"""Admissions, professional checks, objections."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from marketplace.accounts.permissions import Permission
from marketplace.foundation.db import db
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.bulk import queries as registers_taken_over
from marketplace.intermediaries.decoupling import queries as decoupling
from marketplace.intermediaries.leaving import lapsing
from marketplace.intermediaries.leaving import queries as leaving
from marketplace.intermediaries.leaving.models import DepartureStatus
from marketplace.intermediaries.likeness import queries as likeness
from marketplace.intermediaries.likeness.models import MatchStatus
from marketplace.intermediaries.models import CheckStatus, Firm, FirmStatus
from marketplace.notices import queries as notices

from ..models import ClockKind
from .matter import MOST, Matter, Search, besides

_STEPS = {
    FirmStatus.SUBMITTED: (Permission.ADMISSION_CHECK, _l("形式审查入驻申请")),
    FirmStatus.CHECKED: (Permission.ADMISSION_DECIDE, _l("审批入驻申请")),
    FirmStatus.QUESTIONED: (Permission.ADMISSION_DECIDE, _l("处理入驻异议")),
}


def applications(search: Search) -> Iterator[Matter]:
    """Applications to check, to decide, to decide again after an objection."""
    if not search.wants(Permission.ADMISSION_CHECK, Permission.ADMISSION_DECIDE):
        return
    for firm in db.session.scalars(
        intermediaries.applications(search.codes, waiting_only=True)
        .limit(MOST)
        .options(joinedload(Firm.organisation))
    ):
        permission, words = _STEPS[firm.status]
        yield Matter(
            what=words,
            about=firm.organisation.public_name,
            status=firm.status,
            done_at=("intermediaries.review", firm.public_id),
            where="intermediaries.applications",
            permission=permission,
            since=firm.status_since,
            due=firm.form_due_at if firm.status is not FirmStatus.QUESTIONED else None,
            clock=(ClockKind.FORM_CHECK, firm.id),
        )


_LIKENESS = {
    MatchStatus.OPEN: (Permission.ADMISSION_CHECK, _l("核查关联")),
    MatchStatus.PROPOSED: (Permission.ADMISSION_DECIDE, _l("认定关联")),
}


def likenesses(search: Search) -> Iterator[Matter]:
    """Firms that share something with somebody barred, removed or gone: to check, to decide."""
    if not search.wants(Permission.ADMISSION_CHECK, Permission.ADMISSION_DECIDE):
        return
    for match in likeness.waiting(search.codes, MOST):
        permission, words = _LIKENESS[match.status]
        yield Matter(
            what=words,
            about=match.firm.organisation.public_name,
            status=match.status,
            done_at=("supervision.likeness_match", match.public_id),
            where="supervision.likeness_desk",
            permission=permission,
            since=match.status_since,
            due=match.decide_by,
            not_by=besides(match.proposed_by),
        )


_DEPARTURES = {
    DepartureStatus.NOTICED: (Permission.ADMISSION_CHECK, _l("组织听证")),
    DepartureStatus.HEARD: (Permission.ADMISSION_CHECK, _l("提出移出意见")),
    DepartureStatus.PROPOSED: (Permission.ADMISSION_DECIDE, _l("决定移出")),
    DepartureStatus.APPEALED: (Permission.SANCTION_REVIEW, _l("复核移出决定")),
}


def removals(search: Search) -> Iterator[Matter]:
    """Removals to hear, to propose, to decide, to review."""
    if not search.wants(*(permission for permission, _words in _DEPARTURES.values())):
        return
    for each in leaving.waiting(search.codes, MOST):
        if each.status is DepartureStatus.NOTICED and not each.awaits_hearing:
            continue
        permission, words = _DEPARTURES[each.status]
        decides = each.status is not DepartureStatus.HEARD
        yield Matter(
            what=words,
            about=each.firm.organisation.public_name,
            status=each.status,
            done_at=("supervision.departure", each.public_id),
            where="supervision.departures",
            permission=permission,
            since=each.status_since,
            due=each.review_by if each.status is DepartureStatus.APPEALED else None,
            not_by=besides(each.begun_by, each.proposed_by, each.decided_by)
            if decides and permission is not Permission.ADMISSION_CHECK
            else frozenset(),
        )


def lapses(search: Search) -> Iterator[Matter]:
    """Listed firms without any valid certificate: ask to renew, or remove who did not."""
    if not search.wants(Permission.ADMISSION_CHECK):
        return
    for each in lapsing.waiting(search.codes, search.now, MOST):
        late = each.renew_by is not None
        yield Matter(
            what=_l("逾期未补办资质，启动移出") if late else _l("要求补办资质或者启动移出"),
            about=each.firm.organisation.public_name,
            status=each.firm.status,
            done_at=("supervision.lapses", None),
            where="supervision.lapses",
            permission=Permission.ADMISSION_CHECK,
            since=each.renew_by or each.found_at,
        )


def professional_checks(search: Search) -> Iterator[Matter]:
    """A department's checks of firms of its trade; silence counts as no objection."""
    permission, page = Permission.ADMISSION_PROFESSIONAL, "intermediaries.professional"
    if not search.wants(permission):
        return
    if search.actor is None:
        waiting = intermediaries.waiting_checks(search.codes, MOST)
    else:
        own = intermediaries.checks_of_department(search.actor.organisation_id or 0)
        waiting = [
            check
            for check in db.session.scalars(own.limit(MOST))
            if check.status is CheckStatus.WAITING
        ]
    for check in waiting:
        yield Matter(
            what=_l("专业核查入驻机构"),
            about=check.firm.organisation.public_name,
            status=check.status,
            done_at=(page, None),
            read_at=("intermediaries.review", check.firm.public_id),
            where=page,
            permission=permission,
            since=check.status_since,
            due=check.due_at,
            clock=(ClockKind.PROFESSIONAL, check.id),
            office=check.organisation_id,
        )


def decoupling_lists(search: Search) -> Iterator[Matter]:
    """Uploaded lists of bodies not decoupled that another officer has to confirm."""
    if not search.wants(Permission.ADMISSION_DECIDE):
        return
    for each in decoupling.waiting(search.codes):
        yield Matter(
            what=_l("确认未脱钩机构名单"),
            about=each.file.name,
            status=each.status,
            done_at=("intermediaries.decoupling_import", each.public_id),
            where="intermediaries.decoupling_list",
            permission=Permission.ADMISSION_DECIDE,
            since=each.uploaded_at,
            not_by=besides(each.uploaded_by),
            place=each.jurisdiction_code,
        )


def objections(search: Search) -> Iterator[Matter]:
    """Objections to public notices that wait for an answer."""
    if not search.wants(Permission.OBJECTION_ANSWER):
        return
    for each in notices.waiting_objections(list(search.codes), MOST):
        yield Matter(
            what=_l("答复异议"),
            about=each.notice.title,
            status=each.status,
            done_at=("notices.answer", each.public_id),
            read_at=("notices.notice", each.notice.public_id),
            where="notices.index",
            permission=Permission.OBJECTION_ANSWER,
            since=each.filed_at,
            due=each.due_at,
            clock=(ClockKind.OBJECTION, each.id),
        )


def registers(search: Search) -> Iterator[Matter]:
    """Registers kept elsewhere that an officer wants taken over: for another one to confirm."""
    if not search.wants(Permission.ADMISSION_DECIDE):
        return
    for each in registers_taken_over.waiting(search.codes, MOST):
        yield Matter(
            what=_l("确认承接原名录"),
            about=each.title or "",
            status=each.status,
            done_at=("intermediaries.register_import", each.public_id),
            where="intermediaries.register_desk",
            permission=Permission.ADMISSION_DECIDE,
            since=each.submitted_at or each.status_since,
            due=None,
            place=each.jurisdiction_code,
            not_by=besides(each.uploaded_by, each.submitted_by),
        )

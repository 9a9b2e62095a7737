"""Changes of firms' files to check, transfers of professionals to decide, self-checks not done."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.intermediaries.file import queries as filing

from ..models import ClockKind
from .matter import MOST, Matter, Search


def rechecks(search: Search) -> Iterator[Matter]:
    """Changes of listed firms that an officer checks."""
    if not search.wants(Permission.ADMISSION_CHECK):
        return
    for each in filing.waiting_changes(search.codes, MOST):
        yield Matter(
            what=_l("核查档案变更"),
            about=f"{each.firm.organisation.public_name} {each.kind.title}",
            status=each.status,
            done_at=("intermediaries.recheck", each.public_id),
            where="intermediaries.recheck_desk",
            permission=Permission.ADMISSION_CHECK,
            since=each.asked_at,
            due=each.due_at,
            clock=(ClockKind.RECHECK, each.id),
        )


def transfers(search: Search) -> Iterator[Matter]:
    """Professionals whose firm is silent or refuses."""
    if not search.wants(Permission.ADMISSION_DECIDE):
        return
    for each in filing.waiting_transfers(search.codes, MOST):
        yield Matter(
            what=_l("裁定执业人员转出"),
            about=each.firm.organisation.public_name,
            status=each.status,
            done_at=("intermediaries.decide_transfer", each.public_id),
            where="intermediaries.transfer_desk",
            permission=Permission.ADMISSION_DECIDE,
            since=each.status_since,
            due=each.decide_by,
            clock=(ClockKind.TRANSFER, each.id),
        )


def self_checks(search: Search) -> Iterator[Matter]:
    """Firms that let the time of the yearly self-check pass."""
    if not search.wants(Permission.ADMISSION_CHECK):
        return
    for each in filing.not_done(search.codes, MOST):
        yield Matter(
            what=_l("督促完成年度自查"),
            about=each.firm.organisation.public_name,
            status=each.status,
            done_at=("intermediaries.self_check_desk", None),
            where="intermediaries.self_check_desk",
            permission=Permission.ADMISSION_CHECK,
            since=each.status_since,
        )

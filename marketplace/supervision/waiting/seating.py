"""The hall: calls to publish, judges to find and to confirm, results questioned, windows to fill."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.intermediaries.hall import queries
from marketplace.intermediaries.hall.models import CallStatus, JudgeStatus

from ..models import ClockKind
from .matter import Matter, Search, besides

DESK, CALL = "intermediaries.hall_desk", "intermediaries.hall_manage"
_CALLS = (
    (CallStatus.SUBMITTED, _l("发布大厅窗口征集公告")),
    (CallStatus.QUESTIONED, _l("处理大厅窗口征集结果的异议")),
)


def hall_calls(search: Search) -> Iterator[Matter]:
    """Calls another officer drafted, and results an objection was found right about."""
    if not search.wants(Permission.ADMISSION_DECIDE):
        return
    found = queries.calls_with([status for status, _words in _CALLS], search.codes)
    words = dict(_CALLS)
    for each in found:
        submitted = each.status is CallStatus.SUBMITTED
        yield Matter(
            what=words[each.status],
            about=each.title,
            status=each.status,
            done_at=(CALL, each.public_id),
            where=DESK,
            permission=Permission.ADMISSION_DECIDE,
            since=each.status_since,
            not_by=besides(each.drafted_by) if submitted else frozenset(),
            place=each.register_code,
        )


def hall_judges(search: Search) -> Iterator[Matter]:
    """Judges another officer named."""
    if not search.wants(Permission.ADMISSION_DECIDE):
        return
    for each in queries.judges_with(JudgeStatus.PROPOSED, search.codes):
        yield Matter(
            what=_l("确认大厅征集评委"),
            about=each.call.title,
            status=each.status,
            done_at=(CALL, each.call.public_id),
            where=DESK,
            permission=Permission.ADMISSION_DECIDE,
            since=each.proposed_at,
            due=each.call.mark_by or each.call.apply_by,
            clock=(ClockKind.HALL_JUDGE, each.id),
            not_by=besides(each.proposed_by, each.user_id),
            place=each.call.register_code,
        )


def hall_benches(search: Search) -> Iterator[Matter]:
    """Calls that judges mark and that have too few of them, or of too few offices."""
    if not search.wants(Permission.ADMISSION_CHECK):
        return
    for each in queries.calls_with((CallStatus.OPEN, CallStatus.MARKING), search.codes):
        if not each.scored or queries.has_bench(each, search.now):
            continue
        yield Matter(
            what=_l("聘请大厅征集评委"),
            about=each.title,
            status=each.status,
            done_at=(CALL, each.public_id),
            where=DESK,
            permission=Permission.ADMISSION_CHECK,
            since=each.status_since,
            due=each.mark_by or each.apply_by,
            place=each.register_code,
        )


def hall_seats(search: Search) -> Iterator[Matter]:
    """Settled calls with free seats and firms in line."""
    if not search.wants(Permission.ADMISSION_CHECK):
        return
    for each in queries.calls_to_seat(search.codes, search.now):
        yield Matter(
            what=_l("按次序安排大厅窗口"),
            about=each.title,
            status=each.status,
            done_at=(CALL, each.public_id),
            where=DESK,
            permission=Permission.ADMISSION_CHECK,
            since=each.status_since,
            place=each.register_code,
        )

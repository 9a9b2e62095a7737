"""The expert pool: applications to check and to decide on, removals to decide on."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.selection.experts import queries
from marketplace.selection.experts.models import ExpertStatus

from .matter import Matter, Search, besides

_STEPS = {
    ExpertStatus.APPLIED: (_l("核对专家入库申请"), Permission.ADMISSION_CHECK),
    ExpertStatus.CHECKED: (_l("审批专家入库"), Permission.ADMISSION_DECIDE),
    ExpertStatus.REMOVING: (_l("决定是否移出专家"), Permission.ADMISSION_DECIDE),
}


def experts(search: Search) -> Iterator[Matter]:
    """Everybody in a pool whose next step is an officer's."""
    steps = [step for step, (_what, permission) in _STEPS.items() if search.wants(permission)]
    if not steps:
        return
    for each in queries.waiting(steps, search.codes):
        what, permission = _STEPS[each.status]
        removing = each.status is ExpertStatus.REMOVING
        yield Matter(
            what=what,
            about=each.user.name,
            status=each.status,
            done_at=("selection.expert", each.public_id),
            where="selection.expert_desk",
            permission=permission,
            since=each.status_since,
            due=None if removing else each.decide_by,
            not_by=besides(each.checked_by, each.user_id)
            if not removing
            else besides(each.proposed_by, each.user_id),
            place=each.register_code,
        )

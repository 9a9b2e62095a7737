"""Disputed marks, call-backs, patterns in marks, bad ratings of the bureau, assessors."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.evaluations.assessors import queries as assessors
from marketplace.evaluations.callbacks import queries as calling
from marketplace.evaluations.reviews import queries as reviews
from marketplace.evaluations.reviews.models import ReviewStatus
from marketplace.evaluations.screens import queries as screening
from marketplace.evaluations.screens.models import SCREEN_TITLES
from marketplace.evaluations.served import queries as serving

from ..models import ClockKind
from .matter import MOST, Matter, Search, besides

_STEPS = {
    ReviewStatus.OPEN: (Permission.EVALUATION_REVIEW, _l("调查被异议的评价")),
    ReviewStatus.PROPOSED: (Permission.EVALUATION_DECIDE, _l("决定是否剔除评价")),
}


def evaluation_reviews(search: Search) -> Iterator[Matter]:
    """Disputed evaluations to look into, proposals to exclude one."""
    if not search.wants(Permission.EVALUATION_REVIEW, Permission.EVALUATION_DECIDE):
        return
    for each in reviews.waiting(list(search.codes), MOST):
        permission, words = _STEPS[each.status]
        yield Matter(
            what=words,
            about=each.evaluation.window.contract.need.title,
            status=each.status,
            done_at=("evaluations.review", each.public_id),
            where="evaluations.reviews",
            permission=permission,
            since=each.opened_at,
            due=each.due_at,
            clock=(ClockKind.REVIEW, each.id),
            not_by=besides(each.proposed_by),
        )


def callbacks(search: Search) -> Iterator[Matter]:
    """Evaluations to be called back."""
    if not search.wants(Permission.EVALUATION_REVIEW):
        return
    for each in calling.waiting(search.codes):
        yield Matter(
            what=_l("回访评价"),
            about=each.evaluation.window.contract.need.title,
            status=each.status,
            done_at=("evaluations.callback", each.public_id),
            where="evaluations.callbacks",
            permission=Permission.EVALUATION_REVIEW,
            since=each.opened_at,
            due=each.due_at,
            clock=(ClockKind.CALLBACK, each.id),
        )


def service_follow_ups(search: Search) -> Iterator[Matter]:
    """Bad ratings of the bureau, for officers who had no part in the matter."""
    if not search.wants(Permission.EVALUATION_REVIEW):
        return
    for each in serving.waiting(search.codes):
        yield Matter(
            what=_l("回访不满意的办事评价"),
            about=each.rating.organisation.public_name,
            status=each.status,
            done_at=("evaluations.service_follow_up", each.public_id),
            where="evaluations.service_desk",
            permission=Permission.EVALUATION_REVIEW,
            since=each.opened_at,
            due=each.due_at,
            not_by=besides(each.rating.handled_by, each.rating.decided_by),
        )


def appointments(search: Search) -> Iterator[Matter]:
    """Proposed assessors that another officer has to confirm."""
    if not search.wants(Permission.EVALUATION_DECIDE):
        return
    for each in assessors.proposed(search.codes):
        yield Matter(
            what=_l("确认评价人聘任"),
            about=each.organisation.public_name,
            status=each.status,
            done_at=("evaluations.appointment", each.public_id),
            where="evaluations.appointments",
            permission=Permission.EVALUATION_DECIDE,
            since=each.proposed_at,
            not_by=besides(each.proposed_by),
        )


def flags(search: Search) -> Iterator[Matter]:
    """Patterns in marks that somebody should look at."""
    if not search.wants(Permission.EVALUATION_REVIEW):
        return
    for each in screening.waiting(search.codes):
        yield Matter(
            what=_l("核实评价提示"),
            about=f"{each.organisation.public_name} {SCREEN_TITLES[each.screen]}",
            status=each.status,
            done_at=("evaluations.flag", each.public_id),
            where="evaluations.flags",
            permission=Permission.EVALUATION_REVIEW,
            since=each.raised_at,
        )

"""Grades to confirm, rules of grading to adopt, contracts under key supervision to inspect."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import ProposalStatus

from ..inspections import queries as inspections
from ..models import ClockKind
from ..trials import queries as trials
from .matter import MOST, Matter, Search, besides


def grade_proposals(search: Search) -> Iterator[Matter]:
    """Grades A and D to confirm; an open objection to one is answered at its notice."""
    if not search.wants(Permission.RATING_CONFIRM):
        return
    for each in ratings.proposals(list(search.codes), MOST):
        if each.status is ProposalStatus.PROPOSED:
            yield Matter(
                what=_l("确认信用等级 %(letter)s 级", letter=each.grade.value),
                about=each.subject.organisation.public_name,
                status=each.status,
                done_at=("ratings.proposal", each.public_id),
                where="ratings.desk",
                permission=Permission.RATING_CONFIRM,
                since=each.status_since,
            )


def rating_trials(search: Search) -> Iterator[Matter]:
    """Rating rules to adopt or send back."""
    if not search.wants(Permission.POLICY_APPROVE):
        return
    for each in trials.proposed(search.place):
        yield Matter(
            what=_l("审批信用等级评定规则"),
            about=each.title,
            status=each.status,
            done_at=("supervision.trial", each.public_id),
            where="supervision.trials",
            permission=Permission.POLICY_APPROVE,
            since=each.status_since,
            not_by=besides(each.proposed_by),
            place=search.place,
        )


def contract_inspections(search: Search) -> Iterator[Matter]:
    """Contracts of firms under key supervision to be inspected."""
    if not search.wants(Permission.RATING_INSPECT):
        return
    for each in inspections.waiting(search.codes):
        yield Matter(
            what=_l("检查重点监管机构的合同"),
            about=f"{each.organisation.public_name} {each.contract.need.title}",
            status=each.status,
            done_at=("supervision.inspection", each.public_id),
            where="supervision.inspections",
            permission=Permission.RATING_INSPECT,
            since=each.opened_at,
            due=each.due_at,
            clock=(ClockKind.INSPECTION, each.id),
        )

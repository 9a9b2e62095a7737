"""The item list: proposals, new editions, reports of off-list demands."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.catalogue.demands import queries as demands
from marketplace.catalogue.demands.models import TO_DECIDE, DemandStatus
from marketplace.catalogue.revising import queries
from marketplace.catalogue.revising.models import DraftStatus, ProposalStatus

from .matter import Matter, Search, besides

DESK = "catalogue.desk"
_DRAFTS = (
    (DraftStatus.SUBMITTED, Permission.POLICY_APPROVE, _l("审批新版服务事项清单")),
    (DraftStatus.RETURNED, Permission.POLICY_PROPOSE, _l("修改退回的服务事项清单")),
)
DEMANDS = "catalogue.demand_desk"
_DEMANDS = (
    ((DemandStatus.REPORTED,), Permission.SANCTION_PROPOSE, _l("受理清单外索要的反映")),
    ((DemandStatus.TAKEN,), Permission.ADMISSION_PROFESSIONAL, _l("说明清单外索要的反映")),
    (TO_DECIDE, Permission.SANCTION_DECIDE, _l("认定清单外索要的反映")),
)


def item_proposals(search: Search) -> Iterator[Matter]:
    """Departments' proposals the bureau of the own place is to answer."""
    if not search.wants(Permission.POLICY_PROPOSE):
        return
    for each in queries.proposals([search.place], [ProposalStatus.PROPOSED]):
        yield Matter(
            what=_l("答复清单修改建议"),
            about=each.item_name,
            status=each.status,
            done_at=("catalogue.proposal", each.public_id),
            where=DESK,
            permission=Permission.POLICY_PROPOSE,
            since=each.proposed_at,
            due=each.due_at,
            place=search.place,
        )


def list_drafts(search: Search) -> Iterator[Matter]:
    """New editions another officer laid before an approver, and those that came back."""
    for status, permission, words in _DRAFTS:
        if search.wants(permission):
            for each in queries.drafts_with(status, search.place):
                yield Matter(
                    what=words,
                    about=each.title,
                    status=each.status,
                    done_at=("catalogue.draft", each.public_id),
                    where=DESK,
                    permission=permission,
                    since=each.status_since,
                    not_by=besides(*each.hands) if status is DraftStatus.SUBMITTED else frozenset(),
                    place=search.place,
                )


def offlist_demands(search: Search) -> Iterator[Matter]:
    """Reports to take in, to answer for the department, to decide by another officer.

    In the overview, which departments read too, a report not taken in yet goes by its number.
    """
    for statuses, permission, words in _DEMANDS:
        if not search.wants(permission):
            continue
        for each in demands.waiting(statuses, search.codes):
            answers = each.status is DemandStatus.TAKEN
            hidden = search.actor is None and each.status is DemandStatus.REPORTED
            yield Matter(
                what=words,
                about=each.public_id if hidden else each.item_name,
                status=each.status,
                done_at=("catalogue.demand", each.public_id),
                where=DEMANDS,
                permission=permission,
                since=each.status_since,
                due=each.due_at,
                read_at=(DEMANDS, None),
                not_by=besides(each.taken_by),
                office=each.department_id if answers else None,
                place=None if answers else each.jurisdiction_code,
            )

"""Lottery issues to enter, draws proposed for annulment, fee lists to approve."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.fees.lists import queries as fee_lists_of
from marketplace.fees.lists.models import ListStatus
from marketplace.foundation.showing import show_date
from marketplace.selection import queries as selection

from ..collusion import queries as colluding
from ..collusion.models import SCREEN_TITLES
from ..complaints import queries as complaining
from ..complaints.models import ComplaintStatus
from ..complaints.rules import About
from ..models import ClockKind
from .matter import MOST, Matter, Search, besides

_LISTS = (
    (ListStatus.SUBMITTED, Permission.POLICY_APPROVE, _l("审批收费目录清单")),
    (ListStatus.RETURNED, Permission.POLICY_PROPOSE, _l("修改退回的收费目录清单")),
)


def lotteries(search: Search) -> Iterator[Matter]:
    """Lottery issues that frozen lists wait for; two officers enter each."""
    page = "selection.lottery"
    if not search.wants(Permission.LOTTERY_ENTER):
        return
    office = search.actor.organisation_id if search.actor is not None else None
    for awaited in selection.lotteries_due(search.now, office):
        issue = (awaited.game, awaited.day, awaited.bureau_id)
        here = [
            each
            for each in selection.rounds_waiting_for(*issue)
            if each.need.jurisdiction_code in search.codes
        ]
        if not here:
            continue
        _edition, values = selection.edition_of(here[0].need, awaited.day)
        closed = here[0].closed_at or here[0].status_since
        yield Matter(
            what=_l("登记开奖号码"),
            about=str(
                _l("%(title)s %(day)s 开奖", title=values.lottery_title, day=show_date(awaited.day))
            ),
            status=here[0].status,
            done_at=(page, None),
            where=page,
            permission=Permission.LOTTERY_ENTER,
            since=closed,
            due=selection.draw_latest(values, closed),
            clock=(ClockKind.LOTTERY, here[0].id),
            not_by=besides(*(each.user_id for each in selection.readings(*issue))),
            office=awaited.bureau_id,
        )


def annulments(search: Search) -> Iterator[Matter]:
    """Draws proposed for annulment, for the superior bureau."""
    if not search.wants(Permission.DRAW_ANNUL_APPROVE):
        return
    for each in selection.annulments_to_decide():
        need = each.round.need
        if need.jurisdiction_code in search.codes:
            yield Matter(
                what=_l("决定是否撤销抽取"),
                about=need.title,
                status=each.round.status,
                done_at=("selection.annulment", need.public_id),
                where="supervision.home",
                permission=Permission.DRAW_ANNUL_APPROVE,
                since=each.proposed_at,
            )


def complaints(search: Search) -> Iterator[Matter]:
    """Complaints about selections to take on or to decide, by officers with no part in them."""
    if not search.wants(Permission.COMPLAINT_DECIDE, Permission.DRAW_ANNUL_APPROVE):
        return
    for each in complaining.waiting(search.codes, MOST):
        of_bureau = each.about is About.BUREAU
        yield Matter(
            what=_l("决定是否受理投诉") if each.status is ComplaintStatus.FILED else _l("办理投诉"),
            about=each.need.title,
            status=each.status,
            done_at=("supervision.complaint", each.public_id),
            read_at=("selection.result", each.need.public_id) if of_bureau else None,
            where="supervision.complaints",
            # about the bureau itself: at the superior office alone
            permission=Permission.DRAW_ANNUL_APPROVE if of_bureau else Permission.COMPLAINT_DECIDE,
            since=each.status_since,
            due=each.due_at,
            not_by=complaining.took_part(each.need),
        )


def collusion(search: Search) -> Iterator[Matter]:
    """What the screens over selections found, to be looked into."""
    if not search.wants(Permission.SANCTION_PROPOSE):
        return
    for each in colluding.waiting(search.codes, MOST):
        yield Matter(
            what=_l("核实选取提示"),
            about=str(SCREEN_TITLES[each.screen]),
            status=each.status,
            done_at=("supervision.collusion_flag", each.public_id),
            where="supervision.collusion_flags",
            permission=Permission.SANCTION_PROPOSE,
            since=each.raised_at,
        )


def fee_lists(search: Search) -> Iterator[Matter]:
    """Fee lists of the own place that another officer laid before an approver, and those that
    came back."""
    for status, permission, words in _LISTS:
        if search.wants(permission):
            for each in fee_lists_of.lists_with(status, [search.place]):
                yield Matter(
                    what=words,
                    about=each.title,
                    status=each.status,
                    done_at=("fees.fee_list", each.public_id),
                    where="fees.lists_desk",
                    permission=permission,
                    since=each.status_since,
                    not_by=besides(*each.hands) if status is ListStatus.SUBMITTED else frozenset(),
                    place=search.place,
                )

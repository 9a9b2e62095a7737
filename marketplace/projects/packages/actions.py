"""Write down the further items of a need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts.models import OrganisationKind
from marketplace.foundation.errors import Invalid
from marketplace.foundation.money import format_yuan

from ..checking import check_commissioner, item_in_force
from ..models import Need, NeedChannel
from ..rules import SelectionPolicy
from .models import NeedPart


@dataclass(frozen=True)
class PartContent:
    """What an owner writes about a further item. ``budget``: its share of the whole, in yuan."""

    item_code: str
    budget: Decimal
    fee_inputs: Mapping[str, str]
    deviation_reason: str = ""


def set_parts(
    need: Need,
    wanted: Sequence[PartContent],
    kind: OrganisationKind,
    policy: SelectionPolicy,
    now: datetime,
) -> None:
    """Make these the further items of a need that is being written, ``kind`` its owner's.

    Raises Invalid for an item named twice, too many of them, one that may not be bought, or
    shares that leave the main item nothing.
    """
    if wanted and need.channel is not NeedChannel.OPEN:
        raise Invalid(
            _("多个服务事项打包采购只能公开报名"), field="further_item", rule="package.channel"
        )
    if len(wanted) + 1 > policy.package_items_most:
        raise Invalid(
            _("一个需求最多打包 %(most)d 个服务事项", most=policy.package_items_most),
            field="further_item",
            rule="package.most",
        )
    codes = [need.item_code, *(each.item_code for each in wanted)]
    if len(set(codes)) < len(codes):
        raise Invalid(_("同一服务事项只需列入一次"), field="further_item", rule="package.twice")
    check_shares(need.budget, [each.budget for each in wanted])
    known = {each.item_code: each for each in need.parts}
    need.parts = [
        _written(need, known.get(each.item_code) or NeedPart(), each, place, kind, now)
        for place, each in enumerate(wanted, 1)
    ]
    need.items_count = len(wanted) + 1


def check_shares(budget: Decimal, shares: Sequence[Decimal]) -> None:
    """Refuse shares of a budget that leave the main item nothing, or are nothing themselves."""
    if any(each <= 0 for each in shares) or (shares and sum(shares) >= budget):
        raise Invalid(
            _(
                "其他事项的预算合计 %(sum)s 元，应小于总预算，余额为主要事项的预算",
                sum=format_yuan(sum(shares, Decimal(0))),
            ),
            field="budget",
            rule="package.shares",
        )


def _written(
    need: Need,
    part: NeedPart,
    wanted: PartContent,
    place: int,
    kind: OrganisationKind,
    now: datetime,
) -> NeedPart:
    try:
        item = item_in_force(wanted.item_code, need.jurisdiction_code, now)
        check_commissioner(item, kind)
    except Invalid as refusal:
        raise Invalid(refusal.message, field="further_item", rule=refusal.rule) from refusal
    part.position = place
    part.item_code = item.code
    part.item_name = item.name
    part.off_list = not item.on_list
    part.qualifications = list(item.qualifications)
    part.any_qualification = item.qualification_rule == "any"
    part.fee_inputs = dict(wanted.fee_inputs)
    part.budget = wanted.budget
    return part

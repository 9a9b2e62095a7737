"""Substantive corrections of a published need: beside the original, restarting the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.fees.checking import require_price
from marketplace.fees.queries import input_fields
from marketplace.fees.rules.inputs import InputField
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.languages import stored
from marketplace.foundation.money import format_yuan

from . import queries
from .actions import entry_deadline_for, require_open, require_second_person, set_entry_deadline
from .checking import check_budget, check_days, check_method, item_in_force, require_gate
from .models import CorrectionStatus, Need, NeedCorrection
from .packages.actions import PartContent, check_shares
from .packages.models import NeedPart
from .packages.pricing import of_item, part_field
from .pricing import price_of, said_of
from .rules import GRADES

# kept with the correction in Chinese; pages translate them
FIELDS = {
    "scope": _l("服务内容"),
    "place": _l("服务地点"),
    "budget": _l("预算金额（元）"),
    "days_wanted": _l("办理时限（天）"),
    "minimum_grade": _l("最低信用等级"),
}
NO_GRADE = _l("不另设")


@dataclass(frozen=True)
class Correction:
    """What a published need should say from now on. ``budget`` in yuan, ``deviation_reason`` why
    it is far from the fee standard, where that is asked.

    ``fee_inputs`` are the main item's quantities, ``minimum_grade`` the least grade ("": none of
    its own), ``parts`` the further items with their shares: the same ones, since another item
    would be another purchase. None: as they stand.
    """

    scope: str
    place: str
    budget: Decimal
    days_wanted: int
    deviation_reason: str = ""
    fee_inputs: Mapping[str, str] | None = None
    minimum_grade: str | None = None
    parts: Sequence[PartContent] | None = None


def propose_correction(
    need: Need, correction: Correction, reason: str, actor: Actor, now: datetime
) -> NeedCorrection:
    """Propose a correction; refused when nothing changes or one is waiting already."""
    assert actor.user_id is not None
    lock(need)
    require_open(need, clock.now())
    if queries.open_correction(need.id) is not None:
        raise Conflict(_("已有一份更正待审批，请先办结"), rule="correction.open")
    items = _items(need, correction)
    grade = correction.minimum_grade
    grade = (need.minimum_grade or "") if grade is None else grade
    changes = _changes(need, correction, grade, items)
    if not changes:
        raise Invalid(_("内容与公告一致，没有需要更正的"), field="scope", rule="correction.none")
    check_days(item_in_force(need.item_code, need.jurisdiction_code, now), correction.days_wanted)
    if grade not in ("", *GRADES[:3]):
        raise Invalid(_("请选择信用等级"), field="minimum_grade", rule="minimum_grade")
    check_shares(correction.budget, [one.budget for one in items[1:]])
    require_gate(need, correction.budget, now)
    assert need.entry_deadline is not None
    row = NeedCorrection(
        need_id=need.id,
        changes=changes,
        values={
            "scope": correction.scope,
            "place": correction.place,
            "budget": format(correction.budget, "f"),
            "days_wanted": correction.days_wanted,
            "minimum_grade": grade,
            "items": [
                {
                    "code": one.item_code,
                    "budget": format(one.budget, "f"),
                    "inputs": dict(one.fee_inputs),
                    "reason": one.deviation_reason,
                }
                for one in items
            ],
        },
        reason=reason,
        two_person=need.two_person,
        proposer_id=actor.user_id,
        deadline_before=need.entry_deadline,
    )
    lifecycle.begin(row, CorrectionStatus.PROPOSED, actor, now)
    row.price_check_id = _check_prices(need, row, items, actor, now)
    return row


def _items(need: Need, correction: Correction) -> list[PartContent]:
    """What every item is to be from now on, the main one first; its share is what is left."""
    parts = correction.parts
    if parts is None:
        parts = [
            PartContent(
                one.item_code, one.budget, one.fee_inputs, said_of(one.price_check_id) or ""
            )
            for one in need.further
        ]
    if {one.item_code for one in parts} != {one.item_code for one in need.further}:
        raise Conflict(_("更正不能增减服务事项，请撤回后重新发布"), rule="correction.items")
    wanted = {one.item_code: one for one in parts}
    further = [wanted[one.item_code] for one in need.further]
    inputs = correction.fee_inputs
    share = correction.budget - sum(one.budget for one in further)
    main = PartContent(
        need.item_code,
        share,
        need.fee_inputs if inputs is None else inputs,
        correction.deviation_reason,
    )
    return [main, *further]


def _check_prices(
    need: Need, row: NeedCorrection, items: Sequence[PartContent], actor: Actor, now: datetime
) -> int | None:
    """Ask the price check about every share that is to change, by the standards of the day; the
    main item's answer, None where its price stays."""
    answer = None
    for item, share, one in zip(need.each_item, need.item_budgets, items, strict=True):
        if one.budget == share and dict(one.fee_inputs) == dict(item.fee_inputs):
            continue
        part = item if isinstance(item, NeedPart) else None
        question = price_of(
            need, Gate.BUDGET, row, need.budget, now, reason=one.deviation_reason, part=part
        )
        question = replace(
            question, price=one.budget, inputs=dict(one.fee_inputs), day=clock.local_day(now)
        )
        try:
            checked = require_price(question, actor, now, field="budget")
        except Invalid as refusal:
            if part is None:
                raise
            raise of_item(part.item_name, refusal, part_field(part.item_code, refusal)) from refusal
        if part is None:
            answer = checked.id
    return answer


def publish_correction(row: NeedCorrection, actor: Actor, now: datetime) -> None:
    """Approve a correction: the need takes the new values and its entry period starts again.

    The deadline never moves earlier. Raises Conflict once entries are closed.
    """
    need = lock(queries.need_by_id(row.need_id))
    lock(row)
    at = clock.now()
    require_open(need, at)
    require_second_person(need, row.proposer_id, actor)
    policy = queries.policy_of(need, clock.local_day(at)).values
    reasons = _take_over(need, row)
    check_method(need, policy)
    require_gate(need, need.budget, at)
    check_budget(need, actor, at, reasons, asks=False)
    assert need.entry_deadline is not None
    again = entry_deadline_for(policy, need.budget, at, need.entry_working_days)
    set_entry_deadline(need, policy, max(need.entry_deadline, again))
    need.next_check_at = need.entry_deadline
    row.approver_id = actor.user_id
    row.price_check_id = need.price_check_id
    row.published_at = at
    row.deadline_after = need.entry_deadline
    lifecycle.move(
        row, CorrectionStatus.PUBLISHED, actor, at, need=need.id, entry_deadline=need.entry_deadline
    )


def _take_over(need: Need, row: NeedCorrection) -> dict[str, str]:
    """Let a need say what its correction says; the reasons of the prices that change, by item:
    the one given for an old price says nothing of a new one."""
    before = need.item_budgets
    need.scope = row.values["scope"]
    need.place = row.values["place"]
    need.budget = Decimal(row.values["budget"])
    need.days_wanted = row.values["days_wanted"]
    reasons = {}
    # one proposed before quantities and grades could be corrected says nothing of them
    if "minimum_grade" in row.values:
        need.minimum_grade = row.values["minimum_grade"] or None
    said = row.values.get("items") or []
    for item, share, one in zip(need.each_item, before, said, strict=False):
        budget = Decimal(one["budget"])
        if budget != share or one["inputs"] != item.fee_inputs:
            reasons[item.item_code] = one["reason"]
        item.fee_inputs = one["inputs"]
        if isinstance(item, NeedPart):
            item.budget = budget
    return reasons


def refuse_correction(row: NeedCorrection, reason: str, actor: Actor, now: datetime) -> None:
    """Turn a proposed correction down; the need stays as it is."""
    lock(row)
    lifecycle.move(row, CorrectionStatus.REFUSED, actor, now, reason=reason)


def _changes(
    need: Need, correction: Correction, grade: str, items: Sequence[PartContent]
) -> list[dict[str, Any]]:
    none = stored(NO_GRADE)
    pairs = {
        "scope": (need.scope, correction.scope),
        "place": (need.place, correction.place),
        "budget": (format_yuan(need.budget), format_yuan(correction.budget)),
        "days_wanted": (str(need.days_wanted), str(correction.days_wanted)),
        "minimum_grade": (need.minimum_grade or none, grade or none),
    }
    told = [(name, stored(FIELDS[name]), *pair) for name, pair in pairs.items()]
    day = clock.local_day(clock.now())
    for item, one in zip(need.each_item, items, strict=True):
        of_it = f"{item.item_name}：" if need.is_package else ""
        if isinstance(item, NeedPart):
            shares = (format_yuan(item.budget), format_yuan(one.budget))
            told.append(("part_budget", f"{of_it}{stored(FIELDS['budget'])}", *shares))
        for field in input_fields(item.item_code, need.jurisdiction_code, day):
            pair = (_answer(field, item.fee_inputs), _answer(field, one.fee_inputs))
            told.append(("fee_inputs", f"{of_it}{stored(field.title)}", *pair))
    return [
        {"field": name, "title": title, "before": before, "after": after}
        for name, title, before, after in told
        if before != after
    ]


def _answer(field: InputField, inputs: Mapping[str, Any]) -> str:
    """What was answered to a question of the fee standard, as it is stored (Chinese)."""
    said = str(inputs.get(field.key) or field.default or "")
    names = dict(field.choices)
    return "、".join(names.get(code, code) for code in said.split(",")) or "—"

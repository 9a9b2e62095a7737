"""Propose a change of the item list, take it back, decline it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.notifications.actions import send

from ... import queries as catalogue
from ...rules.items import Item
from ...rules.writing import plain
from .. import access, queries, reading
from ..models import ItemProposal, ProposalKind, ProposalStatus
from .saying import RULE, policy_of, said, tell

_WORDS = {ProposalKind.CHANGE: "修改", ProposalKind.ADD: "新增", ProposalKind.DROP: "取消"}


def propose_change(
    code: str, values: Mapping[str, Any], reason: str, actor: Actor, now: datetime
) -> ItemProposal:
    """Propose another wording of an item. A department of its own items, the bureau of any.

    Raises Missing, Invalid at the field that leaves something open, Conflict while another change
    of the item is under way.
    """
    item = _own_item(code, actor)
    told = reading.read_item(code, (item.department_code, item.department_name), values)
    if told == item:
        raise Invalid(_("内容与现行清单相同，没有需要修改的地方"), rule=RULE)
    return _propose(ProposalKind.CHANGE, told, told.name, reason, actor, now)


def propose_new(
    code: str,
    department: str,
    values: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> ItemProposal:
    """Propose an item the list does not hold; ``department`` is the office code of who is
    competent, for a department itself."""
    place = access.home_code(actor)
    office = access.office_of(actor)
    if not access.is_department(actor):
        office = _department(place, department)
    if not code.isascii() or not code.replace("-", "").replace("_", "").isalnum():
        raise Invalid(_("事项代码由字母、数字组成"), field="code", rule=RULE)
    if any(item.code == code for item in _items(place)):
        raise Invalid(_("清单中已有这一事项代码"), field="code", rule=RULE)
    told = reading.read_item(code, (office.office_code or "", office.name), values)
    return _propose(ProposalKind.ADD, told, told.name, reason, actor, now)


def propose_drop(code: str, reason: str, actor: Actor, now: datetime) -> ItemProposal:
    """Propose that an item be taken off; raises Missing or Conflict."""
    item = _own_item(code, actor)
    return _propose(ProposalKind.DROP, None, item.name, reason, actor, now, code)


def _propose(
    kind: ProposalKind,
    told: Item | None,
    name: str,
    reason: str,
    actor: Actor,
    now: datetime,
    code: str = "",
) -> ItemProposal:
    place = access.home_code(actor)
    lock(accounts.jurisdiction(place))
    now = max(now, clock.now())
    reason = said(reason, "reason")
    code = told.code if told is not None else code
    if queries.open_proposal(place, code) is not None:
        raise Conflict(_("这一事项已有一件修改建议正在办理，办结后再提"), rule=RULE)
    edition = policy_of(place, clock.local_day(now))
    due_at = working_calendar().deadline(now, edition.values.proposal_days)
    proposal = ItemProposal(
        jurisdiction_code=place,
        organisation_id=actor.organisation_id,
        kind=kind,
        item_code=code,
        item_name=name,
        content=None if told is None else plain(told),
        reason=reason,
        policy_edition_id=edition.id,
        proposed_by=actor.user_id,
        proposed_at=now,
        due_at=due_at,
    )
    lifecycle.begin(proposal, ProposalStatus.PROPOSED, actor, now)
    bureau = accounts.bureau(place)
    if bureau.id != actor.organisation_id:
        send(
            bureau.id,
            f"收到清单修改建议：{name}"[:200],
            f"{proposal.organisation.name}建议{_WORDS[kind]}事项“{name}”。答复期限 {clock.written(due_at)}",
            f"/supervision/catalogue/proposals/{proposal.public_id}",
            f"item_proposal:{proposal.id}",
            now,
        )
    return proposal


def withdraw_proposal(proposal: ItemProposal, actor: Actor, now: datetime) -> None:
    """Take a proposal back that is not answered yet; by the office that made it."""
    lock(proposal)
    if proposal.organisation_id != actor.organisation_id:
        raise Refused(_("只有提出建议的单位可以撤回"), rule=RULE)
    lifecycle.move(proposal, ProposalStatus.WITHDRAWN, actor, now)


def refuse_proposal(proposal: ItemProposal, answer: str, actor: Actor, now: datetime) -> None:
    """Decline a proposal with reasons; the office that made it is told."""
    lock(proposal)
    proposal.answer = said(answer, "reason")
    proposal.answered_by = actor.user_id
    proposal.answered_at = now
    lifecycle.move(proposal, ProposalStatus.REFUSED, actor, now)
    tell(proposal, "未采纳", proposal.answer, now)


def _own_item(code: str, actor: Actor) -> Item:
    item = next((each for each in _items(access.home_code(actor)) if each.code == code), None)
    if item is None or not access.may_propose(actor, item):
        raise Missing(f"item {code}")
    return item


def _items(place: str) -> list[Item]:
    base = queries.newest_edition(place)
    return catalogue.stated(base) if base is not None else []


def _department(place: str, code: str) -> Any:
    try:
        return accounts.department(place, code)
    except Missing as error:
        raise Invalid(_("请选择主管部门"), field="department", rule=RULE) from error

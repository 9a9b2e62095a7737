"""Changes of price or end date: each an amendment with its own price check, by both sides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.projects import actions as projects

from . import queries
from .actions import confirm_side, next_due, require_status
from .models import Amendment, AmendmentStatus, Contract, ContractStatus, Side
from .pricing import amendment_price_check, note_price
from .writing import end_of, tell_party


def propose_amendment(
    contract: Contract,
    price: Decimal,
    ends_on: date,
    reason: str,
    side: Side,
    actor: Actor,
    now: datetime,
    fee_inputs: Mapping[str, str] | None = None,
) -> Amendment:
    """Propose another price (yuan) or end date for a running contract; ``fee_inputs``: for other
    base quantities than before (None: the same).

    The price is checked like the first one, and the gate is asked again.
    """
    lock(contract)
    require_status(contract, ContractStatus.ACTIVE)
    if queries.open_amendment(contract.id) is not None:
        raise Conflict(_("已有一份变更待确认，请先办结"), rule="amendment.open")
    inputs = dict(fee_inputs) if fee_inputs is not None else None
    if inputs == queries.paid_for(contract):
        inputs = None
    if price == contract.price and ends_on == contract.ends_on and inputs is None:
        raise Invalid(_("价款和完成日期都没有变化"), field="amended_price", rule="amendment.none")
    if ends_on < clock.local_day(now) or ends_on <= contract.starts_on:
        raise Invalid(
            _("完成日期应晚于开始日期，且不早于今天"),
            field="amended_ends_on",
            rule="amendment.end",
        )
    amendment = Amendment(
        contract_id=contract.id,
        number=len(queries.amendments(contract.id)) + 1,
        price_before=contract.price,
        price=price,
        ends_on_before=contract.ends_on,
        ends_on=ends_on,
        reason=reason,
        fee_inputs=inputs,
        proposed_by=side,
        two_person=contract.two_person,
    )
    if side is Side.FIRM:
        amendment.firm_confirmed_by, amendment.firm_confirmed_at = actor.user_id, now
    else:
        amendment.owner_proposed_by = actor.user_id
        if not contract.two_person and actor.may("need.approve"):
            amendment.owner_confirmed_by, amendment.owner_confirmed_at = actor.user_id, now
    projects.require_gate(contract.need, price, now, field="amended_price")
    lifecycle.begin(amendment, AmendmentStatus.PROPOSED, actor, now)
    amendment_price_check(amendment, contract, actor, now)
    tell_party(contract, side.other, "对方提出合同变更，请确认", f"change:{amendment.number}", now)
    return amendment


def confirm_amendment(amendment: Amendment, side: Side, actor: Actor, now: datetime) -> None:
    """Confirm a change for one side. When both have, it is in force."""
    contract = lock(amendment.contract)
    lock(amendment)
    require_status(contract, ContractStatus.ACTIVE)
    if amendment.status is not AmendmentStatus.PROPOSED:
        raise Conflict(_("该变更已经办结"), rule="lifecycle")
    confirm_side(amendment, side, actor, now)
    if amendment.owner_confirmed_at is None or amendment.firm_confirmed_at is None:
        audit.record("contract_amendments.confirmed", actor, amendment, now, side=str(side))
        return
    projects.require_gate(contract.need, amendment.price, now, field="amended_price")
    amendment_price_check(amendment, contract, actor, now)
    assert contract.due_at is not None
    held = contract.due_at - end_of(contract.ends_on)
    contract.price = amendment.price
    note_price(contract, amendment.price_check_id, now)
    contract.ends_on = amendment.ends_on
    contract.due_at = end_of(amendment.ends_on) + held
    contract.next_check_at = next_due(contract)
    lifecycle.move(
        amendment,
        AmendmentStatus.AGREED,
        actor,
        now,
        contract=contract.id,
        price=amendment.price,
        ends_on=amendment.ends_on,
    )
    for told in Side:
        tell_party(contract, told, "合同变更已生效", f"changed:{amendment.number}:{told}", now)


def refuse_amendment(amendment: Amendment, side: Side, actor: Actor, now: datetime) -> None:
    """Turn a change down, or take one's own proposal back."""
    contract = lock(amendment.contract)
    lock(amendment)
    lifecycle.move(amendment, AmendmentStatus.REFUSED, actor, now, side=str(side))
    if amendment.proposed_by is not side:
        tell_party(contract, side.other, "对方不同意合同变更", f"change-no:{amendment.number}", now)

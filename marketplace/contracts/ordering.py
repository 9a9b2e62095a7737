"""The contract of an order: its terms were agreed before, so it runs as soon as it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import sha256_hex
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection.models import Award

from . import queries
from .models import Contract, ContractStatus, Side
from .pricing import contract_price_check, note_price
from .writing import (
    contract_body,
    contract_of,
    end_of,
    require_firm_allowed,
    tell_party,
)


@dataclass(frozen=True)
class OrderTerms:
    """What an order says beside the need and the award. Days are Shanghai days.

    ``owner_user_id`` and ``firm_user_id`` are who bound each side. ``accept_working_days`` and
    ``accept_reminders_after``: an acceptance shorter than the edition's, or None.
    """

    ends_on: date
    owner_user_id: int | None
    owner_agreed_at: datetime
    firm_user_id: int | None
    firm_agreed_at: datetime
    accept_working_days: int | None = None
    accept_reminders_after: tuple[int, ...] = ()
    extra: str = ""


def contract_from_order(
    need: Need, award: Award, terms: OrderTerms, actor: Actor, now: datetime
) -> Contract:
    """Make the contract of an order that both sides have agreed to, and let it run.

    The caller holds the need's lock. A barred firm and a price over what binds are refused here
    as for every contract.
    """
    day = clock.local_day(now)
    edition = queries.contracts_policy(need.jurisdiction_code, day)
    shorter = terms.accept_working_days is not None
    contract = contract_of(
        need,
        award,
        edition,
        now,
        accept_working_days=terms.accept_working_days,
        accept_reminders_after=list(terms.accept_reminders_after) if shorter else None,
        starts_on=day,
        ends_on=terms.ends_on,
        extra_terms=terms.extra,
        drafted_by=Side.OWNER,
        owner_proposed_by=need.proposer_id,
        owner_confirmed_by=terms.owner_user_id,
        owner_confirmed_at=terms.owner_agreed_at,
        firm_confirmed_by=terms.firm_user_id,
        firm_confirmed_at=terms.firm_agreed_at,
        signed_at=now,
        due_at=end_of(terms.ends_on),
    )
    require_firm_allowed(contract, need, now)
    contract.body = contract_body(contract, need, edition.values, day)
    contract.body_sha256 = sha256_hex(contract.body.encode())
    lifecycle.begin(contract, ContractStatus.DRAFTED, actor, now)
    contract_price_check(contract, need, award, actor, now)
    note_price(contract, contract.price_check_id, now)
    lifecycle.move(
        contract,
        ContractStatus.ACTIVE,
        actor,
        now,
        check_at=contract.due_at,
        price=contract.price,
        body=contract.body_sha256,
    )
    lifecycle.move(need, NeedStatus.CONTRACTED, actor, now, contract=contract.id)
    for told in Side:
        tell_party(contract, told, "订单成交，合同开始履行", f"signed:{told}", now)
    return contract

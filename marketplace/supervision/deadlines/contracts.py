"""The clocks of needs, orders and contracts."""

from __future__ import annotations

from marketplace.contracts.models import (
    RUNNING,
    Contract,
    ContractStatus,
    Deliverable,
    DeliverableStatus,
)
from marketplace.orders.models import AskStatus, Order, OrderAsk
from marketplace.projects.models import Need
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, AwardStatus, Entry

from ..models import ClockKind
from .shape import Deadline, of_contract

_DELIVERED = ((Deliverable, Deliverable.contract_id == Contract.id),)

CONTRACTS: tuple[Deadline, ...] = (
    Deadline(
        ClockKind.AWARD,
        of=Award,
        whose=Award.organisation_id,
        jurisdiction=Need.jurisdiction_code,
        about=Need.title,
        page=Entry.public_id,
        since=Award.final_at,
        due=Award.accept_by,
        joined=((Need, Need.id == Award.need_id), (Entry, Entry.id == Award.entry_id)),
        running=(Award.status == AwardStatus.OFFERED, ~selection.undecided_annulment()),
    ),
    Deadline(
        ClockKind.ORDER,
        of=OrderAsk,
        whose=OrderAsk.organisation_id,
        jurisdiction=Need.jurisdiction_code,
        about=Need.title,
        page=OrderAsk.public_id,
        since=OrderAsk.asked_at,
        due=OrderAsk.answer_by,
        joined=((Order, Order.id == OrderAsk.order_id), (Need, Need.id == Order.need_id)),
        running=(OrderAsk.status == AskStatus.ASKED,),
    ),
    *(
        of_contract(
            ClockKind.CONTRACT,
            party,
            Contract.status_since,
            Contract.confirm_by,
            Contract.status == ContractStatus.DRAFTED,
            confirmed.is_(None),
        )
        for party, confirmed in (
            (Contract.owner_id, Contract.owner_confirmed_at),
            (Contract.firm_id, Contract.firm_confirmed_at),
        )
    ),
    of_contract(
        ClockKind.DELIVERY,
        Contract.firm_id,
        Contract.signed_at,
        Contract.due_at,
        Contract.status == ContractStatus.ACTIVE,
    ),
    of_contract(
        ClockKind.ACCEPTANCE,
        Contract.owner_id,
        Deliverable.submitted_at,
        Deliverable.accept_by,
        Deliverable.status == DeliverableStatus.SUBMITTED,
        joined=_DELIVERED,
    ),
    of_contract(
        ClockKind.DECISION,
        Contract.owner_id,
        Contract.flagged_at,
        Contract.flag_decide_by,
        Contract.status.in_(RUNNING),
        Contract.flagged_at.is_not(None),
        Contract.flag_decided_at.is_(None),
    ),
)

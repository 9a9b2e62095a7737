"""What follows an accepted award in the demo's year: contract, delivery, marks."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from marketplace.accounts.models import OrganisationKind
from marketplace.contracts import actions as contracts
from marketplace.contracts import amending, writing
from marketplace.contracts import queries as contract_queries
from marketplace.contracts.models import Contract, ContractStatus, Side
from marketplace.contracts.rules import ContractTerms
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need

from . import dealings
from .agenda import AFTER_CLOSING, Days, Story
from .people import Cast

RETURNED_BECAUSE = (
    "基础数据与现场不一致，请核实后修改",
    "缺少附图和计算书，请补充",
    "结论部分未回应审批部门意见，请修改完善",
)
WORST = {"excellent": 4, "good": 4, "middling": 3, "poor": 2}


def contract_life(
    cast: Cast, days: Days, owner: str, turn: str, need_id: int, firm: str, chance: Random
) -> Story:
    """From the draft of the contract to the marks of both sides, or to where ``turn`` ends it."""
    with transaction():
        now = clock.now()
        starts, need = clock.local_day(now), db.session.get_one(Need, need_id)
        contract_id = contracts.draft_contract(
            need,
            ContractTerms(starts, writing.latest_end(starts, need)),
            Side.OWNER,
            cast.owners[owner].actor,
            now,
        ).id
    if turn == "unsigned":
        return
    yield days.after(starts, 0, AFTER_CLOSING)
    _confirm(cast, contract_id, Side.FIRM, firm)
    yield days.after(starts, 1)
    _confirm(cast, contract_id, Side.OWNER, owner)
    with transaction():
        signed = _get(contract_id)
        began, ends = signed.starts_on, signed.ends_on
    length = (ends - began).days
    if turn == "terminated":
        yield days.not_before(began + timedelta(days=max(2, length // 3)))
        dealings.end_early(cast, owner, firm, contract_id)
        yield from _marks(cast, days, owner, contract_id, firm, chance, 3)
        return
    if turn == "amended":
        yield days.not_before(began + timedelta(days=max(2, length // 2)))
        _amend(cast, contract_id, owner, firm)
    share = chance.uniform(0.45, 0.9)
    handed = began + timedelta(days=max(2, int(length * share)))
    if turn == "overdue":
        return
    if turn == "late":
        handed = ends + timedelta(days=chance.randint(3, 16))
    yield days.not_before(handed)
    dealings.deliver(cast, firm, contract_id, "按合同约定提交成果")
    if turn in ("returned", "returning"):
        yield days.after(clock.local_day(_now()), 2)
        dealings.give_back(cast, owner, contract_id, chance.choice(RETURNED_BECAUSE))
        if turn == "returning":
            return
        yield days.after(clock.local_day(_now()), 3)
        dealings.deliver(cast, firm, contract_id, "已按退回意见修改")
    if turn == "silent":
        yield days.after(clock.local_day(_now()), 11)
    else:
        yield days.after(clock.local_day(_now()), chance.randint(1, 4))
        dealings.accept(cast, owner, contract_id)
    if turn == "unmarked":
        return
    worst = 2 if turn == "late" else WORST[cast.firm_sketches[firm].skill]
    yield from _marks(cast, days, owner, contract_id, firm, chance, worst)


def _get(contract_id: int) -> Contract:
    return db.session.get_one(Contract, contract_id)


def _now() -> datetime:
    with transaction():
        return clock.now()


def _confirm(cast: Cast, contract_id: int, side: Side, login: str) -> None:
    person = cast.firms[login] if side is Side.FIRM else cast.approvers[login]
    with transaction():
        contract = _get(contract_id)
        if contract.status is not ContractStatus.DRAFTED:
            return
        if side is Side.OWNER and contract.owner_confirmed_at is not None:
            return
        contracts.confirm_contract(contract, side, person.actor, clock.now())


def _amend(cast: Cast, contract_id: int, owner: str, firm: str) -> None:
    """The owner agrees to a later end for a scope that grew; the price stays."""
    with transaction():
        contract = _get(contract_id)
        amending.propose_amendment(
            contract,
            contract.price,
            contract.ends_on + timedelta(days=10),
            "审批部门要求补充专题，完成日期顺延十日",
            Side.FIRM,
            cast.firms[firm].actor,
            clock.now(),
        )
    with transaction():
        amendment = contract_queries.open_amendment(contract_id)
        assert amendment is not None
        amending.confirm_amendment(amendment, Side.OWNER, cast.approvers[owner].actor, clock.now())


def _marks(
    cast: Cast,
    days: Days,
    owner: str,
    contract_id: int,
    firm: str,
    chance: Random,
    worst: int,
) -> Story:
    """Both sides mark on different days; now and then one of them does not."""
    kind = cast.owner_sketches[owner].kind
    excellent = cast.firm_sketches[firm].skill == "excellent"
    given = tuple(
        5 if excellent and chance.random() < 0.85 else chance.randint(worst, 5) for _ in range(5)
    )
    if worst <= 3:
        given = tuple(max(worst, min(mark, worst + 2)) for mark in given)
    silent = chance.random()
    if silent > 0.10:
        yield days.after(clock.local_day(_now()), chance.randint(1, 3))
        dealings.mark(
            cast.owners[owner],
            contract_id,
            dealings.OWNER_PARTS,
            given,
            "成果首次提交缺项较多，补充后方符合要求",
        )
    if silent < 0.90:
        yield days.after(clock.local_day(_now()), chance.randint(1, 4))
        slow = kind in (OrganisationKind.AGENCY, OrganisationKind.PUBLIC_INSTITUTION)
        back = (5, chance.randint(3, 5), chance.randint(3 if slow else 4, 5), 5)
        dealings.mark(cast.firms[firm], contract_id, dealings.FIRM_PARTS, back, "")

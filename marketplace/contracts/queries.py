"""Reads about contracts; every list has a stable order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, or_, select

from marketplace.accounts import queries as accounts
from marketplace.fees.models import PriceCheck
from marketplace.foundation import policy
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, fetch
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id
from marketplace.selection.models import Award, AwardStatus, DrawAnnulment

from .models import (
    OVER,
    RUNNING,
    Amendment,
    AmendmentStatus,
    Contract,
    ContractStatus,
    Deliverable,
    DeliverableStatus,
)
from .rules import ContractsPolicy


def contracts_policy(jurisdiction_code: str, day: date) -> policy.Edition[ContractsPolicy]:
    """The contracts edition in force for a jurisdiction on a day."""
    return policy.in_force(ContractsPolicy, accounts.lineage(jurisdiction_code), day)


def policy_of(contract: Contract) -> ContractsPolicy:
    """The values of the edition a contract was made under."""
    return policy.by_id(ContractsPolicy, contract.edition_id).values


def acceptance_of(contract: Contract) -> tuple[int, tuple[int, ...]]:
    """Working days the owner has to accept or return, and after how many it is reminded: the
    order's own where the contract came from one, else the edition's."""
    values = policy_of(contract)
    if contract.accept_working_days is None:
        return values.accept_working_days, values.accept_reminders_after
    return contract.accept_working_days, tuple(contract.accept_reminders_after or ())


def contract(public_id: str) -> Contract:
    """By public id; raises Missing."""
    return by_public_id(Contract, public_id)


def contract_by_id(contract_id: int) -> Contract:
    """By key; raises Missing."""
    found = db.session.get(Contract, contract_id)
    if found is None:
        raise Missing(f"contract {contract_id}")
    return found


def of_need(need_id: int) -> Contract | None:
    """The newest contract of a need."""
    return db.session.scalar(
        select(Contract).where(Contract.need_id == need_id).order_by(Contract.id.desc()).limit(1)
    )


def of_award(award_id: int) -> Contract | None:
    """The contract made from an award."""
    return db.session.scalar(select(Contract).where(Contract.award_id == award_id))


def award_behind(contract: Contract) -> Award:
    """The award a contract was made from."""
    return db.session.get_one(Award, contract.award_id)


def award_stands(contract: Contract) -> bool:
    """Whether the accepted award behind a contract was neither annulled nor fell otherwise."""
    return award_behind(contract).status is AwardStatus.ACCEPTED


def drafts_that_waited() -> list[int]:
    """Drafts not yet late whose draw stands after all since they were written, and whose time to
    confirm does not run from that decision yet."""
    found = []
    for key, refused in fetch(_waited_for_annulment()):
        draft = db.session.get_one(Contract, key)
        if draft.confirm_by is not None and draft.confirm_by < confirm_by(draft, refused):
            found.append(draft.id)
    return found


@cache
def _waited_for_annulment() -> Select[Any, Any]:
    return (
        select(Contract.id, func.max(DrawAnnulment.refused_at))
        .join(Award, Award.id == Contract.award_id)
        .join(DrawAnnulment, DrawAnnulment.round_id == Award.round_id)
        .where(
            Contract.status == ContractStatus.DRAFTED,
            Contract.confirm_overdue_at.is_(None),
            DrawAnnulment.refused_at > Contract.status_since,
        )
        .group_by(Contract.id)
        .order_by(Contract.id)
    )


def annulment_refused_at(contract: Contract) -> datetime | None:
    """When it was last decided that the draw behind a contract stands; None where never asked."""
    return db.session.scalar(
        select(func.max(DrawAnnulment.refused_at))
        .join(Award, Award.round_id == DrawAnnulment.round_id)
        .where(Award.id == contract.award_id)
    )


def confirm_by(contract: Contract, start: datetime) -> datetime:
    """Until when a draft is to be confirmed if the time for it begins at ``start``."""
    return working_calendar().deadline(start, policy_of(contract).confirm_working_days)


def contracts_of(organisation_id: int) -> Select[Contract]:
    """All contracts of an organisation on either side, newest first."""
    return (
        select(Contract)
        .where(or_(Contract.owner_id == organisation_id, Contract.firm_id == organisation_id))
        .order_by(Contract.status_since.desc(), Contract.id.desc())
    )


def running_of(organisation_id: int) -> list[Contract]:
    """The running contracts of a firm, oldest first."""
    return list(
        db.session.scalars(
            select(Contract)
            .where(Contract.firm_id == organisation_id, Contract.status.in_(RUNNING))
            .order_by(Contract.id)
        )
    )


def ended_contracts() -> Select[Contract]:
    """Signed contracts that were completed or terminated, oldest first: to be evaluated."""
    return (
        select(Contract)
        .where(Contract.status.in_(OVER), Contract.signed_at.is_not(None))
        .order_by(Contract.ended_at, Contract.id)
    )


def to_confirm(organisation_id: int) -> list[Contract]:
    """Drafts that wait for this side's confirmation, by deadline."""
    return list(
        db.session.scalars(
            select(Contract)
            .where(
                Contract.status == ContractStatus.DRAFTED,
                or_(
                    (Contract.owner_id == organisation_id) & Contract.owner_confirmed_at.is_(None),
                    (Contract.firm_id == organisation_id) & Contract.firm_confirmed_at.is_(None),
                ),
            )
            .order_by(Contract.confirm_by, Contract.id)
            .limit(100)
        )
    )


def to_deliver(organisation_id: int) -> list[Contract]:
    """A firm's contracts in work, by the day they are due."""
    return list(
        db.session.scalars(
            select(Contract)
            .where(Contract.firm_id == organisation_id, Contract.status == ContractStatus.ACTIVE)
            .order_by(Contract.due_at, Contract.id)
            .limit(100)
        )
    )


def to_accept(organisation_id: int) -> list[Deliverable]:
    """Deliveries that wait for an owner, by deadline."""
    return list(
        db.session.scalars(
            select(Deliverable)
            .join(Contract, Contract.id == Deliverable.contract_id)
            .where(
                Contract.owner_id == organisation_id,
                Deliverable.status == DeliverableStatus.SUBMITTED,
            )
            .order_by(Deliverable.accept_by, Deliverable.id)
            .limit(100)
        )
    )


def to_decide(organisation_id: int) -> list[Contract]:
    """Running contracts whose firm was sanctioned and whose owner must decide, by deadline."""
    return list(
        db.session.scalars(
            select(Contract)
            .where(
                Contract.owner_id == organisation_id,
                Contract.status.in_(RUNNING),
                Contract.flagged_at.is_not(None),
                Contract.flag_decided_at.is_(None),
            )
            .order_by(Contract.flag_decide_by, Contract.id)
            .limit(100)
        )
    )


def amendments_to_confirm(organisation_id: int) -> list[Amendment]:
    """Proposed changes that wait for this side, oldest first."""
    return list(
        db.session.scalars(
            select(Amendment)
            .join(Contract, Contract.id == Amendment.contract_id)
            .where(
                Amendment.status == AmendmentStatus.PROPOSED,
                or_(
                    (Contract.owner_id == organisation_id) & Amendment.owner_confirmed_at.is_(None),
                    (Contract.firm_id == organisation_id) & Amendment.firm_confirmed_at.is_(None),
                ),
            )
            .order_by(Amendment.id)
            .limit(100)
        )
    )


def paid_for(contract: Contract) -> dict[str, str]:
    """The base quantities the price is for: those of the last change that is in force and named
    any, else the need's."""
    changed = [
        each.fee_inputs
        for each in amendments(contract.id)
        if each.status is AmendmentStatus.AGREED and each.fee_inputs is not None
    ]
    return dict(changed[-1] if changed else contract.need.fee_inputs)


def amendments(contract_id: int) -> list[Amendment]:
    """All changes of a contract in order."""
    return list(
        db.session.scalars(
            select(Amendment).where(Amendment.contract_id == contract_id).order_by(Amendment.number)
        )
    )


def amendment(public_id: str) -> Amendment:
    """By public id; raises Missing."""
    return by_public_id(Amendment, public_id)


def open_amendment(contract_id: int) -> Amendment | None:
    """The change that waits for confirmation, if there is one."""
    return db.session.scalar(
        select(Amendment).where(
            Amendment.contract_id == contract_id, Amendment.status == AmendmentStatus.PROPOSED
        )
    )


def deliverables(contract_id: int) -> list[Deliverable]:
    """All delivered versions of a contract in order."""
    return list(
        db.session.scalars(
            select(Deliverable)
            .where(Deliverable.contract_id == contract_id)
            .order_by(Deliverable.version)
        )
    )


def deliverable(public_id: str) -> Deliverable:
    """By public id; raises Missing."""
    return by_public_id(Deliverable, public_id)


def waiting_deliverable(contract_id: int) -> Deliverable | None:
    """The version that waits for the owner, if there is one."""
    return db.session.scalar(
        select(Deliverable).where(
            Deliverable.contract_id == contract_id,
            Deliverable.status == DeliverableStatus.SUBMITTED,
        )
    )


def delivered_since(organisation_id: int, since: datetime) -> int:
    """How many contracts of a firm were accepted after ``since``."""
    return (
        db.session.scalar(
            select(func.count(Contract.id)).where(
                Contract.firm_id == organisation_id, Contract.accepted_at > since
            )
        )
        or 0
    )


@dataclass(frozen=True)
class Record:
    """What a firm's contracts add up to, for its public page."""

    running: int
    completed: int
    terminated: int
    on_time: int
    returned: int


@dataclass(frozen=True)
class Tally:
    """How many contracts a firm completed, and how many of them on time."""

    completed: int = 0
    on_time: int = 0


_TALLIES = (
    select(
        Contract.firm_id,
        func.count(Contract.id).label("completed"),
        func.sum(case((Contract.overdue_since.is_(None), 1), else_=0)).label("kept"),
    )
    .where(
        Contract.firm_id.in_(bindparam("firm_ids", expanding=True)),
        Contract.status == ContractStatus.COMPLETED,
    )
    .group_by(Contract.firm_id)
)


def tallies_of(organisation_ids: Sequence[int]) -> dict[int, Tally]:
    """The tallies of many firms at once, for lists."""
    rows = fetch(_TALLIES, firm_ids=list(organisation_ids))
    found = {firm_id: Tally(completed, int(kept)) for firm_id, completed, kept in rows}
    return {each: found.get(each, Tally()) for each in organisation_ids}


_RECORD = (
    select(
        Contract.status,
        func.count(Contract.id).label("signed"),
        func.sum(case((Contract.overdue_since.is_not(None), 1), else_=0)).label("late"),
        func.sum(
            case(
                (
                    exists().where(
                        Deliverable.contract_id == Contract.id,
                        Deliverable.status == DeliverableStatus.RETURNED,
                    ),
                    1,
                ),
                else_=0,
            )
        ).label("back"),
    )
    .where(Contract.firm_id == bindparam("firm_id"), Contract.signed_at.is_not(None))
    .group_by(Contract.status)
)


def record_of(organisation_id: int) -> Record:
    """Counts over all signed contracts of a firm; ``on_time`` of the completed ones."""
    found = fetch(_RECORD, firm_id=organisation_id)
    counts = {status: (count, int(late)) for status, count, late, _back in found}
    completed, late = counts.get(ContractStatus.COMPLETED, (0, 0))
    returned = sum(int(back) for _status, _count, _late, back in found)
    return Record(
        running=sum(count for status, (count, _late) in counts.items() if status in RUNNING),
        completed=completed,
        terminated=counts.get(ContractStatus.TERMINATED, (0, 0))[0],
        on_time=completed - late,
        returned=returned,
    )


def price_check(contract: Contract) -> PriceCheck | None:
    """The stored answer of the price check about a contract's price."""
    return db.session.get(PriceCheck, contract.price_check_id) if contract.price_check_id else None


def checks_of_changes(changes: Sequence[Amendment]) -> dict[int, str]:
    """The public ids of the price checks of the changes, by change."""
    rows = db.session.execute(
        select(Amendment.id, PriceCheck.public_id)
        .join(PriceCheck, PriceCheck.id == Amendment.price_check_id)
        .where(Amendment.id.in_([one.id for one in changes]))
    )
    return {row.id: row.public_id for row in rows}


def agreed(changes: Sequence[Amendment]) -> list[Amendment]:
    """The changes that came into force."""
    return [one for one in changes if one.status is AmendmentStatus.AGREED]

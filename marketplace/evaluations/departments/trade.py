"""How the contracts of departments' trades ran: accepted, late, sent back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import case, func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.contracts.models import Contract, ContractStatus, Deliverable, DeliverableStatus
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.projects.models import Need

from .models import DepartmentWindow


@dataclass(frozen=True)
class Handled:
    """A contract of a department's trade that was accepted, with how it ran."""

    id: int
    late: bool
    versions: int
    returned: int


def accepted_in(
    department: Organisation,
    begins: datetime,
    ends: datetime,
    counted: Collection[int] | None = None,
) -> list[Handled]:
    """The contracts of a department's trade accepted in a time, by key.

    Whose trade: as the list of items stood when the contract was signed, as for evaluations. With
    ``counted`` it was asked already, and these alone are read: an office founded since would have
    another answer.
    """
    rows = _accepted([department], begins, ends)
    if counted is not None:
        return _handled([row for row in rows if row.id in counted])
    return _handled([row for row, office in _with_office(rows) if office == department.id])


def accepted_by_department(
    departments: Sequence[Organisation], begins: datetime, ends: datetime
) -> dict[int, list[Handled]]:
    """The same of many departments at once, by the department's key, in as many statements."""
    kept = list(_with_office(_accepted(departments, begins, ends)))
    handled = {each.id: each for each in _handled([row for row, _office in kept])}
    found: dict[int, list[Handled]] = defaultdict(list)
    for row, office in kept:
        found[office].append(handled[row.id])
    return {each.id: found[each.id] for each in departments}


def _accepted(departments: Sequence[Organisation], begins: datetime, ends: datetime) -> list[Any]:
    """Accepted contracts of items that were ever of one of these departments, in their areas."""
    trade = select(ServiceItem.code).where(
        ServiceItem.department_code.in_({each.office_code for each in departments})
    )
    areas = {code for each in departments for code in accounts.below(each.jurisdiction_code)}
    return list(
        db.session.execute(
            select(
                Contract.id,
                Contract.jurisdiction_code,
                Contract.signed_at,
                Contract.owner_id,
                Contract.firm_id,
                Contract.overdue_since,
                Need.item_code,
                DepartmentWindow.department_id,
            )
            .join(Need, Need.id == Contract.need_id)
            .outerjoin(DepartmentWindow, DepartmentWindow.contract_id == Contract.id)
            .where(
                Contract.status == ContractStatus.COMPLETED,
                Contract.accepted_at >= begins,
                Contract.accepted_at < ends,
                Contract.jurisdiction_code.in_(areas),
                Need.item_code.in_(trade),
            )
            .order_by(Contract.id)
        )
    )


def _with_office(rows: Iterable[Any]) -> Iterator[tuple[Any, int]]:
    """Contracts with the department whose trade each is; those it is a party of are nobody's."""
    competent = _competence()
    for row in rows:
        office = row.department_id
        if office is None and row.signed_at is not None:
            signed_on = clock.local_day(row.signed_at)
            office = competent(row.jurisdiction_code, row.item_code, signed_on)
        if office is not None and office not in (row.owner_id, row.firm_id):
            yield row, office


def _competence() -> Callable[[str, str, date], int | None]:
    """Who handles an item in an area on a day, all offices read once."""
    offices = {
        (code, office_code): key
        for key, code, office_code in db.session.execute(
            select(Organisation.id, Organisation.jurisdiction_code, Organisation.office_code).where(
                Organisation.office_code.is_not(None)
            )
        )
    }

    @cache
    def competent(jurisdiction_code: str, item_code: str, day: date) -> int | None:
        lineage = accounts.lineage(jurisdiction_code)
        item = catalogue.labels(day, lineage).get(item_code)
        if item is None:
            return None
        found = (offices.get((code, item.department_code)) for code in lineage)
        return next((key for key in found if key is not None), None)

    return competent


def _handled(rows: Sequence[Any]) -> list[Handled]:
    versions = _versions([row.id for row in rows])
    return [
        Handled(row.id, row.overdue_since is not None, *versions.get(row.id, (0, 0)))
        for row in rows
    ]


def _versions(contracts: list[int]) -> dict[int, tuple[int, int]]:
    """By contract: how many versions the owner decided on, and how many of them it sent back."""
    decided = (DeliverableStatus.ACCEPTED, DeliverableStatus.RETURNED)
    returned = case((Deliverable.status == DeliverableStatus.RETURNED, 1), else_=0)
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(contracts), 500):
        some = contracts[start : start + 500]
        rows = db.session.execute(
            select(Deliverable.contract_id, func.count(), func.sum(returned))
            .where(Deliverable.contract_id.in_(some), Deliverable.status.in_(decided))
            .group_by(Deliverable.contract_id)
        )
        found |= {contract: (count, back) for contract, count, back in rows}
    return found

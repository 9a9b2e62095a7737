"""Reads about firms and departments marking each other.

A firm's marks on a department leave this file as yearly sums alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.contracts.models import Contract
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.projects.models import Need

from ..models import Evaluation, EvaluationVersion, EvaluationWindow
from ..rules import DEPARTMENTS, Direction
from .models import DepartmentWindow, PairStatus

LISTED = 100


def department_of(contract: Contract) -> Organisation | None:
    """The department whose catalogue item was bought, as the list stood when the contract was
    signed; None where there is none or it bought the service itself."""
    pair = pair_of(contract)
    if pair is not None:
        return pair.department
    if contract.signed_at is None:
        return None
    lineage = accounts.lineage(contract.jurisdiction_code)
    try:
        item = catalogue.item(contract.need.item_code, clock.local_day(contract.signed_at), lineage)
        found = accounts.department(contract.jurisdiction_code, item.department_code)
    except Missing:
        return None
    parties = (contract.owner_id, contract.firm_id)
    return None if found.id in parties else found


def pair_of(contract: Contract) -> DepartmentWindow | None:
    """The pair of a contract once somebody has marked in it."""
    return db.session.scalar(
        select(DepartmentWindow).where(DepartmentWindow.contract_id == contract.id)
    )


def direction_of(contract: Contract, organisation_id: int | None) -> Direction | None:
    """In which direction an organisation marks in the pair of a contract; None for strangers."""
    department = department_of(contract)
    if organisation_id is None or department is None:
        return None
    if organisation_id == contract.firm_id:
        return Direction.FIRM_TO_DEPARTMENT
    return Direction.DEPARTMENT_TO_FIRM if organisation_id == department.id else None


def directions_in(window: EvaluationWindow) -> set[Direction]:
    """In which directions of the pair marks were given."""
    return set(
        db.session.scalars(
            select(Evaluation.direction).where(
                Evaluation.window_id == window.id, Evaluation.direction.in_(DEPARTMENTS)
            )
        )
    )


def waiting_for(organisation_id: int, now: datetime) -> list[EvaluationWindow]:
    """Open periods in which a department has not marked the firm yet, by their end."""
    office = db.session.get(Organisation, organisation_id)
    if office is None or office.function is not OrganisationFunction.DEPARTMENT:
        return []
    given = exists().where(
        Evaluation.window_id == EvaluationWindow.id,
        Evaluation.direction == Direction.DEPARTMENT_TO_FIRM,
    )
    trade = select(ServiceItem.code).where(ServiceItem.department_code == office.office_code)
    over = exists().where(
        DepartmentWindow.contract_id == EvaluationWindow.contract_id,
        DepartmentWindow.status == PairStatus.REVEALED,
    )
    found = db.session.scalars(
        select(EvaluationWindow)
        .join(Contract, Contract.id == EvaluationWindow.contract_id)
        .join(Need, Need.id == Contract.need_id)
        .where(
            EvaluationWindow.ends_at > now,
            Contract.jurisdiction_code.in_(accounts.below(office.jurisdiction_code)),
            Need.item_code.in_(trade),
            ~given,
            ~over,
        )
        .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
        .limit(as_written(LISTED))
    )
    # the list may name another office since, or a nearer one may exist
    return [each for each in found if department_of(each.contract) is office]


def given_by(organisation_id: int) -> list[Evaluation]:
    """What a department gave, the newest first."""
    return list(
        db.session.scalars(
            select(Evaluation)
            .where(
                Evaluation.rater_organisation_id == organisation_id,
                Evaluation.direction == Direction.DEPARTMENT_TO_FIRM,
            )
            .order_by(Evaluation.given_at.desc(), Evaluation.id.desc())
            .limit(as_written(LISTED))
        )
    )


@dataclass(frozen=True)
class Year:
    """What firms said of a department in one year that has ended: only where enough said it.

    ``means`` are hundredths of a mark by part, half-up; None where fewer firms marked than the
    edition asks for, and then the numbers are not told either.
    """

    year: int
    marks: int | None
    firms: int | None
    means: dict[str, int] | None


_LATER = aliased(EvaluationVersion)


def years_of(
    departments: Collection[int], today: date, least_firms: int, years: int = 3
) -> dict[int, list[Year]]:
    """The yearly sums of firms' marks on departments, the last ended year first."""
    first = today.year - years
    newest = (
        select(func.max(_LATER.number))
        .where(_LATER.evaluation_id == Evaluation.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            DepartmentWindow.department_id,
            DepartmentWindow.revealed_at,
            Evaluation.rater_organisation_id,
            EvaluationVersion.marks,
        )
        .select_from(Evaluation)
        .join(EvaluationWindow, EvaluationWindow.id == Evaluation.window_id)
        .join(DepartmentWindow, DepartmentWindow.contract_id == EvaluationWindow.contract_id)
        .join(
            EvaluationVersion,
            (EvaluationVersion.evaluation_id == Evaluation.id)
            & (EvaluationVersion.number == newest),
        )
        .where(
            DepartmentWindow.department_id.in_(list(departments)),
            Evaluation.direction == Direction.FIRM_TO_DEPARTMENT,
            DepartmentWindow.status == PairStatus.REVEALED,
            DepartmentWindow.revealed_at >= calendar.moment(date(first, 1, 1), time(0)),
            DepartmentWindow.revealed_at < calendar.moment(date(today.year, 1, 1), time(0)),
        )
    )
    found: dict[tuple[int, int], list[tuple[int, dict[str, int]]]] = defaultdict(list)
    for department, revealed_at, firm, marks in rows:
        assert revealed_at is not None  # the statement asks for revealed pairs
        found[department, clock.local_day(revealed_at).year].append((firm, marks))
    return {
        department: [
            _year(year, found[department, year], least_firms)
            for year in range(today.year - 1, first - 1, -1)
        ]
        for department in departments
    }


def _year(year: int, given: list[tuple[int, dict[str, int]]], least_firms: int) -> Year:
    firms = len({firm for firm, _marks in given})
    if firms < least_firms:
        return Year(year, None, None, None)
    count = len(given)
    means = {
        part: (sum(marks[part] for _firm, marks in given) * 200 + count) // (count * 2)
        for part in Direction.FIRM_TO_DEPARTMENT.parts
    }
    return Year(year, count, firms, means)

"""Reads about firms and departments marking each other.

A firm's marks on a department leave this file as yearly sums alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased, contains_eager

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.contracts.models import Contract
from marketplace.foundation import calendar, clock, epoch, policy
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.projects.models import Need

from ..models import Evaluation, EvaluationVersion, EvaluationWindow
from ..rules import DEPARTMENTS, Direction, EvaluationPolicy
from .models import DepartmentWindow, PairStatus

LISTED = 100
_WITH_NEED = contains_eager(EvaluationWindow.contract).contains_eager(Contract.need)


def department_of(contract: Contract) -> Organisation | None:
    """The department whose catalogue item was bought, as the list stood when the contract was
    signed; None where there is none or it bought the service itself."""
    pair = pair_of(contract)
    if pair is not None:
        return pair.department
    office_id = _office_of(contract)
    return None if office_id is None else db.session.get(Organisation, office_id)


def _office_of(contract: Contract) -> int | None:
    """The office whose item a contract is about, where nobody has marked in its pair yet."""
    if contract.signed_at is None:
        return None
    signed_on = clock.local_day(contract.signed_at)
    found = _office_for(contract.jurisdiction_code, contract.need.item_code, signed_on)
    return None if found in (contract.owner_id, contract.firm_id) else found


@epoch.remembered
def _office_for(jurisdiction_code: str, item_code: str, day: date) -> int | None:
    try:
        item = catalogue.item(item_code, day, accounts.lineage(jurisdiction_code))
        return accounts.department(jurisdiction_code, item.department_code).id
    except Missing:
        return None


def _offices_of(windows: Sequence[EvaluationWindow]) -> dict[int, int | None]:
    """By contract: the department of its pair, or the office of its item."""
    keys = [each.contract_id for each in windows]
    paired = {
        row.contract_id: row.department_id
        for row in db.session.execute(
            select(DepartmentWindow.contract_id, DepartmentWindow.department_id).where(
                DepartmentWindow.contract_id.in_(keys)
            )
        )
    }
    return {
        each.contract_id: paired[each.contract_id]
        if each.contract_id in paired
        else _office_of(each.contract)
        for each in windows
    }


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
        .join(EvaluationWindow.contract)
        .join(Contract.need)
        .options(_WITH_NEED)
        .where(
            EvaluationWindow.ends_at > now,
            Contract.jurisdiction_code.in_(accounts.below(office.jurisdiction_code)),
            Need.item_code.in_(trade),
            ~given,
            ~over,
        )
        .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
        .limit(as_written(LISTED))
    ).all()
    if not found:
        return []
    offices = _offices_of(found)
    # the list may name another office since, or a nearer one may exist
    return [each for each in found if offices[each.contract_id] == office.id]


def open_to(firm_id: int, now: datetime) -> list[EvaluationWindow]:
    """Open periods of a firm's contracts in which it has not marked the department, by their end."""
    given = exists().where(
        Evaluation.window_id == EvaluationWindow.id,
        Evaluation.direction == Direction.FIRM_TO_DEPARTMENT,
    )
    over = exists().where(
        DepartmentWindow.contract_id == EvaluationWindow.contract_id,
        DepartmentWindow.status == PairStatus.REVEALED,
    )
    found = db.session.scalars(
        select(EvaluationWindow)
        .join(EvaluationWindow.contract)
        .join(Contract.need)
        .options(_WITH_NEED)
        .where(Contract.firm_id == firm_id, EvaluationWindow.ends_at > now, ~given, ~over)
        .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
        .limit(as_written(LISTED))
    ).all()
    if not found:
        return []
    offices = _offices_of(found)
    return [each for each in found if offices[each.contract_id] is not None]


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
    edition of the year's last day asks for, and then the numbers are not told either. ``total`` is
    the sum of all marks, ``commitments`` the digest of what was committed to when they were given.
    """

    year: int
    least_firms: int
    marks: int | None = None
    firms: int | None = None
    means: dict[str, int] | None = None
    total: int | None = None
    commitments: str | None = None


@dataclass(frozen=True)
class _Given:
    firm: int
    marks: dict[str, int]
    commitment: str


_LATER = aliased(EvaluationVersion)


def years_of(
    departments: Collection[Organisation], today: date, years: int = 3
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
            EvaluationVersion.commitment,
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
            DepartmentWindow.department_id.in_([each.id for each in departments]),
            Evaluation.direction == Direction.FIRM_TO_DEPARTMENT,
            DepartmentWindow.status == PairStatus.REVEALED,
            DepartmentWindow.revealed_at >= calendar.moment(date(first, 1, 1), time(0)),
            DepartmentWindow.revealed_at < calendar.moment(date(today.year, 1, 1), time(0)),
        )
    )
    found: dict[tuple[int, int], list[_Given]] = defaultdict(list)
    for department, revealed_at, firm, marks, commitment in rows:
        assert revealed_at is not None  # the statement asks for revealed pairs
        year = clock.local_day(revealed_at).year
        found[department, year].append(_Given(firm, marks, commitment))
    return {
        each.id: [
            _year(each, year, found[each.id, year]) for year in range(today.year - 1, first - 1, -1)
        ]
        for each in departments
    }


def _year(department: Organisation, year: int, given: list[_Given]) -> Year:
    # a later edition never opens a year that was kept closed
    least = least_firms(department.jurisdiction_code, year)
    firms = len({each.firm for each in given})
    if firms < least:
        return Year(year, least)
    count, parts = len(given), Direction.FIRM_TO_DEPARTMENT.parts
    sums = {part: sum(each.marks[part] for each in given) for part in parts}
    return Year(
        year,
        least,
        count,
        firms,
        {part: (sums[part] * 200 + count) // (count * 2) for part in parts},
        sum(sums.values()),
        digest(sorted(each.commitment for each in given)),
    )


def least_firms(jurisdiction_code: str, year: int) -> int:
    """How many firms must have marked before a year is told of: the edition of its last day."""
    try:
        edition = policy.in_force(
            EvaluationPolicy, accounts.lineage(jurisdiction_code), date(year, 12, 31)
        )
    except policy.PolicyMissing:
        return EvaluationPolicy().department_least_firms
    return edition.values.department_least_firms

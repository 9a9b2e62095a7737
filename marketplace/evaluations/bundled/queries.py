"""Reads of departments' years: the facts a score rests on, and the scores that were settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.catalogue.demands.models import DemandStatus, OffListDemand
from marketplace.catalogue.demands.queries import by_ids, upheld_by_department, upheld_in
from marketplace.catalogue.models import ServiceItem
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import calendar
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.errors import Missing
from marketplace.intermediaries.models import CheckStatus, ProfessionalCheck
from marketplace.projects.models import Need

from ..departments import queries as departments
from ..departments import trade
from ..departments.models import DepartmentWindow, PairStatus
from .models import DepartmentYear
from .rules import Facts

LISTED = 500


@dataclass(frozen=True)
class Gathered:
    """The facts of a year with what they rest on."""

    facts: Facts
    least_firms: int
    evidence: dict[str, Any]


def span(year: int) -> tuple[datetime, datetime]:
    """When a year begins and when the next does, in Shanghai."""
    return (
        calendar.moment(date(year, 1, 1), time(0)),
        calendar.moment(date(year + 1, 1, 1), time(0)),
    )


def gather(
    department: Organisation,
    year: int,
    today: date,
    counted: Collection[int] | None = None,
    *,
    demands_counted: bool = True,
) -> Gathered:
    """The facts of a department's year; of a year that has not ended without firms' marks.

    ``counted`` names the contracts where it is known already which are of the department's trade;
    ``demands_counted`` is False for a year settled before off-list demands were.
    """
    begins, ends = span(year)
    accepted = trade.accepted_in(department, begins, ends, counted)
    silent = list(
        db.session.scalars(
            select(ProfessionalCheck.id)
            .where(
                ProfessionalCheck.organisation_id == department.id,
                ProfessionalCheck.status == CheckStatus.SILENT,
                ProfessionalCheck.status_since >= begins,
                ProfessionalCheck.status_since < ends,
            )
            .order_by(ProfessionalCheck.id)
        )
    )
    demanded = upheld_in(department.id, begins, ends) if demands_counted else []
    said = None
    if year < today.year:
        after = date(year + 1, 1, 1)
        said = departments.years_of([department], after, 1)[department.id][0]
    return Gathered(
        _facts(accepted, len(silent), len(demanded), said),
        departments.least_firms(department.jurisdiction_code, year),
        {
            "contracts": [
                [each.id, int(each.late), each.versions, each.returned] for each in accepted
            ],
            "silent": silent,
            "marks": said.commitments if said else None,
            **({"demands": demanded} if demands_counted else {}),
        },
    )


def _facts(
    accepted: Sequence[trade.Handled],
    silent: int,
    demands: int,
    said: departments.Year | None = None,
) -> Facts:
    return Facts(
        firms=said.firms if said else None,
        marks=said.marks if said else None,
        mark_total=said.total if said else None,
        contracts=len(accepted),
        late=sum(each.late for each in accepted),
        versions=sum(each.versions for each in accepted),
        returned=sum(each.returned for each in accepted),
        silent=silent,
        demands=demands,
    )


def running(offices: Sequence[Organisation], year: int) -> dict[int, Facts]:
    """The facts so far of a year that has not ended, of many departments in as many statements."""
    begins, ends = span(year)
    accepted = trade.accepted_by_department(offices, begins, ends)
    unanswered = db.session.execute(
        select(ProfessionalCheck.organisation_id, func.count())
        .where(
            ProfessionalCheck.organisation_id.in_(list(accepted)),
            ProfessionalCheck.status == CheckStatus.SILENT,
            ProfessionalCheck.status_since >= begins,
            ProfessionalCheck.status_since < ends,
        )
        .group_by(ProfessionalCheck.organisation_id)
    )
    silent = {row[0]: row[1] for row in unanswered}
    demands = upheld_by_department(accepted, begins, ends)
    return {
        key: _facts(handled, silent.get(key, 0), demands.get(key, 0))
        for key, handled in accepted.items()
    }


def unsettled(year: int) -> list[int]:
    """Departments without a score of a year in which something of theirs seems to have happened:
    one statement for each jurisdiction that has departments."""
    places = sorted(row[0] for row in fetch(_places()))
    found: list[int] = []
    for code in places:
        found += [
            row[0] for row in fetch(_unsettled_there(year, code, tuple(accounts.below(code))))
        ]
    return found


@cache
def _places() -> Select[str]:
    here = Organisation.function == OrganisationFunction.DEPARTMENT
    return select(Organisation.jurisdiction_code).where(here).distinct()


@lru_cache(maxsize=100)
def _unsettled_there(year: int, code: str, below: tuple[str, ...]) -> Select[int]:
    """The same of one jurisdiction, kept from one look of the clock to the next."""
    begins, ends = span(year)
    handled = (
        ServiceItem.department_code == Organisation.office_code,
        Contract.status == ContractStatus.COMPLETED,
        Contract.accepted_at >= begins,
        Contract.accepted_at < ends,
    )
    silent = exists().where(
        ProfessionalCheck.organisation_id == Organisation.id,
        ProfessionalCheck.status == CheckStatus.SILENT,
        ProfessionalCheck.status_since >= begins,
        ProfessionalCheck.status_since < ends,
    )
    said = exists().where(
        DepartmentWindow.department_id == Organisation.id,
        DepartmentWindow.status == PairStatus.REVEALED,
        DepartmentWindow.revealed_at >= begins,
        DepartmentWindow.revealed_at < ends,
    )
    demanded = exists().where(
        OffListDemand.department_id == Organisation.id,
        OffListDemand.status == DemandStatus.UPHELD,
        OffListDemand.decided_at >= begins,
        OffListDemand.decided_at < ends,
    )
    settled_already = exists().where(
        DepartmentYear.department_id == Organisation.id, DepartmentYear.year == year
    )
    handled_there = (
        exists()
        .where(Contract.need_id == Need.id, ServiceItem.code == Need.item_code, *handled)
        .where(Contract.jurisdiction_code.in_(below))
    )
    return select(Organisation.id).where(
        Organisation.function == OrganisationFunction.DEPARTMENT,
        Organisation.jurisdiction_code == code,
        ~settled_already,
        or_(handled_there, silent, said, demanded),
    )


def settled(department_ids: Collection[int]) -> list[DepartmentYear]:
    """The scores of departments, the newest year first."""
    return list(
        db.session.scalars(
            select(DepartmentYear)
            .where(DepartmentYear.department_id.in_(list(department_ids)))
            .order_by(DepartmentYear.year.desc(), DepartmentYear.department_id)
        )
    )


def settled_year(department_id: int, year: int) -> DepartmentYear | None:
    """The score of a department's year, None before it is settled."""
    return db.session.scalar(
        select(DepartmentYear).where(
            DepartmentYear.department_id == department_id, DepartmentYear.year == year
        )
    )


def department(public_id: str) -> Organisation:
    """A department by its public id. Raises Missing."""
    found = db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))
    if found is None or found.function is not OrganisationFunction.DEPARTMENT:
        raise Missing(f"department {public_id}")
    return found


@dataclass(frozen=True)
class ContractRow:
    """A contract that counted, for whoever may open the evidence."""

    contract: Contract
    late: bool
    versions: int
    returned: int


def contracts_in(evidence: dict[str, Any]) -> list[ContractRow]:
    """The contracts a score rests on: those that took points first, the first 500."""
    counted = sorted(evidence["contracts"], key=lambda row: (-row[1], -row[3], row[0]))[:LISTED]
    rows = db.session.scalars(select(Contract).where(Contract.id.in_([row[0] for row in counted])))
    found = {each.id: each for each in rows}
    return [
        ContractRow(found[key], bool(late), versions, returned)
        for key, late, versions, returned in counted
    ]


def checks_in(evidence: dict[str, Any]) -> list[ProfessionalCheck]:
    """The professional checks left unanswered, the first 500."""
    return list(
        db.session.scalars(
            select(ProfessionalCheck)
            .where(ProfessionalCheck.id.in_(evidence["silent"]))
            .order_by(ProfessionalCheck.status_since)
            .limit(as_written(LISTED))
        )
    )


def demands_in(evidence: dict[str, Any]) -> list[OffListDemand]:
    """The reports of off-list demands found true, the first 500."""
    return by_ids(evidence.get("demands", ()))

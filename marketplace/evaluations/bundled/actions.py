"""Settle a department's year, and replay what was settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue.rules.policy import CataloguePolicy
from marketplace.foundation import audit, clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict
from marketplace.foundation.policy import Edition

from ..queries import edition_of
from ..rules import EvaluationPolicy
from . import queries
from .models import COUNTED, DepartmentYear
from .rules import year_score


def settle_year(
    department: Organisation, year: int, actor: Actor, now: datetime
) -> DepartmentYear | None:
    """Keep a department's score of a year that has ended, under the edition of its last day.

    None where nothing happened in the year, or it is settled already. Raises Conflict while the
    year runs: firms' marks are told by whole years alone.
    """
    lock(department)
    today = clock.local_day(now)
    last = date(year, 12, 31)
    if today <= last:
        raise Conflict(_("年度尚未结束，不能计分"), rule="department.year")
    if queries.settled_year(department.id, year) is not None:
        return None
    found = queries.gather(department, year, today)
    if found.facts.is_empty:
        return None
    edition = edition_of(department.jurisdiction_code, last)
    listing = listing_policy(department.jurisdiction_code, last)
    row = DepartmentYear(
        department_id=department.id,
        year=year,
        ends_on=last,
        settled_on=today,
        settled_at=now,
        edition_id=edition.id,
        least_firms=found.least_firms,
        evidence=found.evidence,
        demands=found.facts.demands,
        listing_edition_id=listing.id,
        hundredths=year_score(found.facts, edition.values, listing.values).hundredths,
        **{name: getattr(found.facts, name) for name in COUNTED},
    )
    row.digest = row.content_digest()
    db.session.add(row)
    db.session.flush()
    audit.record(
        "department_year.settled",
        actor,
        row,
        now,
        year=year,
        hundredths=row.hundredths,
        digest=row.digest,
    )
    return row


def listing_policy(jurisdiction: str, day: date) -> Edition[CataloguePolicy]:
    """What off-list demands take off in a place on a day."""
    return policy.in_force(CataloguePolicy, accounts.lineage(jurisdiction), day)


def listing_of(row: DepartmentYear) -> CataloguePolicy | None:
    """What off-list demands took off in a settled year; None where they were not counted."""
    if row.listing_edition_id is None:
        return None
    return policy.by_id(CataloguePolicy, row.listing_edition_id).values


def differences() -> Iterator[str]:
    """Where a settled year is not what its facts say under its edition; none when all is well.

    Which contracts were of the trade was decided when the year was settled and is not asked again.
    """
    for row in db.session.scalars(select(DepartmentYear).order_by(DepartmentYear.id)):
        named = f"department_years {row.id}"
        if row.content_digest() != row.digest:
            yield f"{named}: digest"
        counted = {each[0] for each in row.evidence.get("contracts", ())}
        known = row.demands is not None
        found = queries.gather(
            row.department, row.year, row.settled_on, counted, demands_counted=known
        )
        if (found.facts, found.evidence) != (row.facts, row.evidence):
            yield f"{named}: facts"
        values = policy.by_id(EvaluationPolicy, row.edition_id).values
        listing = listing_of(row)
        if year_score(row.facts, values, listing).hundredths != row.hundredths:
            yield f"{named}: score"

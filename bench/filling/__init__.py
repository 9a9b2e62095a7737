"""Fill a database with firms, needs, contracts, evaluations and their ledgers, by bulk insert.

The database has the product's schema and shipped editions and no dealings yet. What is written is
what the actions would have written, in the order of time: the audit ledger is one unbroken chain,
each rating entry's digest stands in its audit row, and grade records are those of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select

from marketplace.accounts.models import Membership, Organisation, User
from marketplace.contracts.models import Contract
from marketplace.evaluations.models import (
    Evaluation,
    EvaluationVersion,
    EvaluationWindow,
)
from marketplace.finding import indexing
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import Base, db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm, Offering, Qualification
from marketplace.projects.models import (
    Need,
    Project,
)
from marketplace.ratings.models import (
    GradeProposal,
    GradeRecord,
    RatingEntry,
    RatingSubject,
)
from marketplace.selection.models import (
    Award,
    SelectionRound,
)
from marketplace.selection.models import Entry as NeedEntry

from ..bulk import Row, insert
from . import dealings, ledgers, register
from .plan import BEFORE, FIRST_USER, Plan

__all__ = ["BEFORE", "FIRST_USER", "Filled", "fill"]


@dataclass
class Filled:
    """What was made, for the report."""

    firms: int
    evaluations: int
    audit_rows: int


def fill(firms: int, progress: Callable[[str], None]) -> Filled:
    """Fill the application's database, which holds the shipped editions and nothing else."""
    plan = Plan(firms, progress)
    db.session.rollback()
    engine = db.engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA synchronous=OFF")
        connection.begin()
        evaluations = _write(plan, connection)
        if not sqlite:
            _move_sequences(connection)
        connection.commit()
        if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("the filled rows point at rows that are not there")
    # what was read on the way saw the database as it was before
    db.session.remove()
    progress("entries to be found by")
    with transaction():
        indexing.rebuild()
    engine.dispose()
    return Filled(firms, evaluations, plan.seq)


def _write(plan: Plan, connection: Connection) -> int:
    """Write every table; returns the number of evaluations."""
    tables: list[tuple[Any, Iterator[Row]]] = [
        (Organisation, register.organisations(plan)),
        (User, register.users(plan)),
        (Membership, register.memberships(plan)),
        (Firm, register.registrations(plan)),
        (Offering, register.offerings(plan)),
        (Qualification, register.qualifications(plan)),
        (RatingSubject, ledgers.subjects(plan)),
        (Project, dealings.projects(plan)),
        (Need, dealings.needs(plan)),
        (SelectionRound, dealings.rounds(plan)),
        (NeedEntry, dealings.entries(plan)),
        (Award, dealings.awards(plan)),
        (Contract, dealings.contracts(plan)),
        (EvaluationWindow, dealings.windows(plan)),
        (RatingEntry, ledgers.rating_entries(plan)),
        (Evaluation, dealings.evaluations(plan)),
        (EvaluationVersion, dealings.versions(plan)),
        (GradeProposal, ledgers.proposals(plan)),
        (GradeRecord, ledgers.records(plan)),
        (StatusChange, dealings.status_changes(plan)),
        (AuditRow, ledgers.audit_rows(plan)),
    ]
    for model, rows in tables:
        count = insert(connection, model.__table__, rows)
        plan.progress(f"{model.__tablename__}: {count}")
    return len(plan.history.deals) * plan.copies * 2


def _move_sequences(connection: Connection) -> None:
    """Let new rows be numbered after the filled ones."""
    for table in Base.metadata.sorted_tables:
        key: Any = table.autoincrement_column
        if key is not None:
            _move_sequence(connection, table, key.name)


def _move_sequence(connection: Connection, table: Table, key: str) -> None:
    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, key))).scalar()
    last = connection.execute(select(func.max(table.c[key]))).scalar()
    if sequence and last:
        connection.execute(select(func.setval(sequence, last)))

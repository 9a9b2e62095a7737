"""What must hold at all times, as statements that return the rows for which it does not.

The statements stand in `invariants.sql` and run unchanged on both engines; what SQL cannot say is
a function here. Each has a code, and a test breaks each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import String, cast, func, inspect, select, text

from marketplace.foundation import audit, heads
from marketplace.foundation.db import Base, db
from marketplace.foundation.lifecycle import LifecycleMixin, StatusChange
from marketplace.ratings import actions as ratings
from marketplace.ratings import queries as rating_queries
from marketplace.ratings import verifying
from marketplace.ratings.models import GradeProposal


@dataclass(frozen=True)
class Broken:
    """A row for which an invariant does not hold."""

    code: str
    must_hold: str
    row: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.code} {self.must_hold}: {self.row}"


_LOCAL_DAY = {
    "sqlite": "date(r.recorded_at, '+8 hours')",
    "postgresql": "CAST(r.recorded_at AT TIME ZONE 'Asia/Shanghai' AS date)",
}

_FILE = Path(__file__).with_suffix(".sql")
_STATEMENT = re.compile(r"^-- (\w+): (.+)\n([^;]+);", re.MULTILINE)
# code: what must hold, and the statement whose rows are those for which it does not
STATEMENTS: dict[str, tuple[str, str]] = {
    code: (must_hold, statement)
    for code, must_hold, statement in _STATEMENT.findall(_FILE.read_text(encoding="utf-8"))
}


def broken() -> Iterator[Broken]:
    """Every row for which an invariant does not hold; none when all is well."""
    db.session.flush()
    connection = db.session.connection()
    local_day = _LOCAL_DAY[connection.dialect.name]
    for code, (must_hold, statement) in STATEMENTS.items():
        for row in connection.execute(text(statement.replace("{local_day}", local_day))):
            yield Broken(code, must_hold, str(row[0]))
    for code, (must_hold, check) in CHECKS.items():
        for found in check():
            yield Broken(code, must_hold, found)


def _replayed() -> Iterator[str]:
    yield from map(str, ratings.replay())


def _ledgers() -> Iterator[str]:
    for finding in (*audit.verify(), *heads.verify()):
        yield f"audit_ledger {finding.seq}: {finding.problem}"
    for finding in verifying.findings():
        yield f"rating_ledger {finding.seq}: {finding.problem}"


def _guards() -> Iterator[str]:
    """Append-only tables without their triggers."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        asked = "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY 1"
    else:
        asked = (
            "SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' GROUP BY 1"
        )
    guards: dict[str, int] = dict(connection.execute(text(asked)).tuples().all())
    for table in db.metadata.sorted_tables:
        if table.info.get("append_only") and guards.get(table.name, 0) < 2:
            yield table.name


def _evidence() -> Iterator[str]:
    """Entries of the rating ledger whose evidence is not there."""
    connection = db.session.connection()
    kinds = connection.scalars(text("SELECT DISTINCT evidence_type FROM rating_ledger")).all()
    for kind in kinds:
        if kind not in db.metadata.tables:
            yield f"evidence of the unknown kind {kind}"
            continue
        table = db.metadata.tables[kind]
        missing = (
            select(_LEDGER.c.id)
            .where(_LEDGER.c.evidence_type == kind)
            .where(_LEDGER.c.evidence_id.not_in(select(table.c.id)))
        )
        for number in connection.scalars(missing):
            yield f"rating_ledger {number}"


def _recorders() -> Iterator[str]:
    """Grades confirmed by whoever recorded what they follow from."""
    confirmed = select(GradeProposal).where(GradeProposal.confirmed_by.is_not(None))
    for proposal in db.session.scalars(confirmed).all():
        if proposal.confirmed_by in rating_queries.recorders(proposal.triggers):
            yield f"grade_proposals {proposal.id}"


def _histories() -> Iterator[str]:
    """Statuses that are not the last of their history, and moves that no rule allows."""
    connection = db.session.connection()
    for model in _with_status():
        name = model.__tablename__
        last = (
            select(StatusChange.to_status)
            .where(StatusChange.subject_type == name, StatusChange.subject_id == model.id)
            .order_by(StatusChange.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        wrong = select(model.id).where(
            cast(model.status, String) != func.coalesce(cast(last, String), "")
        )
        for number in connection.scalars(wrong):
            yield f"{name} {number}"
        moves = {str(before): set(map(str, after)) for before, after in model.MOVES.items()}
        made = text(
            "SELECT DISTINCT from_status, to_status FROM status_changes "
            "WHERE subject_type = :name AND from_status IS NOT NULL"
        )
        for before, after in connection.execute(made, {"name": name}):
            if after not in moves.get(before, set()):
                yield f"{name} from {before} to {after}"


def _with_status() -> list[Any]:
    found = [mapper.class_ for mapper in Base.registry.mappers]
    return sorted(
        (
            model
            for model in found
            if issubclass(model, LifecycleMixin) and "status" in inspect(model).columns
        ),
        key=lambda model: str(model.__tablename__),
    )


_LEDGER: Any = ratings.RatingEntry.__table__
CHECKS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "I16": ("stored grades are those of the replay", _replayed),
    "I17": ("both ledgers are whole and as published", _ledgers),
    "I18": ("append-only tables have their guards", _guards),
    "I19b": ("an entry of the rating ledger has its evidence", _evidence),
    "I22b": ("nobody confirmed a grade that follows from what he recorded", _recorders),
    "I25": ("a status is the last of its history, every move an allowed one", _histories),
}

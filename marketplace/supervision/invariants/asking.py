"""What must hold at all times, as statements that return the rows for which it does not.

The statements stand in `statements.sql` and run unchanged on both engines; what SQL cannot say
is a function in `structure` and `draws`. Each has a code, and a test breaks each. The numbers are
those of the list of invariants the marketplace was designed with. Not among them, and why:

- I26 second half, totals of pages: asked where the pages are tested.
- I28 second half, officers without a second factor: a session is kept before its factor is given;
  what it may do until then is asked at the door.
- I31, scanned clean: files are kept by content and size, no scanner is built in.
- I33 second half, the public page against a snapshot: pages are made from the rows themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from marketplace.evaluations.bundled import actions as bundled
from marketplace.finding import indexing
from marketplace.foundation import audit, clock, heads
from marketplace.foundation.db import db
from marketplace.intermediaries.likeness import features
from marketplace.ratings import actions as ratings
from marketplace.ratings import verifying

from ..inspections import queries as inspections
from . import draws, packages, panels, structure


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

_FILE = Path(__file__).with_name("statements.sql")
_STATEMENT = re.compile(r"^-- (\w+): (.+)\n([^;]+);", re.MULTILINE)
# code: what must hold, and the statement whose rows are those for which it does not
STATEMENTS: dict[str, tuple[str, str]] = {
    code: (must_hold, statement)
    for code, must_hold, statement in _STATEMENT.findall(_FILE.read_text(encoding="utf-8"))
}


def broken(codes: Collection[str] | None = None) -> Iterator[Broken]:
    """Every row for which an invariant does not hold; none when all is well.

    ``codes``: only of these, None for all.
    """
    db.session.flush()
    connection = db.session.connection()
    local_day = _LOCAL_DAY[connection.dialect.name]
    for code, (must_hold, statement) in STATEMENTS.items():
        if codes is not None and code not in codes:
            continue
        for row in connection.execute(text(statement.replace("{local_day}", local_day))):
            yield Broken(code, must_hold, str(row[0]))
    for code, (must_hold, check) in CHECKS.items():
        if codes is not None and code not in codes:
            continue
        for found in check():
            yield Broken(code, must_hold, found)


def _replayed() -> Iterator[str]:
    yield from map(str, ratings.replay())


def _ledgers() -> Iterator[str]:
    for finding in (*audit.verify(), *heads.verify()):
        yield f"audit_ledger {finding.seq}: {finding.problem}"
    for finding in verifying.findings():
        yield f"rating_ledger {finding.seq}: {finding.problem}"


def _uninspected() -> Iterator[str]:
    now = clock.now()
    for found in inspections.uninspected(now):
        # the clock opens it, within the time it has for everything
        if found.since_instant < now - structure.LATE:
            yield f"contracts {found.contract_id}"


def _found() -> Iterator[str]:
    for each in indexing.differences():
        yield f"{each.table} {each.object_id}"


CHECKS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "I06": ("a draw comes out again, also by the program anybody can run", draws.proofs),
    "I08a": ("the commitment to a draw is public before entries close", draws.published),
    "I08b": ("a frozen list is its entries, an award follows the draw", draws.lists),
    "I09": ("what was revealed is what was committed to", draws.commitments),
    "I10c": ("quotes opened are those received, in the order of their method", draws.quotes),
    "I10e": ("judges are called in an order that comes out again", panels.judges),
    "I10f": ("marks are all in and explained before a quote is opened", panels.marks),
    "I14c": ("a package's price is told apart over its items, each share checked", packages.shares),
    "I15b": ("a contract ends no later than its notice allows, but by a change", structure.ends),
    "I16": ("stored grades are those of the replay", _replayed),
    "I16b": ("departments' yearly scores are those of the replay", bundled.differences),
    "I17": ("both ledgers are whole and as published", _ledgers),
    "I18": ("append-only tables have their guards", structure.guards),
    "I19b": ("an entry of the rating ledger has its evidence", structure.evidence),
    "I21c": ("marks are those committed when given, and posted as given", draws.marks),
    "I22b": ("nobody confirmed a grade that follows from what he recorded", structure.recorders),
    "I23c": ("what is compared of a body is what its file says", features.differences),
    "I25": ("a status is the last of its history, every move an allowed one", structure.histories),
    "I27": ("what is due is done within two minutes", structure.due_work),
    "I30": ("personal numbers stand nowhere in clear", structure.personal_data),
    "I31": ("stored files are those that were stored", structure.stored_files),
    "K02": ("every running contract of a firm under key supervision is inspected", _uninspected),
    "F01": ("what the public finds is what the rows make of it", _found),
    "I33": ("a notice carries the date of the event that made it", structure.notice_days),
}

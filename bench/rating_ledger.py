"""A rating ledger of a whole province by bulk insert: `scripts/bench ratings` replays it.

Fifty entries for each firm: both sides' marks of its contracts, marks of departments, late
deliveries, cards, commendations, inspections, a reversal now and then, the decisions on A and D.
Every digest stands in an audit row, the audit rows are one chain, and the grade records are those
of the rules. Only the ledgers and those they name are filled in.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Connection, func, select, text

from marketplace.accounts import queries as accounts
from marketplace.accounts.credit_code import complete
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.models import OrganisationKind as Kind
from marketplace.foundation import audit, clock
from marketplace.foundation.audit import AuditRow, chain_hash
from marketplace.foundation.calendar import moment
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import db
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import (
    HASHED,
    Capacity,
    EntryKind,
    GradeRecord,
    RatingEntry,
    RatingSubject,
    content_digest,
)
from marketplace.ratings.rules.entries import (
    ConductEntry,
    ConductKind,
    DecisionEntry,
    Entry,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
)
from marketplace.ratings.rules.weights import add_months

from . import history as past
from .bulk import Row, insert

DEALS = 24
FIRMS_TO_AN_OWNER = 5 / 2
KINDS = 200
_COLUMNS = [column.key for column in RatingEntry.__table__.columns]
_AUDIT_CONTENT = {"actor_id": "actor", "organisation_id": "organisation"}
_ALPHABET = "0123456789bcdfghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class FilledLedger:
    """What was made, for the report."""

    firms: int
    subjects: int
    entries: int
    records: int
    audit_rows: int


def fill(firms: int, progress: Callable[[str], None]) -> FilledLedger:
    """Fill the application's database, which holds the shipped editions and nothing else."""
    ledger = _Ledger(firms)
    db.session.rollback()
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA synchronous=OFF")
        connection.begin()
        tables: list[tuple[Any, Iterator[Row]]] = [
            (Organisation, ledger.organisations()),
            (RatingSubject, ledger.subjects()),
            (RatingEntry, ledger.entries()),
            (GradeRecord, ledger.records()),
            (AuditRow, ledger.audit_rows()),
        ]
        counts = []
        for model, rows in tables:
            counts.append(insert(connection, model.__table__, rows))
            progress(f"{model.__tablename__}: {counts[-1]}")
        if not sqlite:
            _move_sequences(connection)
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
    db.session.remove()
    db.engine.dispose()
    return FilledLedger(firms, counts[1], counts[2], counts[3], ledger.seq)


def _move_sequences(connection: Connection) -> None:
    for table in ("organisations", "rating_subjects", "rating_ledger", "grade_records"):
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        )


class _Ledger:
    """One history, filled in many times over under other firms and owners each time."""

    def __init__(self, firms: int) -> None:
        self.firms = firms
        self.kinds = next(n for n in range(min(KINDS, firms), 0, -1) if firms % n == 0)
        self.copies = firms // self.kinds
        self.buyers = max(3, round(self.kinds / FIRMS_TO_AN_OWNER))
        self.chance = Random(7)  # noqa: S311
        self.register = accounts.register_of(accounts.site().jurisdiction_code)
        self.now = clock.now()
        self.today = clock.local_day(self.now)
        self.organisation_base = _last(Organisation) + 1
        self.department_key = _last(Organisation)
        self.subject_base = _last(RatingSubject) + 1
        self.seq, self.head = audit.head()
        policies = ratings.policies_of(self.register)
        self.editions = {
            day: ratings.edition_on(self.register, day).id
            for day in {dated.effective_from for dated in policies}
        }
        self.history = past.make(
            self.kinds, self.buyers, policies, self.now, self.today, DEALS, self._more
        )
        self.posted = sorted(
            (
                (entry, firm, number)
                for firm, parties in ((True, self.history.firms), (False, self.history.owners))
                for number, party in enumerate(parties)
                for entry in party.entries
            ),
            key=lambda each: each[0].id,
        )
        self.digests = array("B")

    # what is not a deal

    def _more(self, history: past.History, taken: set[int]) -> None:
        chance = Random(11)  # noqa: S311
        for number, party in enumerate(history.firms):
            marks = [entry for entry in party.entries if isinstance(entry, MarkEntry)]
            if not marks:
                continue
            for _each in range(2):
                party.entries.append(self._of_department(chance.choice(marks), taken))
            late = chance.choice(marks)
            party.entries.append(self._late(late, chance, taken))
            if number % 3 == 0:
                party.entries.append(self._inspected(chance, taken))
            if number % 10 == 0:
                party.entries.append(self._reversed(chance.choice(marks), taken))
            party.entries.sort(key=lambda entry: entry.id)

    def _dates(self, at: datetime, taken: set[int]) -> dict[str, Any]:
        at = past.free(at, taken)
        effect = clock.local_day(at) + timedelta(days=1)
        return {"id": past.number_at(at), "recorded_at": at, "takes_effect_on": effect}

    def _of_department(self, mark: MarkEntry, taken: set[int]) -> Entry:
        return MarkEntry(
            **self._dates(mark.recorded_at + timedelta(hours=1), taken),
            side=RaterSide.DEPARTMENT,
            rater=self.department_key,
            breadth=min(200, self.firms),
            value=mark.value,
            contract=mark.contract,
        )

    def _late(self, mark: MarkEntry, chance: Random, taken: set[int]) -> Entry:
        dates = self._dates(mark.recorded_at - timedelta(hours=1), taken)
        kind = chance.choice(
            (ConductKind.OVERDUE_DELIVERY, ConductKind.OVERDUE_DELIVERY, ConductKind.YELLOW_CARD)
        )
        late = kind is ConductKind.OVERDUE_DELIVERY
        return ConductEntry(
            **dates,
            kind=kind,
            ends_on=add_months(dates["takes_effect_on"], 12),
            contract=mark.contract if late else None,
            working_days=chance.randint(1, 12) if late else 0,
            yearly_deliveries=chance.randint(3, 25) if late else 0,
        )

    def _inspected(self, chance: Random, taken: set[int]) -> Entry:
        day = self.today - timedelta(days=chance.randint(3, 900))
        return InspectionEntry(
            **self._dates(moment(day, time(15)), taken), value=Decimal(chance.randint(70, 100))
        )

    def _reversed(self, mark: MarkEntry, taken: set[int]) -> Entry:
        return ReversingEntry(
            **self._dates(mark.recorded_at + timedelta(days=1), taken), reverses=mark.id
        )

    # rows

    def organisations(self) -> Iterator[Row]:
        """Firms, then owners."""
        chance, created = self.chance, self.now - timedelta(days=1002)
        for number in range(self.firms + self.buyers * self.copies):
            yield {
                "id": self.organisation_base + number,
                "public_id": "".join(chance.choices(_ALPHABET, k=13)),
                "name": f"第{number + 1}号单位",
                "kind": Kind.COMPANY,
                "function": OrganisationFunction.PARTY,
                "credit_code": complete(f"91379900M{number + 1:08d}"),
                "jurisdiction_code": self.register,
                "created_at": created,
            }

    def _parties(self) -> Iterator[tuple[int, bool, int, int, past.Party]]:
        """(subject, is a firm, number, copy, party) of everybody that is rated, in order."""
        for copy in range(self.copies):
            for number, party in enumerate(self.history.firms):
                yield self._subject(True, number, copy), True, number, copy, party
        for copy in range(self.copies):
            for number, party in enumerate(self.history.owners):
                yield self._subject(False, number, copy), False, number, copy, party

    def _place(self, firm: bool, number: int, copy: int) -> int:
        if firm:
            return copy * self.kinds + number
        return self.firms + copy * self.buyers + number

    def _subject(self, firm: bool, number: int, copy: int) -> int:
        return self.subject_base + self._place(firm, number, copy)

    def _key(self, number: int, copy: int) -> int:
        """Key of an entry, so that all copies together are in the order of time."""
        return self.history.order[number] * self.copies + copy + 1

    def subjects(self) -> Iterator[Row]:
        """Who is rated, with the grade as settled today."""
        for key, firm, number, copy, party in self._parties():
            if party.entries:
                yield {
                    "id": key,
                    "organisation_id": self.organisation_base + self._place(firm, number, copy),
                    "register": self.register,
                    "capacity": Capacity.INTERMEDIARY if firm else Capacity.OWNER,
                    "grade": party.grade,
                    "hundredths": party.hundredths,
                    "settled_on": self.today,
                    "next_check_at": ratings.start_of(party.next_day) if party.next_day else None,
                }

    def entries(self) -> Iterator[Row]:
        """The ledger in the order of its keys; each digest is kept for its audit row."""
        for entry, firm, number in self.posted:
            facts = self._facts(entry)
            for copy in range(self.copies):
                row: Row = dict.fromkeys(_COLUMNS)
                row.update(facts)
                row["id"] = self._key(entry.id, copy)
                row["subject_id"] = self._subject(firm, number, copy)
                row["evidence_id"] = row["id"]
                if isinstance(entry, MarkEntry):
                    row["contract_id"] = entry.contract * self.copies + copy + 1
                    if entry.side is not RaterSide.DEPARTMENT:
                        row["rater_organisation_id"] = self.organisation_base + self._place(
                            entry.side is RaterSide.FIRM, entry.rater, copy
                        )
                elif isinstance(entry, ReversingEntry):
                    row["reverses_id"] = self._key(entry.reverses, copy)
                elif isinstance(entry, DecisionEntry) and entry.proposal is not None:
                    row["proposal_entry_id"] = self._key(entry.proposal, copy)
                row["digest"] = content_digest([row[name] for name in HASHED])
                self.digests.frombytes(bytes.fromhex(row["digest"]))
                yield row

    def _facts(self, entry: Entry) -> Row:
        """The columns that are the same in every copy."""
        row: Row = {
            "jurisdiction_code": self.register,
            "takes_effect_on": entry.takes_effect_on,
            "recorded_at": entry.recorded_at,
            "edition_id": self._edition(clock.local_day(entry.recorded_at)),
            "evidence_type": "evaluations",
        }
        if isinstance(entry, MarkEntry):
            row.update(
                kind=EntryKind.MARK,
                side=entry.side,
                rater_organisation_id=entry.rater,
                breadth=entry.breadth,
                parts=self._parts(entry),
                hundredths=int(entry.value * 100),
            )
        elif isinstance(entry, InspectionEntry):
            row.update(kind=EntryKind.INSPECTION, hundredths=int(entry.value * 100))
        elif isinstance(entry, ConductEntry):
            row.update(
                kind=EntryKind.CONDUCT,
                conduct=entry.kind,
                ends_on=entry.ends_on,
                contract_id=entry.contract,
                working_days=entry.working_days or None,
                yearly_deliveries=entry.yearly_deliveries or None,
            )
        elif isinstance(entry, ReversingEntry):
            row.update(kind=EntryKind.REVERSAL)
        elif isinstance(entry, DecisionEntry):
            row.update(
                kind=EntryKind.DECISION,
                step=entry.step,
                grade=entry.grade,
                in_force_on=entry.in_force_on,
            )
        return row

    def _edition(self, day: date) -> int:
        return self.editions[max(start for start in self.editions if start <= day)]

    def _parts(self, mark: MarkEntry) -> dict[str, int]:
        deal = self.history.deals[mark.contract]
        return deal.owner_marks if mark.side is RaterSide.FIRM else deal.firm_marks

    def records(self) -> Iterator[Row]:
        """The grade records that the rules gave."""
        key = 0
        for subject, _firm, _number, copy, party in self._parties():
            known = sorted(party.entries, key=lambda entry: entry.id)
            place = 0
            for state in party.states:
                known_at = ratings.start_of(state.from_day) + timedelta(minutes=1)
                while place < len(known) and known[place].recorded_at <= known_at:
                    place += 1
                key += 1
                yield {
                    "id": key,
                    "subject_id": subject,
                    "from_day": state.from_day,
                    "grade": state.grade,
                    "since": state.since,
                    "hundredths": state.hundredths,
                    "evaluated": state.evaluated,
                    "edition_id": int(state.edition) if state.edition else None,
                    "cursor": self._key(known[place - 1].id, copy) if place else 0,
                    "known_at": known_at,
                }

    def audit_rows(self) -> Iterator[Row]:
        """What was audited of the ledger, as one chain that goes on from the shipped editions."""
        kept = memoryview(self.digests).cast("B")
        place = 0
        for entry, _firm, _number in self.posted:
            kind = self._facts(entry)["kind"].value
            for copy in range(self.copies):
                self.seq += 1
                row: Row = {
                    "seq": self.seq,
                    "at": entry.recorded_at,
                    "action": "rating.posted",
                    "actor_id": None,
                    "organisation_id": None,
                    "roles": "",
                    "subject_type": RatingEntry.__tablename__,
                    "subject_id": str(self._key(entry.id, copy)),
                    "facts": {"digest": kept[place : place + 32].hex(), "kind": kind},
                }
                place += 32
                row["content_digest"] = digest(
                    {_AUDIT_CONTENT.get(name, name): value for name, value in row.items()}
                )
                row["previous"] = self.head
                self.head = row["hash"] = chain_hash(self.head, row["content_digest"])
                yield row


def _last(model: Any) -> int:
    return db.session.scalar(select(func.max(model.id))) or 0

"""What the shape of the data asks: guards, evidence, histories, due work, files, no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String, Table, cast, func, inspect, select, text

from marketplace.contracts.models import Amendment, AmendmentStatus, Contract
from marketplace.contracts.writing import latest_end
from marketplace.foundation import clock, tasks
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.crypto import PROTECTED, sha256_hex
from marketplace.foundation.db import Base, db
from marketplace.foundation.files import MAX_BYTES, StoredFile, path_of
from marketplace.foundation.lifecycle import LifecycleMixin, StatusChange
from marketplace.notices.models import PublicNotice
from marketplace.ratings import actions as ratings
from marketplace.ratings import queries as rating_queries
from marketplace.ratings.models import GradeProposal

LATE = timedelta(minutes=2)
_FILES = 200
_LEDGER: Any = ratings.RatingEntry.__table__


def guards() -> Iterator[str]:
    """Append-only tables without their triggers."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        asked = "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY 1"
    else:
        asked = (
            "SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' GROUP BY 1"
        )
    held: dict[str, int] = {row[0]: row[1] for row in connection.execute(text(asked))}
    for table in db.metadata.sorted_tables:
        if table.info.get("append_only") and held.get(table.name, 0) < 2:
            yield table.name


def evidence() -> Iterator[str]:
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


def recorders() -> Iterator[str]:
    """Grades confirmed by whoever recorded what they follow from."""
    confirmed = select(GradeProposal).where(GradeProposal.confirmed_by.is_not(None))
    for proposal in db.session.scalars(confirmed).all():
        if proposal.confirmed_by in rating_queries.recorders(proposal.triggers):
            yield f"grade_proposals {proposal.id}"


def histories() -> Iterator[str]:
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


def ends() -> Iterator[str]:
    """Contracts that end later than their notice allows, without an agreed change."""
    changed = select(Amendment.contract_id).where(Amendment.status == AmendmentStatus.AGREED)
    for contract in db.session.scalars(select(Contract).where(Contract.id.not_in(changed))):
        if contract.ends_on > latest_end(contract.starts_on, contract.need):
            yield f"contracts {contract.id}"


def notice_days() -> Iterator[str]:
    """Notices whose date is not that of the event that recorded them."""
    recorded = (
        select(PublicNotice.id, PublicNotice.published_at, AuditRow.at)
        .join(
            AuditRow,
            (AuditRow.subject_type == PublicNotice.__tablename__)
            & (AuditRow.subject_id == cast(PublicNotice.id, String)),
            isouter=True,
        )
        .where((AuditRow.action == "public_notices.open") | AuditRow.action.is_(None))
    )
    for number, published_at, at in db.session.execute(recorded):
        if at is None or abs(published_at - at) > LATE:
            yield f"public_notices {number}"


def due_work() -> Iterator[str]:
    """Rows that are due for longer than the clock may take; those it failed at are known."""
    now = clock.now()
    for table in _looked_at():
        left_alone = tasks.resting(table.name, now)
        waiting = select(table.c.id).where(
            table.c.next_check_at < now - LATE, table.c.id.not_in(left_alone)
        )
        for number in db.session.scalars(waiting):
            yield f"{table.name} {number}"


def _looked_at() -> list[Table]:
    return [table for table in db.metadata.sorted_tables if "next_check_at" in table.c]


def stored_files() -> Iterator[str]:
    """Files that are gone, too large or not those that were stored: the newest of them, those
    that were erased left out."""
    newest = (
        select(StoredFile)
        .where(StoredFile.erased_at.is_(None))
        .order_by(StoredFile.id.desc())
        .limit(_FILES)
    )
    for row in db.session.scalars(newest):
        path = path_of(row)
        if (
            not 0 < row.size <= MAX_BYTES
            or not path.is_file()
            or sha256_hex(path.read_bytes()) != row.sha256
        ):
            yield f"stored_files {row.id}"


# what anybody may read, or everybody who verifies the ledger
_OPEN_TEXTS = {
    "audit_ledger": ("seq", "facts", "roles", "subject_id"),
    "public_notices": ("id", "title", "body"),
    "needs": ("id", "title", "scope"),
    "rating_inspections": ("id", "document", "findings"),
    "awards": ("id", "reason"),
    "selection_rounds": ("id", "proof"),
}
_PROTECTED = {"users": "factor_secret", "web_sessions": "factor_offer", "letters": "sealed"}
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z.])1[3-9]\d{9}(?![0-9A-Za-z])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def personal(words: str) -> bool:
    """Whether a text holds a resident's identity number or a mobile number in clear."""
    return _MOBILE.search(words) is not None or any(map(_is_identity, _IDENTITY.findall(words)))


def _is_identity(number: str) -> bool:
    try:
        datetime.strptime(number[6:14], "%Y%m%d")  # noqa: DTZ007 only whether it is a day
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper() and number[6:10] <= str(date.max.year)


def personal_data() -> Iterator[str]:
    """Personal numbers where everybody may read, and secrets that are not enciphered."""
    connection = db.session.connection()
    for name, columns in _OPEN_TEXTS.items():
        table = db.metadata.tables[name]
        texts = [cast(table.c[column], String) for column in columns[1:]]
        for number, *words in connection.execute(select(table.c[columns[0]], *texts)):
            if any(personal(each) for each in words if each):
                yield f"{name} {number}"
    for name, column in _PROTECTED.items():
        table = db.metadata.tables[name]
        clear = select(table.c.id).where(
            table.c[column].is_not(None), table.c[column].not_like(f"{PROTECTED}%")
        )
        for number in connection.scalars(clear):
            yield f"{name} {number}"

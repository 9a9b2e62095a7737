"""Reads: uploads, their rows, what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Invitation, Membership, User
from marketplace.foundation.db import as_written, db, fetch

from ..models import Firm, FirmStatus
from .models import ImportRow, ImportStatus, RegisterExport, RegisterImport, RowState, Verdict

HOUR = timedelta(hours=1)
OPEN = (
    ImportStatus.WAITING,
    ImportStatus.READING,
    ImportStatus.FAULTY,
    ImportStatus.READY,
    ImportStatus.SUBMITTED,
    ImportStatus.RETURNED,
    ImportStatus.RUNNING,
    ImportStatus.STOPPED,
)


def imports(register: str) -> Select[RegisterImport]:
    """The uploads for a register, the latest first."""
    return (
        select(RegisterImport)
        .where(RegisterImport.jurisdiction_code == register)
        .options(joinedload(RegisterImport.file))
        .order_by(RegisterImport.id.desc())
    )


def due(now: datetime) -> list[tuple[int, ImportStatus]]:
    """Uploads that wait to be read, or to be taken over further."""
    rows = db.session.execute(
        select(RegisterImport.id, RegisterImport.status)
        .where(RegisterImport.next_check_at <= now)
        .order_by(RegisterImport.id)
    )
    return [(row.id, row.status) for row in rows]


def waiting(registers: Sequence[str], limit: int) -> list[RegisterImport]:
    """Uploads another officer is asked to confirm, the oldest first."""
    return list(
        db.session.scalars(
            select(RegisterImport)
            .where(
                RegisterImport.jurisdiction_code.in_(registers),
                RegisterImport.status == ImportStatus.SUBMITTED,
            )
            .order_by(RegisterImport.submitted_at, RegisterImport.id)
            .limit(as_written(limit))
        )
    )


def rows(found: RegisterImport, verdict: Verdict | None = None) -> Select[ImportRow]:
    """The firms of an upload as they stand in the file, or those of one verdict."""
    query = (
        select(ImportRow).where(ImportRow.import_id == found.id).options(joinedload(ImportRow.firm))
    )
    if verdict is not None:
        query = query.where(ImportRow.verdict == verdict)
    return query.order_by(ImportRow.number)


def not_taken(found: RegisterImport, limit: int = 100) -> list[ImportRow]:
    """Rows that could not be taken over."""
    return list(
        db.session.scalars(
            select(ImportRow)
            .where(ImportRow.import_id == found.id, ImportRow.state == RowState.FAILED)
            .order_by(ImportRow.number)
            .limit(as_written(limit))
        )
    )


def next_rows(import_id: int, number: int) -> list[ImportRow]:
    """The next rows to be taken over."""
    return list(
        db.session.scalars(
            select(ImportRow)
            .where(ImportRow.import_id == import_id, ImportRow.state == RowState.PENDING)
            .order_by(ImportRow.id)
            .limit(as_written(number))
        )
    )


def origin(firm_id: int) -> ImportRow | None:
    """The row a firm was taken over from, if it was."""
    return db.session.scalar(select(ImportRow).where(ImportRow.firm_id == firm_id))


@dataclass(frozen=True)
class Origin:
    """Which register a firm was taken over from, by which document."""

    title: str
    document: str
    at: datetime


_ORIGIN = (
    select(RegisterImport.title, RegisterImport.document, ImportRow.done_at)
    .join(RegisterImport, RegisterImport.id == ImportRow.import_id)
    .where(ImportRow.firm_id == bindparam("firm_id"))
)


def origin_shown(firm_id: int) -> Origin | None:
    """The same as its page tells it."""
    found = fetch(_ORIGIN, firm_id=firm_id)
    return Origin(found[0].title, found[0].document, found[0].done_at) if found else None


def unclaimed(register: str) -> Select[Firm]:
    """Firms taken over for which nobody has an account yet, by name."""
    member = exists().where(
        Membership.organisation_id == Firm.organisation_id, Membership.until.is_(None)
    )
    return (
        select(Firm)
        .join(ImportRow, ImportRow.firm_id == Firm.id)
        .where(Firm.register_code == register, Firm.status == FirmStatus.LISTED, ~member)
        .options(joinedload(Firm.organisation))
        .order_by(Firm.id)
    )


def invited(organisation_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    """Until when the open invitation of each of these organisations holds."""
    found = db.session.execute(
        select(Invitation.organisation_id, func.max(Invitation.expires_at))
        .where(
            Invitation.organisation_id.in_(organisation_ids),
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
        .group_by(Invitation.organisation_id)
    )
    return {row[0]: row[1] for row in found if row[1] is not None}


def uploads_since(user_id: int | None, since: datetime) -> int:
    """How many registers a person has uploaded since."""
    return (
        db.session.scalar(
            select(func.count(RegisterImport.id)).where(
                RegisterImport.uploaded_by == user_id, RegisterImport.uploaded_at > since
            )
        )
        or 0
    )


def exports_since(user_id: int | None, since: datetime) -> int:
    """How often a person has exported a register since."""
    return (
        db.session.scalar(
            select(func.count(RegisterExport.id)).where(
                RegisterExport.user_id == user_id, RegisterExport.at > since
            )
        )
        or 0
    )


def exports(register: str, limit: int = 10) -> Sequence[Row[Any]]:
    """Who exported a register last, and what for."""
    found: Sequence[Any] = db.session.execute(
        select(RegisterExport.at, RegisterExport.kind, RegisterExport.reason, User.name)
        .join(User, User.id == RegisterExport.user_id)
        .where(RegisterExport.register_code == register)
        .order_by(RegisterExport.id.desc())
        .limit(as_written(limit))
    ).all()
    return found

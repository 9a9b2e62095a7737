"""Changes that are checked, and what every field of a file was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.foundation import policy
from marketplace.foundation.db import as_written, db
from marketplace.foundation.policy import Edition

from ...models import Firm
from ..models import OPEN, ChangeKind, FieldChange, FieldValue, Recheck
from ..rules import FilePolicy


def file_policy(register: str, day: date) -> Edition[FilePolicy]:
    """The edition of files in force for a register on a day."""
    return policy.in_force(FilePolicy, accounts.lineage(register), day)


def changes_of(firm_id: int) -> Select[Recheck]:
    """The changes of a firm that were or are checked, the newest first."""
    return select(Recheck).where(Recheck.firm_id == firm_id).order_by(Recheck.id.desc())


def open_change(firm_id: int, kind: ChangeKind) -> Recheck | None:
    """A stated change of a kind that is not decided yet."""
    return db.session.scalar(
        select(Recheck).where(
            Recheck.firm_id == firm_id,
            Recheck.kind == kind,
            Recheck.subject_id.is_(None),
            Recheck.status.in_(OPEN),
        )
    )


def change_by_row(kind: ChangeKind, row_id: int) -> Recheck | None:
    """The undecided check of a certificate or a professional."""
    return db.session.scalar(
        select(Recheck).where(
            Recheck.kind == kind, Recheck.subject_id == row_id, Recheck.status.in_(OPEN)
        )
    )


def count_open(firm_id: int) -> int:
    """How many changes of a firm are being checked."""
    query = select(func.count(Recheck.id)).where(
        Recheck.firm_id == firm_id, Recheck.status.in_(OPEN)
    )
    return db.session.scalar(query) or 0


def rechecks(codes: Sequence[str]) -> Select[Recheck]:
    """The changes on these registers, the undecided first, by deadline."""
    return (
        select(Recheck)
        .join(Firm, Firm.id == Recheck.firm_id)
        .where(Firm.register_code.in_(codes))
        .options(joinedload(Recheck.firm).joinedload(Firm.organisation))
        .order_by(Recheck.status.in_(OPEN).desc(), Recheck.due_at, Recheck.id)
    )


def waiting_changes(codes: Sequence[str], limit: int) -> list[Recheck]:
    """The undecided ones, by deadline."""
    query = rechecks(codes).where(Recheck.status.in_(OPEN))
    return list(db.session.scalars(query.limit(as_written(limit))))


def history_of(firm_id: int) -> Select[FieldChange]:
    """What changed in a file, the newest first."""
    return select(FieldChange).where(FieldChange.firm_id == firm_id).order_by(FieldChange.id.desc())


def values_of(
    changes: Sequence[FieldChange],
) -> dict[int, tuple[FieldValue | None, str]]:
    """The values that are kept and who changed them, by change."""
    keys = [each.id for each in changes]
    kept = {
        each.change_id: each
        for each in db.session.scalars(select(FieldValue).where(FieldValue.change_id.in_(keys)))
    }
    people = {each.actor_id for each in changes if each.actor_id is not None}
    names = dict(db.session.execute(select(User.id, User.name).where(User.id.in_(people))).all())
    return {each.id: (kept.get(each.id), names.get(each.actor_id or 0, "")) for each in changes}

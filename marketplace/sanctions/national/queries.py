"""Reads: imports, records in force, whom of the platform they concern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.foundation.db import as_written, db
from marketplace.foundation.finding import by_public_id

from .columns import Listing
from .models import NationalImport, NationalImportStatus, NationalRecord

_SOME = 500


def in_force(now: Any, codes: Any) -> ColumnElement[bool]:
    """A record bars at ``now`` in a jurisdiction whose lineage is ``codes``."""
    return and_(
        NationalRecord.ended_at.is_(None),
        NationalRecord.from_at <= now,
        NationalRecord.until_at > now,
        NationalRecord.jurisdiction_code.in_(codes),
    )


def records(now: datetime, codes: Sequence[str]) -> Select[NationalRecord]:
    """Records in force that were imported in these jurisdictions, the latest first."""
    return (
        select(NationalRecord)
        .where(in_force(now, codes))
        .order_by(NationalRecord.listed_on.desc(), NationalRecord.id.desc())
    )


def live(code: str) -> list[NationalRecord]:
    """Every record of a place no import has ended, also those whose days are over."""
    return list(
        db.session.scalars(
            select(NationalRecord)
            .where(NationalRecord.ended_at.is_(None), NationalRecord.jurisdiction_code == code)
            .order_by(NationalRecord.id)
        )
    )


def parties(credit_codes: Iterable[str]) -> dict[str, Organisation]:
    """Which of these are parties of the platform, by credit code."""
    asked, found = sorted(set(credit_codes)), {}
    for start in range(0, len(asked), _SOME):
        for each in db.session.scalars(
            select(Organisation).where(
                Organisation.credit_code.in_(asked[start : start + _SOME]),
                Organisation.function == OrganisationFunction.PARTY,
            )
        ):
            found[each.credit_code or ""] = each
    return found


def last_end(organisation: Organisation, codes: Sequence[str], now: datetime) -> datetime | None:
    """When the last record in force against an organisation ends; None without one."""
    return db.session.scalar(
        select(func.max(NationalRecord.until_at)).where(
            NationalRecord.credit_code == organisation.credit_code, in_force(now, codes)
        )
    )


def listed(credit_codes: Iterable[str], codes: Sequence[str], now: datetime) -> set[str]:
    """Which of these somebody's record in force names, in a jurisdiction whose lineage is
    ``codes``."""
    asked, found = sorted(set(credit_codes)), set[str]()
    for start in range(0, len(asked), _SOME):
        found.update(
            db.session.scalars(
                select(NationalRecord.credit_code).where(
                    NationalRecord.credit_code.in_(asked[start : start + _SOME]),
                    in_force(now, codes),
                )
            )
        )
    return found


def was_listed(organisation: Organisation, codes: Sequence[str]) -> bool:
    """Whether any record, however long over, was imported against an organisation."""
    found = select(NationalRecord.id).where(
        NationalRecord.credit_code == organisation.credit_code,
        NationalRecord.jurisdiction_code.in_(codes),
    )
    return db.session.scalar(found.limit(as_written(1))) is not None


@dataclass(frozen=True)
class Changes:
    """What taking a list over does: added, ended (no longer in it, or in it otherwise), kept."""

    added: Sequence[Listing]
    ended: Sequence[NationalRecord]
    kept: Sequence[NationalRecord]

    def credit_codes(self) -> set[str]:
        """Of everybody it names."""
        records = (*self.ended, *self.kept)
        return {each.credit_code for each in self.added} | {each.credit_code for each in records}


def told(record: NationalRecord) -> Listing:
    """A record as its row in a file."""
    return Listing(
        record.name,
        record.credit_code,
        record.list_name,
        record.authority,
        record.document,
        record.listed_on,
        record.until_on,
    )


def changes(found: NationalImport) -> Changes:
    """What an upload would change of what is listed now."""
    wanted = {Listing.from_record(record) for record in found.rows}
    standing = live(found.jurisdiction_code)
    known = {told(record) for record in standing}
    return Changes(
        added=sorted(wanted - known, key=lambda each: each.key),
        ended=[record for record in standing if told(record) not in wanted],
        kept=[record for record in standing if told(record) in wanted],
    )


def upload(public_id: str) -> NationalImport:
    """By its public id; raises Missing."""
    return by_public_id(NationalImport, public_id)


def uploads(code: str, limit: int = 10) -> list[NationalImport]:
    """The latest uploads of a place."""
    return list(
        db.session.scalars(
            select(NationalImport)
            .where(NationalImport.jurisdiction_code == code)
            .order_by(NationalImport.id.desc())
            .limit(as_written(limit))
        )
    )


def waiting(codes: Sequence[str]) -> list[NationalImport]:
    """Uploads of some places that another officer may take over, the oldest first."""
    return list(
        db.session.scalars(
            select(NationalImport)
            .where(
                NationalImport.jurisdiction_code.in_(codes),
                NationalImport.status == NationalImportStatus.READY,
                ~_overtaken(NationalImport.jurisdiction_code, NationalImport.id),
            )
            .order_by(NationalImport.id)
        )
    )


def is_outdated(found: NationalImport) -> bool:
    """Whether a list uploaded later was taken over already."""
    return bool(db.session.scalar(select(_overtaken(found.jurisdiction_code, found.id))))


def _overtaken(code: Any, key: Any) -> ColumnElement[bool]:
    newer = aliased(NationalImport)
    return exists().where(
        newer.jurisdiction_code == code,
        newer.id > key,
        newer.status == NationalImportStatus.CONFIRMED,
    )

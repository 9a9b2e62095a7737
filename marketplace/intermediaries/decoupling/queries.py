"""Reads: the list in force, uploads, and how firms stand to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import aliased

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation.db import as_written, db
from marketplace.foundation.finding import by_public_id

from ..models import Firm
from .columns import TIES, Tied
from .models import DecouplingDecision, DecouplingEntry, DecouplingUpload, UploadStatus

_SOME = 500


@dataclass(frozen=True)
class Match:
    """A firm on the list of its register or of an area above, and what was decided about it."""

    entry: DecouplingEntry
    decision: DecouplingDecision | None

    @property
    def tie(self) -> str:
        """By what it is still tied, in words."""
        return TIES.get(self.entry.tie, self.entry.tie)

    @property
    def is_cleared(self) -> bool:
        """An officer found that it is tied no more, or is another body."""
        return self.decision is not None and self.decision.cleared


def matches(firm: Firm) -> list[Match]:
    """The entries in force that name a firm, by its credit code or its name."""
    body = firm.organisation
    entries = db.session.scalars(
        select(DecouplingEntry)
        .where(
            DecouplingEntry.ended_at.is_(None),
            DecouplingEntry.jurisdiction_code.in_(accounts.lineage(firm.register_code)),
            or_(DecouplingEntry.credit_code == body.credit_code, DecouplingEntry.name == body.name),
        )
        .order_by(DecouplingEntry.id)
    ).all()
    if not entries:
        return []
    decided = {
        row.entry_id: row
        for row in db.session.scalars(
            select(DecouplingDecision)
            .where(
                DecouplingDecision.firm_id == firm.id,
                DecouplingDecision.entry_id.in_([entry.id for entry in entries]),
            )
            .order_by(DecouplingDecision.id)
        )
    }
    return [Match(entry, decided.get(entry.id)) for entry in entries]


def uncleared(firm: Firm) -> list[Match]:
    """Those of them that keep a firm off the register where decoupling is asked."""
    return [match for match in matches(firm) if not match.is_cleared]


def entries(codes: Sequence[str]) -> Select[DecouplingEntry]:
    """The lists in force of some places, by name."""
    return (
        select(DecouplingEntry)
        .where(DecouplingEntry.ended_at.is_(None), DecouplingEntry.jurisdiction_code.in_(codes))
        .order_by(DecouplingEntry.name, DecouplingEntry.id)
    )


def live(code: str) -> list[DecouplingEntry]:
    """Everything on the list of one place."""
    return list(db.session.scalars(entries([code])))


def firms_named(
    codes: Iterable[str], names: Iterable[str], registers: Sequence[str]
) -> dict[str, Firm]:
    """Registrations on these registers, in whatever status, by credit code and by name."""
    wanted, called, found = sorted(set(codes)), sorted(set(names)), dict[str, Firm]()
    for start in range(0, max(len(wanted), len(called)), _SOME):
        for firm in db.session.scalars(
            select(Firm)
            .join(Organisation, Organisation.id == Firm.organisation_id)
            .where(
                Firm.register_code.in_(registers),
                or_(
                    Organisation.credit_code.in_(wanted[start : start + _SOME]),
                    Organisation.name.in_(called[start : start + _SOME]),
                ),
            )
            .order_by(Firm.id)
        ):
            found[firm.organisation.credit_code or ""] = firm
            found.setdefault(firm.organisation.name, firm)
    return found


def told(entry: DecouplingEntry) -> Tied:
    """An entry as its row in a file."""
    return Tied(entry.name, entry.credit_code, entry.department, entry.tie, entry.note)


@dataclass(frozen=True)
class Changes:
    """What confirming a list does: added, ended (no longer in it, or in it otherwise), kept."""

    added: Sequence[Tied]
    ended: Sequence[DecouplingEntry]
    kept: Sequence[DecouplingEntry]


def changes(upload: DecouplingUpload) -> Changes:
    """What an upload would change of the list in force of its place."""
    wanted = {Tied(**record) for record in upload.rows}
    standing = live(upload.jurisdiction_code)
    known = {told(entry) for entry in standing}
    return Changes(
        added=sorted(wanted - known, key=lambda each: each.credit_code),
        ended=[entry for entry in standing if told(entry) not in wanted],
        kept=[entry for entry in standing if told(entry) in wanted],
    )


def upload(public_id: str) -> DecouplingUpload:
    """By its public id; raises Missing."""
    return by_public_id(DecouplingUpload, public_id)


def uploads(code: str, limit: int = 10) -> list[DecouplingUpload]:
    """The latest uploads of a place."""
    return list(
        db.session.scalars(
            select(DecouplingUpload)
            .where(DecouplingUpload.jurisdiction_code == code)
            .order_by(DecouplingUpload.id.desc())
            .limit(as_written(limit))
        )
    )


_LATER = aliased(DecouplingUpload)


def waiting(codes: Sequence[str]) -> list[DecouplingUpload]:
    """Uploads of some places that another officer may confirm, the oldest first; one before a list
    in force waits for nobody."""
    return list(
        db.session.scalars(
            select(DecouplingUpload)
            .where(
                DecouplingUpload.jurisdiction_code.in_(codes),
                DecouplingUpload.status == UploadStatus.READY,
                ~exists().where(
                    _LATER.jurisdiction_code == DecouplingUpload.jurisdiction_code,
                    _LATER.id > DecouplingUpload.id,
                    _LATER.status == UploadStatus.CONFIRMED,
                ),
            )
            .order_by(DecouplingUpload.id)
        )
    )


def is_outdated(found: DecouplingUpload) -> bool:
    """Whether a list uploaded later was confirmed already."""
    later = select(DecouplingUpload.id).where(
        DecouplingUpload.jurisdiction_code == found.jurisdiction_code,
        DecouplingUpload.id > found.id,
        DecouplingUpload.status == UploadStatus.CONFIRMED,
    )
    return db.session.scalar(later.limit(as_written(1))) is not None

"""Reads of audited charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import defer

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.fees.rules.judging import Verdict
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import Fen, Page, as_written, db, paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id
from marketplace.foundation.listing import Sorting, in_order

from .models import Charge, ChargeAudit, ChargeUpload, UploadStatus

PER_PAGE = 50
MOST_TOTALS = 200


def audit(public_id: str) -> ChargeAudit:
    """An audit that is whole, by the id in its address; raises Missing."""
    found = by_public_id(ChargeAudit, public_id)
    if db.session.scalar(select(ChargeAudit.id).where(ChargeAudit.id == found.id, unfinished())):
        raise Missing(f"audit {public_id}")
    return found


def upload(public_id: str) -> ChargeUpload:
    """An upload by the id in its address; raises Missing."""
    return by_public_id(ChargeUpload, public_id)


def due_uploads(now: datetime) -> list[int]:
    """The uploads to be judged, oldest first."""
    return list(
        db.session.scalars(
            select(ChargeUpload.id)
            .where(ChargeUpload.next_check_at <= now)
            .order_by(ChargeUpload.next_check_at, ChargeUpload.id)
            .limit(as_written(10))
        )
    )


def recent_uploads(actor: Actor) -> list[ChargeUpload]:
    """What the own organisation uploaded last and has no audit of: judged still, or faulty."""
    return list(
        db.session.scalars(
            select(ChargeUpload)
            .where(
                ChargeUpload.organisation_id == actor.organisation_id,
                ChargeUpload.status != UploadStatus.DONE,
            )
            .options(defer(ChargeUpload.problems))
            .order_by(ChargeUpload.id.desc())
            .limit(as_written(5))
        )
    )


def numbers(found: ChargeAudit) -> set[int]:
    """The rows of an audit stored already."""
    return set(db.session.scalars(select(Charge.number).where(Charge.charge_audit_id == found.id)))


# what a charge was judged by, and how
JUDGED = (
    "item_code",
    "jurisdiction_code",
    "day",
    "price",
    "inputs",
    "verdict",
    "binding",
    "ceiling",
    "floor",
    "beyond",
    "policy_edition_id",
    "standard_edition_id",
)


def judged(found: ChargeAudit) -> Sequence[Row[Any]]:
    """The rows of an audit stored already, with what they were judged by."""
    columns = [getattr(Charge, name) for name in JUDGED]
    return db.session.execute(
        select(Charge.number, *columns).where(Charge.charge_audit_id == found.id)
    ).all()


def seen_by(actor: Actor) -> Select[ChargeAudit]:
    """The audits an actor may see, newest first: the own organisation's, and for an officer those
    the offices of the area made."""
    own = ChargeAudit.organisation_id == actor.organisation_id
    if actor.may(Permission.SUPERVISION_VIEW):
        offices = and_(ChargeAudit.by_office, ChargeAudit.jurisdiction_code.in_(area_of(actor)))
        own = or_(own, offices)
    return select(ChargeAudit).where(own, ~unfinished()).order_by(ChargeAudit.id.desc())


def unfinished() -> Any:
    """Condition: rows of the audit are still being stored, or never will be."""
    return (
        select(ChargeUpload.id)
        .where(
            ChargeUpload.charge_audit_id == ChargeAudit.id,
            ChargeUpload.status != UploadStatus.DONE,
        )
        .exists()
    )


def audits(actor: Actor, number: int) -> Page[ChargeAudit]:
    """A page of them."""
    return paginate(seen_by(actor), number)


def counts(found: ChargeAudit) -> list[tuple[Verdict, bool, int]]:
    """How many charges have each verdict, what binds apart from what informs, worst first."""
    rows = db.session.execute(
        select(Charge.verdict, Charge.binding, func.count(Charge.id))
        .where(Charge.charge_audit_id == found.id)
        .group_by(Charge.verdict, Charge.binding)
    )
    places = list(_WORST)
    return sorted(
        ((verdict, binding, count) for verdict, binding, count in rows),
        key=lambda row: (places.index(row[0]), not row[1]),
    )


_WORST = (
    Verdict.ABOVE_CEILING,
    Verdict.BELOW_FLOOR,
    Verdict.AMBIGUOUS,
    Verdict.NEEDS_INPUT,
    Verdict.OUTSIDE_TABLE,
    Verdict.NO_STANDARD,
    Verdict.ROUNDING_ONLY,
    Verdict.WITHIN,
)


@dataclass(frozen=True)
class Wanted:
    """Which charges of an audit: of one verdict, and of what binds or what informs; None: any."""

    verdict: Verdict | None = None
    binding: bool | None = None


SORTED = {
    "number": Charge.number,
    "price": Charge.price,
    "beyond": Charge.beyond,
    "firm": Charge.firm,
    "day": Charge.day,
}


def charges(found: ChargeAudit, wanted: Wanted, sorting: Sorting, number: int) -> Page[Charge]:
    """A page of the charges wanted, in the reader's order or as the file has them."""
    query = _narrowed(select(Charge), found, wanted)
    return paginate(in_order(query, sorting, SORTED, (Charge.number,)), number, PER_PAGE)


def every_charge(found: ChargeAudit) -> Sequence[Charge]:
    """All charges as the file has them, for the export; a file has at most 5,000."""
    return db.session.scalars(
        _narrowed(select(Charge), found, Wanted()).order_by(Charge.number)
    ).all()


def _narrowed(query: Any, found: ChargeAudit, wanted: Wanted) -> Any:
    query = query.where(Charge.charge_audit_id == found.id)
    if wanted.verdict is not None:
        query = query.where(Charge.verdict == wanted.verdict)
    if wanted.binding is not None:
        query = query.where(Charge.binding == wanted.binding)
    return query


def charge(found: ChargeAudit, number: int) -> Charge | None:
    """The charge of one row of the file."""
    return db.session.scalar(
        select(Charge).where(Charge.charge_audit_id == found.id, Charge.number == number)
    )


def totals(found: ChargeAudit, by: str, limit: int = MOST_TOTALS) -> Sequence[Row[Any]]:
    """Per ``subject`` (item) or ``firm``: how many charges, the sum charged, how many lie above
    what binds and by how much together, the same for what only informs; the worst first."""
    column = Charge.subject if by == "subject" else Charge.firm
    above = Charge.verdict == Verdict.ABOVE_CEILING
    # bound by its column's type: SQLite would take a bare decimal for a float
    zero = literal(Decimal(0), Fen)
    over = func.sum(case((and_(above, Charge.binding), Charge.beyond), else_=zero))
    informed = func.sum(case((and_(above, ~Charge.binding), Charge.beyond), else_=zero))
    return db.session.execute(
        select(
            column.label("name"),
            func.count(Charge.id).label("count"),
            func.sum(Charge.price).label("charged"),
            func.sum(case((and_(above, Charge.binding), 1), else_=0)).label("above_count"),
            over.label("above"),
            func.sum(case((and_(above, ~Charge.binding), 1), else_=0)).label("informed_count"),
            informed.label("informed"),
        )
        .where(Charge.charge_audit_id == found.id)
        .group_by(column)
        .order_by(over.desc(), informed.desc(), column)
        .limit(as_written(limit))
    ).all()

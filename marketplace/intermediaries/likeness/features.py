"""What the file says of each body, kept as digests in the transaction that changes the file.

Whatever writes an organisation, a firm, a shareholder or a professional leaves the body's key; at
the end of the transaction its digests are made again and compared with those kept, so that no way
of writing a file can forget it. What is written past the unit of work is found by ``lacking``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    event,
    exists,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from marketplace.accounts.models import Organisation, OrganisationFunction, OrganisationKind
from marketplace.foundation import clock
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import Model, as_written, db, fetch
from marketplace.foundation.savepoints import gather
from marketplace.sanctions.national.models import NationalRecord

from ..models import Firm, FirmStatus, Practitioner, Shareholder
from .models import Feature
from .rules import (
    FeatureKind,
    normal_address,
    normal_certificate,
    normal_name,
    normal_number,
    normal_phones,
)

Features = dict[int, set[tuple[FeatureKind, str]]]

BATCH = 500
COMPARED = (FirmStatus.SUBMITTED, FirmStatus.CHECKED, FirmStatus.LISTED, FirmStatus.QUESTIONED)
_STALE = gather("likeness_stale")
_WATCHED: dict[type[Model], tuple[str, ...]] = {
    Organisation: ("credit_code", "address", "phone", "legal_representative"),
    Firm: ("legal_digest", "agent_phone"),
    Shareholder: ("identity_digest", "ended_at"),
    Practitioner: ("number",),
}


def person_digest(identity: str) -> str:
    """The keyed digest of an identity number or credit code."""
    return keyed_digest("person", normal_number(identity))


def practitioner_digest(number: str) -> str:
    """The keyed digest of a professional's certificate number."""
    return keyed_digest("practitioner", normal_certificate(number) or normal_number(number))


def address_digest(address: str) -> str | None:
    """The keyed digest of an address, None where too little of it is left to compare."""
    normal = normal_address(address)
    return keyed_digest("address", normal) if normal else None


def phone_digests(text: str) -> list[str]:
    """The keyed digests of the telephone numbers in a field."""
    return [keyed_digest("phone", number) for number in normal_phones(text)]


def compared() -> Any:
    """The bodies that are compared: parties that are no natural persons."""
    return (Organisation.function == OrganisationFunction.PARTY) & (
        Organisation.kind != OrganisationKind.NATURAL_PERSON
    )


def said(organisation_ids: Collection[int]) -> Features:
    """The features of these bodies as their files have them now; of professionals whoever was
    ever registered, for the file keeps them."""
    found: Features = {}
    bodies = select(
        Organisation.id,
        Organisation.credit_code,
        Organisation.address,
        Organisation.phone,
        Organisation.legal_representative,
    ).where(Organisation.id.in_(organisation_ids), compared())
    for key, code, address, phone, name in db.session.execute(bodies):
        own = found.setdefault(key, set())
        if code:
            own.add((FeatureKind.CODE, person_digest(code)))
        if address and (digest := address_digest(address)):
            own.add((FeatureKind.ADDRESS, digest))
        own.update((FeatureKind.PHONE, digest) for digest in phone_digests(phone or ""))
        if name and normal_name(name):
            own.add((FeatureKind.LEGAL_NAME, keyed_digest("legal name", normal_name(name))))
    of_bodies = Firm.organisation_id.in_(list(found))
    files = select(Firm.organisation_id, Firm.legal_digest, Firm.agent_phone).where(of_bodies)
    for key, legal, phone in db.session.execute(files):
        if legal:
            found[key].add((FeatureKind.LEGAL, legal))
        found[key].update((FeatureKind.PHONE, digest) for digest in phone_digests(phone or ""))
    holders = (
        select(Firm.organisation_id, Shareholder.identity_digest)
        .join(Shareholder, Shareholder.firm_id == Firm.id)
        .where(of_bodies, Shareholder.ended_at.is_(None))
    )
    for key, digest in db.session.execute(holders):
        found[key].add((FeatureKind.HOLDER, digest))
    people = (
        select(Firm.organisation_id, Practitioner.number)
        .join(Practitioner, Practitioner.firm_id == Firm.id)
        .where(of_bodies)
    )
    for key, number in db.session.execute(people):
        found[key].add((FeatureKind.PRACTITIONER, practitioner_digest(number)))
    return found


def keep(organisation_ids: Collection[int], now: datetime) -> int:
    """Have the kept features be what the files say; returns how many began or ended."""
    db.session.flush()
    wanted = said(organisation_ids)
    kept: dict[int, dict[tuple[FeatureKind, str], Feature]] = defaultdict(dict)
    for row in db.session.scalars(
        select(Feature).where(
            Feature.organisation_id.in_(organisation_ids), Feature.ended_at.is_(None)
        )
    ):
        assert row.organisation_id is not None
        kept[row.organisation_id][(row.kind, row.digest)] = row
    changed = 0
    standing = _standing(wanted.keys() - {key for key in kept if wanted.get(key) == set(kept[key])})
    for key in sorted({*wanted, *kept}):
        now_said, was = wanted.get(key, set()), kept.get(key, {})
        for feature in sorted(was.keys() - now_said):
            was[feature].ended_at = max(now, was[feature].from_at)
            changed += 1
        for kind, digest in sorted(now_said - was.keys()):
            db.session.add(
                Feature(
                    organisation_id=key,
                    kind=kind,
                    digest=digest,
                    from_at=now,
                    next_check_at=now if key in standing else None,
                )
            )
            changed += 1
    db.session.flush()
    return changed


def _standing(organisation_ids: Collection[int]) -> set[int]:
    """Those of them that stand on a register or ask to: what is new of them is compared."""
    if not organisation_ids:
        return set()
    return set(
        db.session.scalars(
            select(Firm.organisation_id).where(
                Firm.organisation_id.in_(organisation_ids), Firm.status.in_(COMPARED)
            )
        )
    )


def keep_records(now: datetime) -> int:
    """Have the codes of the national list among the features; returns how many were added."""
    added = 0
    for record in db.session.scalars(
        select(NationalRecord).where(_unkept()).order_by(NationalRecord.id)
    ):
        db.session.add(
            Feature(
                record_id=record.id,
                kind=FeatureKind.CODE,
                digest=person_digest(record.credit_code),
                from_at=now,
            )
        )
        added += 1
    db.session.flush()
    return added


def _unkept() -> ColumnElement[bool]:
    """A record of the national list whose code is not among the features."""
    return ~exists().where(Feature.record_id == NationalRecord.id)


def _without_features() -> ColumnElement[bool]:
    """A body nothing is kept of yet."""
    kept = exists().where(
        Feature.organisation_id == Organisation.id,
        Feature.kind == FeatureKind.CODE,
        Feature.ended_at.is_(None),
    )
    return and_(compared(), Organisation.credit_code.is_not(None), ~kept)


@cache
def _first_lacking() -> tuple[Select[int], Select[int]]:
    one: Any = literal_column("1")
    return (
        select(Organisation.id).where(_without_features()).limit(one),
        select(NationalRecord.id).where(_unkept()).limit(one),
    )


def any_lacking() -> bool:
    """Whether there is a body or a record nothing is kept of yet."""
    return any(fetch(query) for query in _first_lacking())


def lacking(limit: int) -> list[int]:
    """Bodies nothing is kept of yet: written before this was, or past the unit of work."""
    return list(
        db.session.scalars(
            select(Organisation.id)
            .where(_without_features())
            .order_by(Organisation.id)
            .limit(as_written(limit))
        )
    )


def differences() -> Iterator[str]:
    """Bodies whose kept features are not what their files say."""
    last = 0
    while True:
        keys = list(
            db.session.scalars(
                select(Organisation.id)
                .where(Organisation.id > last)
                .order_by(Organisation.id)
                .limit(as_written(BATCH))
            )
        )
        if not keys:
            return
        wanted = said(keys)
        kept: Features = defaultdict(set)
        for key, kind, digest in db.session.execute(
            select(Feature.organisation_id, Feature.kind, Feature.digest).where(
                Feature.organisation_id.in_(keys), Feature.ended_at.is_(None)
            )
        ):
            kept[key or 0].add((kind, digest))
        yield from (f"organisations {key}" for key in keys if wanted.get(key, set()) != kept[key])
        last = keys[-1]


def bodies_to_compare(now: datetime) -> Select[Any]:
    """The bodies whose files say something new."""
    return (
        select(Feature.organisation_id)
        .where(Feature.next_check_at <= now, Feature.organisation_id.is_not(None))
        .distinct()
        .order_by(Feature.organisation_id)
    )


def to_compare(organisation_id: int) -> list[Feature]:
    """What is new of a body and not compared yet."""
    return list(
        db.session.scalars(
            select(Feature).where(
                Feature.organisation_id == organisation_id, Feature.next_check_at.is_not(None)
            )
        )
    )


def firms_compared(organisation_id: int) -> list[Firm]:
    """The registrations of a body that are compared when its file says something new."""
    return list(
        db.session.scalars(
            select(Firm)
            .where(Firm.organisation_id == organisation_id, Firm.status.in_(COMPARED))
            .order_by(Firm.id)
        )
    )


def _left(session: Session, model: type[Model], row: Any) -> None:
    key = ("organisation", row.id) if model is Organisation else ("firm", row.id)
    if model in (Shareholder, Practitioner):
        key = ("firm", row.firm_id)
    stale: list[tuple[str, int]] = session.info.setdefault(_STALE, [])
    if key not in stale:
        stale.append(key)


def _watch(model: type[Model], columns: Sequence[str]) -> None:
    def added(_mapper: Any, _connection: Any, row: Any) -> None:
        _left(db.session(), model, row)

    def changed(_mapper: Any, _connection: Any, row: Any) -> None:
        attributes = inspect(row).attrs
        if any(attributes[name].history.has_changes() for name in columns):
            _left(db.session(), model, row)

    event.listen(model, "after_insert", added)
    event.listen(model, "after_update", changed)


for _model, _columns in _WATCHED.items():
    _watch(_model, _columns)


@event.listens_for(db.session, "before_commit", insert=True)
def _keep_stale(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    stale: list[tuple[str, int]] | None = session.info.pop(_STALE, None)
    if not stale:
        return
    keys = {key for kind, key in stale if kind == "organisation"}
    firms = [key for kind, key in stale if kind == "firm"]
    if firms:
        keys.update(session.scalars(select(Firm.organisation_id).where(Firm.id.in_(firms))))
    keep(keys, clock.now())

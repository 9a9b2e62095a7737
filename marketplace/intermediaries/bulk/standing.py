"""What already stands: on the register and beside it, of whom a file names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import areas
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries as fees
from marketplace.fees.rules.judging import Gate, judge_discount
from marketplace.foundation.db import db
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.national import queries as national

from ..models import Firm, FirmStatus, Offering, Practitioner, Qualification
from .columns import Known

_SOME = 500
TOLD = ("name", "kind", "legal_representative", "address", "phone")


@dataclass(frozen=True)
class Standing:
    """One firm as it stands: its organisation's columns, and its registration, if any."""

    organisation_id: int
    is_party: bool
    told: dict[str, str | None]
    status: FirmStatus | None = None
    certificates: frozenset[tuple[str, str]] = frozenset()
    people: frozenset[str] = frozenset()
    items: frozenset[tuple[str, Decimal, int]] = frozenset()


@dataclass(frozen=True)
class Register:
    """What a file is held against: firms by credit code, who is barred, certificates and
    professionals that stand with somebody (by number, with the credit code)."""

    firms: dict[str, Standing] = field(default_factory=dict)
    barred: frozenset[str] = frozenset()
    certificates: dict[tuple[str, str], str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)


def known(register: str, day: date) -> Known:
    """What may be named in the cells of a file for this register."""
    listed = catalogue.items(day, accounts.lineage(register))
    kinds = {each.type for item in listed for each in item.requirements}
    return Known(
        items={item.code: (item.name, item.statutory_days) for item in listed},
        certificates=sorted(kinds),
        # what stands above every area, for what the product ships, is no place to be registered at
        areas={code: node.name for code, node in areas.areas().items() if node.parent_code},
    )


def price_problem(register: str, day: date) -> Callable[[str, Decimal], str | None]:
    """Asks why a promised reduction cannot stand for an item; the same question is asked once."""
    kept: dict[tuple[str, Decimal], str | None] = {}

    def ask(item: str, discount: Decimal) -> str | None:
        if (item, discount) not in kept:
            found = fees.pricing(item, register, day)
            answer = judge_discount(
                discount, Gate.OFFERING, found.item_code, found.standard, found.policy
            )
            kept[item, discount] = _("不符合该事项的收费标准") if answer.stops else None
        return kept[item, discount]

    return ask


def standing(
    codes: Iterable[str],
    certificates: Iterable[tuple[str, str]],
    people: Iterable[str],
    register: str,
    now: datetime,
) -> Register:
    """Everything there is about the credit codes and numbers a file names."""
    asked = sorted(set(codes))
    found = Register(barred=_barred(asked, register, now))
    for part in _parts(asked):
        found.firms.update(_firms(part, register))
    numbers = sorted({number for _type, number in certificates})
    for part in _parts(numbers):
        for code, kind, number in db.session.execute(
            select(Organisation.credit_code, Qualification.type, Qualification.number)
            .join(Firm, Firm.id == Qualification.firm_id)
            .join(Organisation, Organisation.id == Firm.organisation_id)
            .where(
                Qualification.number.in_(part),
                Qualification.ended_at.is_(None),
                Qualification.verified_at.is_not(None),
            )
        ):
            found.certificates[kind, number] = code or ""
    for part in _parts(sorted(set(people))):
        for code, number in db.session.execute(
            select(Organisation.credit_code, Practitioner.number)
            .join(Firm, Firm.id == Practitioner.firm_id)
            .join(Organisation, Organisation.id == Firm.organisation_id)
            .where(Practitioner.number.in_(part), Practitioner.ended_at.is_(None))
        ):
            found.people[number] = code or ""
    return found


def _barred(codes: Sequence[str], register: str, now: datetime) -> frozenset[str]:
    """Whom a listing here or nationally bars, registered or not."""
    barred = set(national.listed(codes, accounts.lineage(register), now))
    query = select(Organisation.credit_code).where(
        Organisation.id.in_(sanctions.barred_organisation_ids(now, jurisdiction_code=register))
    )
    barred.update(code for code in db.session.scalars(query) if code)
    return frozenset(barred)


def _firms(codes: Sequence[str], register: str) -> dict[str, Standing]:
    rows = db.session.execute(
        select(
            Organisation.id,
            Organisation.credit_code,
            Organisation.function,
            *(getattr(Organisation, name) for name in TOLD),
            Firm.id.label("firm_id"),
            Firm.status,
        )
        .outerjoin(
            Firm, (Firm.organisation_id == Organisation.id) & (Firm.register_code == register)
        )
        .where(Organisation.credit_code.in_(codes))
    ).all()
    ids = [row.firm_id for row in rows if row.firm_id is not None]
    held: dict[int, set[Any]] = defaultdict(set)
    for firm_id, kind, number in db.session.execute(
        select(Qualification.firm_id, Qualification.type, Qualification.number).where(
            Qualification.firm_id.in_(ids), Qualification.ended_at.is_(None)
        )
    ):
        held[firm_id].add((kind, number))
    people: dict[int, set[str]] = defaultdict(set)
    for firm_id, number in db.session.execute(
        select(Practitioner.firm_id, Practitioner.number).where(
            Practitioner.firm_id.in_(ids), Practitioner.ended_at.is_(None)
        )
    ):
        people[firm_id].add(number)
    offered: dict[int, set[Any]] = defaultdict(set)
    for firm_id, item, discount, days in db.session.execute(
        select(
            Offering.firm_id, Offering.item_code, Offering.discount, Offering.promised_days
        ).where(Offering.firm_id.in_(ids), Offering.ended_at.is_(None))
    ):
        offered[firm_id].add((item, Decimal(discount).normalize(), days))
    return {
        row.credit_code: Standing(
            row.id,
            row.function is OrganisationFunction.PARTY,
            {name: _plain(getattr(row, name)) for name in TOLD},
            row.status,
            frozenset(held[row.firm_id]),
            frozenset(people[row.firm_id]),
            frozenset(offered[row.firm_id]),
        )
        for row in rows
    }


def _plain(value: Any) -> str | None:
    return None if value is None else str(getattr(value, "value", value))


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _SOME):
        yield values[start : start + _SOME]

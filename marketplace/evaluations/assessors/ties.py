"""Who has something in common with a side of a contract, for many assessors and contracts at once."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import aliased

from marketplace.accounts.models import Membership, Organisation
from marketplace.accounts.queries import register_of
from marketplace.contracts.models import Contract
from marketplace.foundation.db import db
from marketplace.intermediaries.models import Firm, Offering

TRAITS = ("legal_representative", "phone", "address")


def relation(organisation_id: int, contract: Contract) -> str | None:
    """Why an assessor must stand aside from a contract, as a code; None where nothing is known.

    ``party``: it is a side of the contract. ``same``: it shares its legal representative, telephone
    or address with a side. ``person``: somebody works for it and for a side. ``rival``: it offers
    the item itself.
    """
    return relations([organisation_id], [contract]).get((organisation_id, contract.id))


def relations(
    organisation_ids: Collection[int], contracts: Collection[Contract]
) -> dict[tuple[int, int], str]:
    """The same of many, by organisation and contract, in as many statements as of one."""
    if not organisation_ids or not contracts:
        return {}
    sides = {side for each in contracts for side in (each.owner_id, each.firm_id)}
    traits = _traits({*organisation_ids, *sides})
    shared, offered = _shared_people(organisation_ids, sides), _offered(organisation_ids, contracts)
    found = {}
    for contract in contracts:
        both = (contract.owner_id, contract.firm_id)
        sold = (register_of(contract.jurisdiction_code), contract.need.item_code)
        for each in organisation_ids:
            if each in both:
                found[each, contract.id] = "party"
            elif any(_alike(traits[each], traits[side]) for side in both):
                found[each, contract.id] = "same"
            elif any((each, side) in shared for side in both):
                found[each, contract.id] = "person"
            elif (each, *sold) in offered:
                found[each, contract.id] = "rival"
    return found


def _traits(organisation_ids: Collection[int]) -> dict[int, tuple[str | None, ...]]:
    columns = [getattr(Organisation, each) for each in TRAITS]
    rows = db.session.execute(
        select(Organisation.id, *columns).where(Organisation.id.in_(organisation_ids))
    )
    return {key: tuple(values) for key, *values in rows}


def _alike(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> bool:
    return any(mine and mine == theirs for mine, theirs in zip(one, other, strict=True))


def _shared_people(
    organisation_ids: Collection[int], sides: Collection[int]
) -> set[tuple[int, int]]:
    """An assessor and a side that somebody works for both of."""
    there = aliased(Membership)
    rows = db.session.execute(
        select(Membership.organisation_id, there.organisation_id)
        .join(there, there.user_id == Membership.user_id)
        .where(
            Membership.organisation_id.in_(organisation_ids),
            Membership.until.is_(None),
            there.organisation_id.in_(sides),
            there.until.is_(None),
        )
    )
    return {(mine, theirs) for mine, theirs in rows}


def _offered(
    organisation_ids: Collection[int], contracts: Collection[Contract]
) -> set[tuple[int, str, str]]:
    """What assessors offer themselves, on which register, of the items of the contracts."""
    rows = db.session.execute(
        select(Firm.organisation_id, Firm.register_code, Offering.item_code)
        .join(Offering, Offering.firm_id == Firm.id)
        .where(
            Firm.organisation_id.in_(organisation_ids),
            Offering.ended_at.is_(None),
            Offering.item_code.in_({each.need.item_code for each in contracts}),
        )
    )
    return {(key, register, item) for key, register, item in rows}

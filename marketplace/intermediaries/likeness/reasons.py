"""The ties of a matter as an officer reads them: what either file says, personal values masked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from marketplace.accounts.masking import masked, masked_mobile
from marketplace.accounts.models import Organisation
from marketplace.foundation.db import db

from ..models import Firm, Practitioner, Shareholder
from . import features
from .models import Match
from .queries import base_rates, decided_with
from .rules import TieKind


@dataclass(frozen=True)
class Reason:
    """One tie as an officer reads it: what either side's file says, and how common it is.

    ``bodies`` is what is so now; ``new``: not known when the two were decided on before.
    """

    tie: TieKind
    own: list[str]
    other: list[str]
    bodies: int
    new: bool


def reasons(match: Match) -> list[Reason]:
    """The ties of a matter with what the files say, personal values masked."""
    known = {
        digest
        for each in decided_with(match.firm, match.other, match.record)
        if each.id != match.id and each.decided_at is not None
        for digest in each.digests()
    }
    rates = base_rates(match.digests())
    own = match.firm.organisation_id
    return [
        Reason(
            TieKind(tie["tie"]),
            written(own, tie["digests"]),
            written(match.other_id, tie["digests"])
            if match.other_id
            else [f"{match.record.name} {match.record.credit_code}"]
            if match.record
            else [],
            min(rates.get(digest, 0) for digest in tie["digests"]),
            bool(known) and bool(set(tie["digests"]) - known),
        )
        for tie in match.ties
    ]


def written(organisation_id: int, digests: Collection[str]) -> list[str]:
    """What the file of a body says for these digests, as officers may read it without a reason."""
    found: list[str] = []
    body = db.session.get_one(Organisation, organisation_id)
    wanted = set(digests)
    if body.credit_code and features.person_digest(body.credit_code) in wanted:
        found.append(body.credit_code)
    if body.address and features.address_digest(body.address) in wanted:
        found.append(body.address)
    phones = [body.phone]
    for firm in db.session.scalars(select(Firm).where(Firm.organisation_id == organisation_id)):
        phones.append(firm.agent_phone)
        if firm.legal_digest in wanted:
            found.append(body.legal_representative or "")
        for holder in db.session.scalars(
            select(Shareholder).where(
                Shareholder.firm_id == firm.id, Shareholder.identity_digest.in_(wanted)
            )
        ):
            found.append(masked(holder.name, "name"))
        for person in db.session.scalars(
            select(Practitioner).where(Practitioner.firm_id == firm.id).order_by(Practitioner.id)
        ):
            if features.practitioner_digest(person.number) in wanted:
                shown = f"{masked(person.name, 'name')} {masked(person.number, 'certificate')}"
                found.append(shown)
    for phone in phones:
        if phone and wanted & set(features.phone_digests(phone)):
            found.append(masked_mobile(phone))
    return list(dict.fromkeys(each for each in found if each))

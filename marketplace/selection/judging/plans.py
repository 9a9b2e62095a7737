"""Plans: enciphered on receipt to a key of their own, opened together once entries are closed.

The quote stays sealed while the judges mark: plans have another key than quotes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, crypto
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import Need
from marketplace.projects.weighing.rules import BestValuePolicy
from marketplace.ratings import queries as ratings
from marketplace.ratings.queries.grades import GradeOn
from marketplace.ratings.rules.entries import Grade

from ..closing import credit_code
from ..models import Entry, SelectionRound
from ..queries.eligible import grade_day
from ..sealing import sealed
from .models import EntryPlan, Panel

FORMAT, RECEIPT = "zjcs-plan/1", "zjcs-plan-received/1"
# a character takes up to four bytes, the people and the frame the rest
PADDED_TO = 48000


@dataclass(frozen=True)
class Plan:
    """What a firm hands in: how it will work, and its practitioners (public ids)."""

    text: str
    practitioners: Sequence[str]


def new_key(running: SelectionRound) -> str:
    """Give a round the key its plans are enciphered to; returns its public half."""
    private, public = crypto.new_seal_keys()
    crypto.store_private_key(_key_name(running), private)
    return public.hex()


def hand_in(panel: Panel, entry: Entry, plan: Plan, values: BestValuePolicy) -> EntryPlan:
    """Keep a firm's plan, enciphered. Raises Invalid where it is too short or too long, names
    nobody where people are weighed, or tells whose it is."""
    text = plan.text.strip()
    if not values.plan_shortest <= len(text) <= values.plan_longest:
        raise Invalid(
            _(
                "服务方案应为 %(least)d 至 %(most)d 个字",
                least=values.plan_shortest,
                most=values.plan_longest,
            ),
            field="plan",
            rule="plan.length",
        )
    registered = {each.public_id: each for each in intermediaries.practitioners(entry.firm_id)}
    chosen = [registered[key] for key in dict.fromkeys(plan.practitioners) if key in registered]
    weights = entry.need.weights
    least = 1 if weights is not None and weights.practitioners else 0
    if not least <= len(chosen) <= values.practitioners_most:
        raise Invalid(
            _(
                "请选择 %(least)d 至 %(most)d 名执业人员",
                least=least,
                most=values.practitioners_most,
            ),
            field="practitioners",
            rule="plan.practitioners",
        )
    owner = accounts.organisation(entry.organisation_id)
    telling = [owner.name, owner.public_name, owner.credit_code, *(each.name for each in chosen)]
    if any(word and word in text for word in telling):
        raise Invalid(
            _("服务方案隐名评审，不得写入本机构名称、代码和人员姓名"),
            field="plan",
            rule="plan.named",
        )
    body = enciphered(panel, entry, text, [each.profession for each in chosen])
    row = EntryPlan(entry_id=entry.id, sealed=body.hex(), sealed_sha256=crypto.sha256_hex(body))
    row.signature = crypto.sign(_commitment_bytes(row, entry))
    db.session.add(row)
    db.session.flush()
    return row


def enciphered(panel: Panel, entry: Entry, text: str, team: Sequence[str]) -> bytes:
    """A plan and the professions behind it, under the panel's key, bound to its entry."""
    return crypto.seal(
        bytes.fromhex(panel.plan_key),
        crypto.canonical_json({"format": FORMAT, "plan": text, "team": sorted(team)}),
        _context(panel.round, entry),
        pad_to=PADDED_TO,
    )


def open_all(
    panel: Panel, need: Need, listed: Sequence[Entry], actor: Actor, now: datetime
) -> None:
    """Open the plans of a frozen list, under names that tell nobody's, with the rating that counts.

    Raises SealBroken, with nothing written, where a plan is not the one received.
    """
    private = crypto.release_private_key(_key_name(panel.round))
    shuffled = sorted(listed, key=_shuffled)
    opened = [_deciphered(panel, entry, private) for entry in shuffled]
    audit.record("plans.key_released", actor, panel, now, plans=len(listed))
    for alias, (entry, (row, told)) in enumerate(zip(shuffled, opened, strict=True), 1):
        row.plan, row.team, row.alias, row.opened_at = told["plan"], told["team"], alias, now
        graded = _rated(need, entry)
        ungraded = graded.grade is Grade.UNGRADED
        row.score, row.grade = None if ungraded else graded.score, str(graded.grade)
        row.grade_record_id = graded.record_id
    db.session.flush()


def _deciphered(panel: Panel, entry: Entry, private: bytes) -> tuple[EntryPlan, Any]:
    row = of_entry(entry)
    if row is None:
        raise crypto.SealBroken(f"entry {entry.id} has no plan")
    body = bytes.fromhex(row.sealed)
    if not crypto.same(crypto.sha256_hex(body), row.sealed_sha256):
        raise crypto.SealBroken(f"plan of entry {entry.id}: not the cipher committed to")
    if not _is_the_one_received(row, entry):
        raise crypto.SealBroken(f"plan of entry {entry.id}: not the commitment signed on receipt")
    return row, json.loads(crypto.unseal(private, body, _context(panel.round, entry)))


def _is_the_one_received(row: EntryPlan, entry: Entry) -> bool:
    """Whether the site signed a plan's commitment: anybody can encipher to the panel's public key,
    nobody else can sign. One received before plans were signed must stand in the ledger."""
    if row.signature is None:
        return row.sealed_sha256 == _in_ledger(entry)
    signed = _commitment_bytes(row, entry)
    return crypto.verify_signature(signed, row.signature, crypto.signing_public_key())


def _in_ledger(entry: Entry) -> str | None:
    facts = db.session.scalar(
        select(audit.AuditRow.facts).where(
            audit.AuditRow.subject_type == Entry.__tablename__,
            audit.AuditRow.subject_id == str(entry.id),
            audit.AuditRow.action == "entry.received",
        )
    )
    return (facts or {}).get("plan_sha256")


def _commitment_bytes(row: EntryPlan, entry: Entry) -> bytes:
    code = credit_code(entry)
    return sealed.receipt_of(RECEIPT, entry.need, entry.round, entry, code, row.sealed_sha256)


def receipt_text(row: EntryPlan, entry: Entry) -> str:
    """The text the signature over a plan's commitment stands for."""
    return _commitment_bytes(row, entry).decode()


def _rated(need: Need, entry: Entry) -> GradeOn:
    """The grade of the publication day, of the listing day of a firm listed later."""
    register = accounts.register_of(need.jurisdiction_code)
    return ratings.grade_on(entry.organisation_id, register, grade_day(need, entry.organisation_id))


def _shuffled(entry: Entry) -> str:
    # neither the order of entering nor that of the names; known to nobody without the site's key
    return crypto.keyed_digest("plan-alias", f"{entry.round.public_id}\n{entry.public_id}")


def of_entry(entry: Entry) -> EntryPlan | None:
    """The plan handed in with an entry."""
    return db.session.scalar(select(EntryPlan).where(EntryPlan.entry_id == entry.id))


def of_round(running: SelectionRound) -> list[EntryPlan]:
    """The opened plans of a round, by the name the judges know."""
    return list(
        db.session.scalars(
            select(EntryPlan)
            .join(Entry, Entry.id == EntryPlan.entry_id)
            .where(Entry.round_id == running.id, EntryPlan.alias.is_not(None))
            .order_by(EntryPlan.alias)
        )
    )


def _key_name(running: SelectionRound) -> str:
    return f"plans-{running.public_id}"


def _context(running: SelectionRound, entry: Entry) -> str:
    return f"{FORMAT}\n{running.public_id}\n{entry.public_id}"

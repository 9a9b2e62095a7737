"""Draws and marks computed again from what was published and committed."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from sqlalchemy import String, cast, select

from marketplace.accounts.models import Organisation
from marketplace.evaluations.models import Evaluation, EvaluationVersion
from marketplace.evaluations.rules import Direction
from marketplace.foundation import crypto
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.projects.models import Need
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.ratings.rules.entries import RaterSide
from marketplace.selection import drawing
from marketplace.selection.judging.models import EntryPlan
from marketplace.selection.methods import draw_proof, public_value, random_draw, ties
from marketplace.selection.methods.public_value import CeremonyNumber
from marketplace.selection.methods.random_draw import DrawInputError, Entrant
from marketplace.selection.models import (
    Award,
    CeremonyNumberRow,
    CheckStage,
    EligibilityCheck,
    Entry,
    EntryStatus,
    SelectionRound,
)
from marketplace.selection.sealing import low, opening

_SCRIPT = Path(__file__).parents[3] / "scripts" / "verify_draw.py"


@cache
def anybodys_script() -> ModuleType:
    """The program that anybody checks a proof with: it shares no code with the site."""
    spec = importlib.util.spec_from_file_location("verify_draw", _SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def proofs() -> Iterator[str]:
    """Draws that do not come out again, or not as their awards say."""
    script = anybodys_script()
    for running in db.session.scalars(
        select(SelectionRound).where(SelectionRound.proof.is_not(None))
    ):
        proof = (running.proof or "").encode()
        try:
            made = draw_proof.verify(proof, crypto_check)
            _done, body = script.verify(proof)
        except (ValueError, KeyError, TypeError, ArithmeticError, SystemExit) as error:
            yield f"selection_rounds {running.id}: {error}"
            continue
        said = (running.commitment, running.list_sha256, running.public_value)
        if (made.commitment, made.list_hash, made.public_value) != said or body["order"] != list(
            made.ranking
        ):
            yield f"selection_rounds {running.id}"


def crypto_check(key: str, message: bytes, signature: str) -> bool:
    """Whether a receipt was signed with a key."""
    return crypto.verify_signature(message, signature, key)


def lists() -> Iterator[str]:
    """Frozen lists that are not their entries, and awards that do not follow the draw."""
    frozen = select(SelectionRound).where(SelectionRound.list_sha256.is_not(None))
    for running in db.session.scalars(frozen):
        entered = db.session.execute(
            select(Organisation.credit_code, Entry.contribution)
            .join(Entry, Entry.organisation_id == Organisation.id)
            .where(
                Entry.round_id == running.id,
                Entry.id.in_(
                    select(StatusChange.subject_id).where(
                        StatusChange.subject_type == Entry.__tablename__,
                        StatusChange.to_status == EntryStatus.LISTED,
                    )
                ),
            )
        ).all()
        listed = [Entrant(code or "", contribution) for code, contribution in entered]
        try:
            made = random_draw.list_hash(listed)
        except DrawInputError as error:
            made = str(error)
        if (
            made != running.list_sha256
            or crypto.sha256_hex((running.list_text or "").encode()) != running.list_sha256
        ):
            yield f"selection_rounds {running.id}"
        elif running.proof is not None or running.ranking is not None:
            yield from _unfollowed(running)


def _unfollowed(running: SelectionRound) -> Iterator[str]:
    order = drawing.ranking(running)
    awards = db.session.execute(
        select(Award.id, Award.place, Organisation.credit_code)
        .join(Organisation, Organisation.id == Award.organisation_id)
        .where(Award.round_id == running.id)
    ).all()
    passed_by = set(
        db.session.scalars(
            select(Organisation.credit_code)
            .join(Entry, Entry.organisation_id == Organisation.id)
            .join(EligibilityCheck, EligibilityCheck.entry_id == Entry.id)
            .where(
                Entry.round_id == running.id,
                EligibilityCheck.stage == CheckStage.AWARD,
                EligibilityCheck.ok.is_(False),
            )
        )
    )
    passed_by |= {each.entry.organisation.credit_code for each in low.of_round(running)}
    awarded = {code for _number, _place, code in awards}
    for number, place, code in awards:
        before = set(order[: place - 1])
        if order[place - 1 : place] != [code] or before - awarded - passed_by:
            yield f"awards {number}"


def quotes() -> Iterator[str]:
    """Opened quotes and plans that are not those received, and orders that do not follow from them."""
    received = {
        row.subject_id: (row.facts.get("sealed_sha256"), row.facts.get("plan_sha256"))
        for row in db.session.scalars(select(AuditRow).where(AuditRow.action == "entry.received"))
    }
    opened = select(Entry).where(Entry.sealed.is_not(None), Entry.price.is_not(None))
    for entry in db.session.scalars(opened):
        made = crypto.sha256_hex(bytes.fromhex(entry.sealed or ""))
        if not made == entry.sealed_sha256 == received.get(str(entry.id), (None,))[0]:
            yield f"entries {entry.id}"
    for plan in db.session.scalars(select(EntryPlan).where(EntryPlan.opened_at.is_not(None))):
        made = crypto.sha256_hex(bytes.fromhex(plan.sealed))
        if not made == plan.sealed_sha256 == received.get(str(plan.entry_id), (None, None))[1]:
            yield f"entry_plans {plan.id}"
    ranked = select(SelectionRound).where(SelectionRound.ranking.is_not(None))
    for running in db.session.scalars(ranked):
        drawn = [json.loads(each.proof)["order"] for each in opening.tie_draws(running)]
        try:
            for each in opening.tie_draws(running):
                draw_proof.verify(each.proof.encode(), crypto_check)
            made_order = ties.settled(opening.groups_of(running.need, running), drawn)
        except ValueError as error:
            yield f"selection_rounds {running.id}: {error}"
            continue
        if list(made_order) != running.ranking:
            yield f"selection_rounds {running.id}"


def commitments() -> Iterator[str]:
    """Secrets and numbers that are not those committed to."""
    rounds = select(SelectionRound, Need).join(Need, Need.id == SelectionRound.need_id)
    for running, need in db.session.execute(rounds):
        secret = drawing.secret_of(need, running.attempt)
        if random_draw.commitment(secret) != running.commitment:
            yield f"selection_rounds {running.id}"
    numbers = (
        select(CeremonyNumberRow, SelectionRound.attempt, Need.number)
        .join(SelectionRound, SelectionRound.id == CeremonyNumberRow.round_id)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(CeremonyNumberRow.number.is_not(None))
    )
    for row, attempt, need_number in db.session.execute(numbers):
        given = CeremonyNumber(row.participant, row.number or "")
        try:
            made = public_value.number_commitment(need_number, attempt, given)
        except DrawInputError as error:
            made = str(error)
        if made != row.commitment:
            yield f"ceremony_numbers {row.id}"


def marks() -> Iterator[str]:
    """Marks that are not those committed when they were given, or posted otherwise than given."""
    committed = {
        (int(number), facts.get("version")): facts.get("commitment")
        for number, facts in db.session.execute(
            select(AuditRow.subject_id, AuditRow.facts).where(
                AuditRow.subject_type == Evaluation.__tablename__,
                AuditRow.action == "evaluation.given",
            )
        )
    }
    latest: dict[int, EvaluationVersion] = {}
    for version in db.session.scalars(select(EvaluationVersion).order_by(EvaluationVersion.number)):
        latest[version.evaluation_id] = version
        key = (version.evaluation_id, version.number)
        if version.content_digest() != version.commitment or committed.get(key) != (
            version.commitment
        ):
            yield f"evaluation_versions {version.id}"
    posted = select(Evaluation, RatingEntry).join(
        RatingEntry, RatingEntry.id == Evaluation.rating_entry_id
    )
    for given, entry in db.session.execute(posted):
        version = latest[given.id]
        if (
            entry.kind is not EntryKind.MARK
            or (given.direction is Direction.ASSESSOR_TO_FIRM) != (entry.side is RaterSide.ASSESSOR)
            or (entry.evidence_type, entry.evidence_id) != (given.__tablename__, given.id)
            or entry.rater_organisation_id != given.rater_organisation_id
            or entry.subject.organisation_id != given.about_organisation_id
            or entry.parts != version.marks
        ):
            yield f"evaluations {given.id}"


def published() -> Iterator[str]:
    """Rounds whose commitment was not public before their entries closed."""
    opened = select(AuditRow.subject_id).where(
        AuditRow.subject_type == SelectionRound.__tablename__,
        AuditRow.action == "selection_rounds.open",
    )
    late = select(SelectionRound.id).where(
        (SelectionRound.opened_at > SelectionRound.closed_at)
        | (SelectionRound.drawn_at < SelectionRound.closed_at)
        | cast(SelectionRound.id, String).not_in(opened)
    )
    for number in db.session.scalars(late):
        yield f"selection_rounds {number}"

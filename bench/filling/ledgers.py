"""What was written down of it: ratings with proposals and records, the audit chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from marketplace.contracts.models import Contract
from marketplace.evaluations.models import (
    Evaluation,
)
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.foundation.audit import chain_hash
from marketplace.foundation.crypto import digest
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import (
    Need,
)
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import (
    Capacity,
    EntryKind,
    ProposalStatus,
    RatingEntry,
    RatingSubject,
)
from marketplace.ratings.rules.entries import (
    DecisionEntry,
    DecisionStep,
    Entry,
    MarkEntry,
    RaterSide,
)

from ..bulk import Row
from .dealings import version
from .plan import Plan

_RATING_COLUMNS = [column.key for column in RatingEntry.__table__.columns]
_AUDIT_CONTENT = {"actor_id": "actor", "organisation_id": "organisation"}


def subjects(plan: Plan) -> Iterator[Row]:
    """Who is rated, with the grade as settled today; nobody without an entry."""
    for firm, number, copy, party in plan.parties():
        if not party.entries:
            continue
        yield {
            "id": plan.subject_key(firm, number, copy),
            "organisation_id": plan.firm_key(number, copy)
            if firm
            else plan.owner_key(number, copy),
            "register": plan.register,
            "capacity": Capacity.INTERMEDIARY if firm else Capacity.OWNER,
            "grade": party.grade,
            "hundredths": party.hundredths,
            "settled_on": plan.today,
            "next_check_at": ratings.start_of(party.next_day) if party.next_day else None,
        }


def rating_entry(plan: Plan, entry: Entry, firm: bool, number: int, copy: int) -> Row:
    """One row of the rating ledger with its digest."""
    row: Row = dict.fromkeys(_RATING_COLUMNS)
    row.update(
        id=plan.entry_key(entry.id, copy),
        subject_id=plan.subject_key(firm, number, copy),
        jurisdiction_code=plan.register,
        takes_effect_on=entry.takes_effect_on,
        recorded_at=entry.recorded_at,
        edition_id=plan.rating_edition(clock.local_day(entry.recorded_at)),
    )
    if isinstance(entry, MarkEntry):
        of_firm = entry.side is RaterSide.OWNER
        deal = plan.history.deals[entry.contract]
        contract = entry.contract * plan.copies + copy + 1
        row.update(
            kind=EntryKind.MARK,
            evidence_type=Evaluation.__tablename__,
            evidence_id=contract * 2 - (1 if of_firm else 0),
            side=entry.side,
            rater_organisation_id=plan.owner_key(entry.rater, copy)
            if of_firm
            else plan.firm_key(entry.rater, copy),
            breadth=entry.breadth,
            contract_id=contract,
            parts=deal.firm_marks if of_firm else deal.owner_marks,
            hundredths=int(entry.value * 100),
        )
    else:
        assert isinstance(entry, DecisionEntry)
        row.update(
            kind=EntryKind.DECISION,
            evidence_type=RatingSubject.__tablename__,
            evidence_id=row["subject_id"],
            step=entry.step,
            grade=entry.grade,
            proposal_entry_id=None
            if entry.proposal is None
            else plan.entry_key(entry.proposal, copy),
            in_force_on=entry.in_force_on,
        )
    content = {name: value for name, value in row.items() if name not in ("id", "digest")}
    row["digest"] = digest(content)
    return row


def posted(plan: Plan) -> Iterator[tuple[Entry, Row]]:
    """Every row of the rating ledger in the order of its keys, which is that of time."""
    if plan.posted is None:
        whose = [
            (entry, firm, number)
            for firm, parties in ((True, plan.history.firms), (False, plan.history.owners))
            for number, party in enumerate(parties)
            for entry in party.entries
        ]
        whose.sort(key=lambda each: each[0].id)
        plan.posted = [
            (entry, rating_entry(plan, entry, firm, number, copy))
            for entry, firm, number in whose
            for copy in range(plan.copies)
        ]
    return iter(plan.posted)


def rating_entries(plan: Plan) -> Iterator[Row]:
    """The rating ledger."""
    return (row for _entry, row in posted(plan))


def proposals(plan: Plan) -> Iterator[Row]:
    """The proposals of A and D; all were confirmed or lapsed."""
    key = 0
    for firm, number, copy, party in plan.parties():
        steps = [entry for entry in party.entries if isinstance(entry, DecisionEntry)]
        for entry in steps:
            if entry.step is not DecisionStep.PROPOSED:
                continue
            lapsed = any(
                other.proposal == entry.id and other.step is DecisionStep.LAPSED for other in steps
            )
            key += 1
            yield {
                "id": key,
                "public_id": plan.public_id(),
                "subject_id": plan.subject_key(firm, number, copy),
                "entry_id": plan.entry_key(entry.id, copy),
                "grade": entry.grade,
                "reason": f"评定得分和评价依据对应 {entry.grade.value} 级",
                "evaluated_on": entry.takes_effect_on - timedelta(days=1),
                "triggers": [],
                "in_force_on": entry.takes_effect_on + timedelta(days=9),
                "status": ProposalStatus.LAPSED if lapsed else ProposalStatus.IN_FORCE,
                "status_since": ratings.start_of(entry.takes_effect_on + timedelta(days=9)),
            }


def records(plan: Plan) -> Iterator[Row]:
    """The grade records that the rules gave."""
    key = 0
    for firm, number, copy, party in plan.parties():
        entries = sorted(party.entries, key=lambda entry: entry.id)
        for state in party.states:
            known_at = ratings.start_of(state.from_day) + timedelta(minutes=1)
            known = [entry.id for entry in entries if entry.recorded_at <= known_at]
            key += 1
            yield {
                "id": key,
                "subject_id": plan.subject_key(firm, number, copy),
                "from_day": state.from_day,
                "grade": state.grade,
                "since": state.since,
                "hundredths": state.hundredths,
                "evaluated": state.evaluated,
                "edition_id": int(state.edition) if state.edition else None,
                "cursor": plan.entry_key(known[-1], copy) if known else 0,
                "known_at": known_at,
            }


def audit_rows(plan: Plan) -> Iterator[Row]:
    """What was audited, as one chain that goes on from the shipped editions."""
    for at, action, subject_type, subject, facts in _events(plan):
        plan.seq += 1
        row: Row = {
            "seq": plan.seq,
            "at": at,
            "action": action,
            "actor_id": None,
            "organisation_id": None,
            "roles": "",
            "subject_type": subject_type,
            "subject_id": str(subject),
            "facts": facts,
        }
        content = {_AUDIT_CONTENT.get(name, name): value for name, value in row.items()}
        row["content_digest"] = digest(content)
        row["previous"] = plan.head
        plan.head = row["hash"] = chain_hash(plan.head, row["content_digest"])
        yield row


def _events(plan: Plan) -> Iterator[tuple[datetime, str, str, int, dict[str, Any]]]:
    for number in range(plan.firms):
        yield (
            plan.listed_at(number),
            "firms.listed",
            Firm.__tablename__,
            number + 1,
            {"before": "checked"},
        )
    for entry, row in posted(plan):
        at = entry.recorded_at
        if isinstance(entry, MarkEntry):
            deal, key = plan.history.deals[entry.contract], row["evidence_id"]
            of_firm = entry.side is RaterSide.OWNER
            if of_firm:
                contract = row["contract_id"]
                published = {"before": "submitted"}
                yield at, "needs.published", Need.__tablename__, contract, published
                completed = {"before": "delivered"}
                yield at, "contracts.completed", Contract.__tablename__, contract, completed
            direction = Direction.OWNER_TO_FIRM if of_firm else Direction.FIRM_TO_OWNER
            commitment = version(plan, key, deal, direction)["commitment"]
            facts = {"version": 1, "commitment": commitment}
            yield at, "evaluation.given", Evaluation.__tablename__, key, facts
        told = {"digest": row["digest"], "kind": row["kind"].value}
        yield at, "rating.posted", RatingEntry.__tablename__, row["id"], told

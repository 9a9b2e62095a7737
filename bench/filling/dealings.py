"""What they did: needs with rounds, entries and awards, contracts, evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from marketplace.contracts.models import ContractStatus, Side
from marketplace.evaluations.models import (
    WindowStatus,
)
from marketplace.evaluations.rules import Direction
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.projects.models import (
    InvestmentKind,
    Need,
    NeedStatus,
    SelectionMethod,
)
from marketplace.selection.models import (
    AwardStatus,
    EntryStatus,
    RoundStatus,
)

from .. import history as past
from ..bulk import Row
from .plan import Plan


def projects(plan: Plan) -> Iterator[Row]:
    """One project of each owner."""
    for number in range(plan.owners):
        yield {
            "id": number + 1,
            "public_id": plan.public_id(),
            "owner_id": plan.organisation_base + plan.firms + number,
            "name": f"青河市第 {number + 1} 号建设项目",
            "jurisdiction_code": plan.register,
            "created_at": plan.now - timedelta(days=1000),
        }


def needs(plan: Plan) -> Iterator[Row]:
    """The needs behind the contracts, all completed, and some that are open."""
    for key, deal, copy in plan.deals():
        yield _need(
            plan,
            key,
            deal.owner + copy * plan.buyers,
            NeedStatus.COMPLETED,
            deal.at - timedelta(days=40),
            plan.items[key % len(plan.items)],
        )
    for number in range(plan.open_needs):
        yield _need(
            plan,
            plan.open_key(number),
            number % plan.owners,
            NeedStatus.PUBLISHED,
            plan.now - timedelta(hours=20 + number),
            plan.open_item,
        )


def _need(plan: Plan, key: int, owner: int, status: NeedStatus, at: datetime, item: Any) -> Row:
    running = status is NeedStatus.PUBLISHED
    closes = plan.now + timedelta(days=9) if running else at + timedelta(days=2)
    return {
        "id": key,
        "public_id": plan.public_id(),
        "number": f"QH{at.year}{key:07d}",
        "status": status,
        "status_since": at if running else at + timedelta(days=38),
        "project_id": owner + 1,
        "owner_id": plan.organisation_base + plan.firms + owner,
        "jurisdiction_code": plan.register,
        "title": f"青河市第 {owner + 1} 号建设项目{item.name}",
        "item_code": item.code,
        "item_name": item.name,
        "off_list": False,
        "scope": "按批复范围编制并提交成果，配合审查、修改。",
        "place": "青河市",
        "fee_inputs": {},
        "budget": Decimal(60000 + key % 90 * 100),
        "investment": InvestmentKind.ENTERPRISE,
        "qualifications": [],
        "any_qualification": False,
        "days_wanted": item.statutory_days,
        "days_kind": item.statutory_days_kind,
        "method": SelectionMethod.DIRECT_PICK,
        "entry_working_days": 2,
        "contact_name": "联系人",
        "contact_phone": "0539-8000000",
        "two_person": False,
        "proposer_id": plan.user_key(0),
        "approver_id": plan.user_key(0),
        "created_at": at,
        "submitted_at": at,
        "published_at": at,
        "entry_deadline": closes,
        "choice_at": closes + timedelta(minutes=30),
        "selection_edition_id": plan.selection_edition,
    }


def rounds(plan: Plan) -> Iterator[Row]:
    """One round of each need."""
    for key, deal, _copy in plan.deals():
        at = deal.at - timedelta(days=40)
        yield _round(plan, key, RoundStatus.DECIDED, at, at + timedelta(days=2))
    for number in range(plan.open_needs):
        at = plan.now - timedelta(hours=20 + number)
        yield _round(plan, plan.open_key(number), RoundStatus.OPEN, at, None)


def _round(plan: Plan, key: int, status: RoundStatus, at: datetime, closed: datetime | None) -> Row:
    return {
        "id": key,
        "public_id": plan.public_id(),
        "need_id": key,
        "attempt": 1,
        "status": status,
        "status_since": closed or at,
        "commitment": f"{key:064x}",
        "edition_id": plan.selection_edition,
        "opened_at": at,
        "closed_at": closed,
    }


def entries(plan: Plan) -> Iterator[Row]:
    """The chosen firm's entry for each need."""
    for key, deal, copy in plan.deals():
        at = deal.at - timedelta(days=39)
        yield {
            "id": key,
            "public_id": plan.public_id(),
            "round_id": key,
            "need_id": key,
            "organisation_id": plan.firm_key(deal.firm, copy),
            "firm_id": copy * plan.kinds + deal.firm + 1,
            "status": EntryStatus.LISTED,
            "status_since": at,
            "contribution": f"{key:064x}",
            "price": Decimal(55000),
            "received_at": at,
            "stands_since": at,
            "signature": f"{key:0128x}",
        }


def awards(plan: Plan) -> Iterator[Row]:
    """The choice of that entry."""
    for key, deal, copy in plan.deals():
        at = deal.at - timedelta(days=38)
        yield {
            "id": key,
            "public_id": plan.public_id(),
            "need_id": key,
            "round_id": key,
            "entry_id": key,
            "organisation_id": plan.firm_key(deal.firm, copy),
            "status": AwardStatus.ACCEPTED,
            "status_since": at,
            "place": 1,
            "price": Decimal(55000),
            "reason": "报价合理，承诺时限短",
            "edition_id": plan.selection_edition,
            "letter_number": f"ZX{key:09d}",
            "decided_at": at,
            "notice_ends_at": at + timedelta(days=1),
            "final_at": at + timedelta(days=1),
            "accept_by": at + timedelta(days=3),
            "accepted_at": at + timedelta(days=1),
        }


def contracts(plan: Plan) -> Iterator[Row]:
    """The contract of each award, completed."""
    for key, deal, copy in plan.deals():
        signed, ended = deal.at - timedelta(days=36), deal.at - timedelta(days=4)
        yield {
            "id": key,
            "public_id": plan.public_id(),
            "number": f"HT{key:09d}",
            "status": ContractStatus.COMPLETED,
            "status_since": ended,
            "need_id": key,
            "award_id": key,
            "owner_id": plan.owner_key(deal.owner, copy),
            "firm_id": plan.firm_key(deal.firm, copy),
            "jurisdiction_code": plan.register,
            "edition_id": plan.contract_edition,
            "award_price": Decimal(55000),
            "price": Decimal(55000),
            "starts_on": signed.date(),
            "ends_on": (ended + timedelta(days=2)).date(),
            "payment_days": 30,
            "extra_terms": "",
            "body": "合同条款按需求公告、报价和承诺执行。",
            "body_sha256": f"{key:064x}",
            "frozen": {},
            "two_person": False,
            "drafted_by": Side.OWNER,
            "owner_confirmed_at": signed,
            "firm_confirmed_at": signed,
            "signed_at": signed,
            "due_at": ended + timedelta(days=2),
            "overdue_since": ended - timedelta(days=1) if key % 11 == 0 else None,
            "accepted_at": ended,
            "ended_at": ended,
        }


def windows(plan: Plan) -> Iterator[Row]:
    """The evaluation of each contract, revealed when both sides had marked."""
    for key, deal, _copy in plan.deals():
        yield {
            "id": key,
            "public_id": plan.public_id(),
            "contract_id": key,
            "opened_at": deal.at - timedelta(days=4),
            "ends_at": deal.at + timedelta(days=17),
            "edition_id": plan.evaluation_edition,
            "revealed_at": deal.at,
            "status": WindowStatus.REVEALED,
            "status_since": deal.at,
        }


def evaluations(plan: Plan) -> Iterator[Row]:
    """Both sides' evaluations."""
    for key, contract, deal, copy, direction in plan.given():
        owner, firm = plan.owner_key(deal.owner, copy), plan.firm_key(deal.firm, copy)
        of_firm = direction is Direction.OWNER_TO_FIRM
        yield {
            "id": key,
            "public_id": plan.public_id(),
            "window_id": contract,
            "direction": direction,
            "rater_organisation_id": owner if of_firm else firm,
            "about_organisation_id": firm if of_firm else owner,
            "given_at": deal.at,
            "revise_until": deal.at + timedelta(days=3),
            "rating_entry_id": plan.entry_key(past.number_at(deal.at, not of_firm), copy),
        }


def version(plan: Plan, key: int, deal: past.Deal, direction: Direction) -> Row:
    """The marks as given, with their commitment."""
    of_firm = direction is Direction.OWNER_TO_FIRM
    content = {
        "evaluation": key,
        "number": 1,
        "marks": deal.firm_marks if of_firm else deal.owner_marks,
        "reason": None,
        "salt": f"{key * 2_654_435_761:064x}",
    }
    return {**content, "commitment": digest(content)}


def versions(plan: Plan) -> Iterator[Row]:
    """The one version of each evaluation."""
    for key, _contract, deal, _copy, direction in plan.given():
        made = version(plan, key, deal, direction)
        yield {
            "id": key,
            "evaluation_id": made.pop("evaluation"),
            **made,
            "given_at": deal.at,
            "given_by": None,
        }


def status_changes(plan: Plan) -> Iterator[Row]:
    """How each need was awarded and completed."""
    key = db.session.scalar(select(func.max(StatusChange.id))) or 0
    for number, deal, _copy in plan.deals():
        for before, after, days in (
            (NeedStatus.PUBLISHED, NeedStatus.AWARDED, 38),
            (NeedStatus.CONTRACTED, NeedStatus.COMPLETED, 4),
        ):
            key += 1
            yield {
                "id": key,
                "subject_type": Need.__tablename__,
                "subject_id": number,
                "from_status": before.value,
                "to_status": after.value,
                "at": deal.at - timedelta(days=days),
            }

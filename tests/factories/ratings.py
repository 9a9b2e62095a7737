"""Ratings for tests, posted through the actions. Call inside a transaction."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.ratings import actions
from marketplace.ratings.models import Inspection, RatingEntry
from tests.factories import accounts

FIRM_PARTS = ("quality", "timeliness", "attitude", "charging", "conduct")
_contracts = itertools.count(900_001)


def marked(
    organisation: Organisation, rater: Organisation, *marks: int, actor: Actor = CLOCK
) -> RatingEntry:
    """One evaluation of a firm by an owner: five marks, or one that stands for all five."""
    given = marks if len(marks) == len(FIRM_PARTS) else marks * len(FIRM_PARTS)
    return actions.post_marks(
        organisation.id,
        organisation.jurisdiction_code,
        "owner",
        rater.id,
        next(_contracts),
        dict(zip(FIRM_PARTS, given, strict=True)),
        rater,
        actor,
        clock.now(),
    )


def evaluated(organisation: Organisation, contracts: int, mark: int = 5) -> list[RatingEntry]:
    """Evaluations of a firm, each by an owner of its own."""
    return [marked(organisation, accounts.owner().organisation, mark) for _each in range(contracts)]


def inspected(
    organisation: Organisation, result: int | str, officer: Actor | None = None
) -> Inspection:
    """The result of an official inspection, recorded by an officer of the bureau."""
    return actions.post_inspection(
        organisation.id,
        organisation.jurisdiction_code,
        date(2026, 2, 27),
        f"青审查〔2026〕{next(_contracts)}号",
        Decimal(result),
        "按年度检查方案逐项检查",
        officer or accounts.officer(Role.BUREAU_OPERATOR).actor,
        clock.now(),
    )


def late_payment(owner: Organisation, working_days: int = 6) -> RatingEntry:
    """An owner that paid so many working days late."""
    return actions.post_conduct(
        owner.id,
        owner.jurisdiction_code,
        "late_payment",
        owner,
        CLOCK,
        clock.now(),
        contract_id=next(_contracts),
        working_days=working_days,
    )

"""Cards and blacklistings for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

import io
from collections.abc import Sequence

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.models import Blacklisting, Breach, Card, Case, Cause
from marketplace.sanctions.repairs.actions import file_repair
from marketplace.sanctions.repairs.models import CreditRepair
from marketplace.sanctions.rules import Severity

from . import accounts

FACTS = "经核查，该机构未按承诺时限提交成果，且未说明理由。"
PDF = b"%PDF-1.7\nevidence"
REASON = "事实清楚，证据充分，情节一般。"


def card(organisation: Organisation, jurisdiction_code: str = accounts.CITY) -> Card:
    """A card issued by two officers; its colour follows from the firm's record."""
    proposed = cards.propose_card(
        organisation,
        jurisdiction_code,
        Breach.LATE,
        FACTS,
        accounts.officer(Role.BUREAU_OPERATOR).actor,
        clock.now(),
    )
    return cards.issue_card(proposed, accounts.officer(Role.BUREAU_APPROVER).actor, clock.now())


def reported_case(
    firm: accounts.Party,
    cause: Cause = Cause.BREACH,
    jurisdiction_code: str = accounts.CITY,
) -> Case:
    """A case whose firm has not been heard yet."""
    return cases.report_case(
        firm.organisation,
        jurisdiction_code,
        cause,
        FACTS,
        accounts.officer(Role.BUREAU_OPERATOR).actor,
        clock.now(),
    )


def proposed_case(
    firm: accounts.Party,
    cause: Cause = Cause.BREACH,
    months: int = 12,
    items: Sequence[str] = (),
    jurisdiction_code: str = accounts.CITY,
) -> Case:
    """A case whose firm has been heard and for which a decision has been proposed."""
    case = reported_case(firm, cause, jurisdiction_code)
    cases.state_case(case, "情况属实，愿意整改。", firm.actor, clock.now())
    cases.propose_decision(
        case,
        Severity.ORDINARY,
        months,
        items,
        REASON,
        accounts.officer(Role.BUREAU_OPERATOR).actor,
        clock.now(),
    )
    return case


def blacklisted(
    firm: accounts.Party,
    cause: Cause = Cause.BREACH,
    months: int = 12,
    items: Sequence[str] = (),
    jurisdiction_code: str = accounts.CITY,
) -> Blacklisting:
    """A firm blacklisted now by two officers, for ``months`` natural months."""
    case = proposed_case(firm, cause, months, items, jurisdiction_code)
    approver = accounts.officer(Role.BUREAU_APPROVER).actor
    return cases.decide_case(case, REASON, approver, clock.now())


def corrected_card(firm: accounts.Party) -> Card:
    """A yellow card whose correction was reported and found done."""
    made = card(firm.organisation)
    cards.report_correction(made, REASON, firm.actor, clock.now())
    judge = accounts.officer(Role.BUREAU_OPERATOR).actor
    cards.judge_correction(made, True, REASON, judge, clock.now())
    return made


def asked_repair(decision: Card | Case, firm: Actor) -> CreditRepair:
    """The firm's application for repair of its sanction, with evidence."""
    now = clock.now()
    evidence = files.store(io.BytesIO(PDF), "correction.pdf", firm, now, "evidence")
    return file_repair(decision, REASON, evidence, firm, now)

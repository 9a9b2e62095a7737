"""Evaluations for tests, given through the actions. Call inside a transaction."""

from __future__ import annotations

import re
from datetime import date, timedelta

from config import ROOT
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.evaluations import actions, queries
from marketplace.evaluations.assessors import actions as assessors
from marketplace.evaluations.assessors.models import AssessorAppointment, AssessorKind
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.rules import Direction, EvaluationPolicy
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from tests.factories import accounts
from tests.factories.contracts import Deal


def give(deal: Deal, who: str, mark: int = 5, reason: str | None = None) -> Evaluation:
    """`editor` (for the owner) or `firm` gives the same mark for every part."""
    actor = deal.actor(who)
    contract = deal.contract
    direction = queries.direction_of(contract, actor.organisation_id)
    assert direction is not None
    marks = dict.fromkeys(direction.parts, mark)
    return actions.submit_evaluation(contract, marks, reason, actor, clock.now())


def publish_edition(jurisdiction_code: str, values: dict[str, str], since: date) -> None:
    """Publish an edition from a day on: the default with some values, as TOML writes them."""
    shipped = ROOT / "marketplace/editions/policies/000000/evaluation-2024-01-01.toml"
    text = shipped.read_text("utf-8").replace('"000000"', f'"{jurisdiction_code}"')
    text = text.replace("= 2024-01-01", f"= {since.isoformat()}")
    for name, value in values.items():
        text = re.sub(rf"(?m)^{name} = .*\n", "", text) + f"{name} = {value}\n"
    draft = policy.parse("evaluation.toml", text, [EvaluationPolicy])
    policy.publish(draft, CLOCK, clock.now())


def publish_least(jurisdiction_code: str, firms: int) -> None:
    """Publish an edition from today on under which so many firms make a department's year."""
    publish_edition(jurisdiction_code, {"department_least_firms": str(firms)}, clock.today())


def give_assessors_a_part(jurisdiction_code: str = accounts.CITY) -> None:
    """Publish an edition from today on under which both kinds of assessors mark."""
    kinds = '["social", "third_party"]'
    publish_edition(jurisdiction_code, {"assessor_kinds": kinds}, clock.today())


def propose(who: accounts.Party, days: int = 200, city: str = accounts.CITY) -> AssessorAppointment:
    """A third-party assessor proposed for so many days."""
    today = clock.today()
    return assessors.propose_appointment(
        who.organisation,
        AssessorKind.THIRD_PARTY,
        city,
        (),
        today,
        today + timedelta(days=days),
        "审改办〔2026〕3号，公开遴选",
        accounts.officer(Role.BUREAU_OPERATOR, city=city).actor,
        clock.now(),
    )


def appointed(days: int = 200, name: str = "公信评估有限公司") -> accounts.Party:
    """A third-party assessor of the city appointed by two officers."""
    who = accounts.owner(kind=OrganisationKind.COMPANY, name=name)
    approver = accounts.officer(Role.BUREAU_APPROVER).actor
    assessors.confirm_appointment(propose(who, days), approver, clock.now())
    return who


def assess(deal: Deal, who: accounts.Party, mark: int = 5, reason: str | None = None) -> Evaluation:
    """An assessor gives the same mark for every part its edition names."""
    contract = deal.contract
    rules = queries.edition_for(contract, clock.now()).values
    marks = dict.fromkeys(Direction.ASSESSOR_TO_FIRM.parts_under(rules), mark)
    return assessors.submit_assessment(contract, marks, reason, who.actor, clock.now())

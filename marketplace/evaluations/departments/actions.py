"""Give marks between the firm of a contract and the department of its item; reveal them at once.

Call-backs and screens look at the parties of the contract alone. The firm replies to and disputes a
department's mark like an owner's; a department sees what firms say as yearly sums only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from marketplace.contracts.models import Contract
from marketplace.foundation import clock, lifecycle, policy
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Missing
from marketplace.notifications.actions import send
from marketplace.ratings.actions import post_marks
from marketplace.ratings.rules.entries import RaterSide

from .. import queries as evaluations
from ..actions import give_marks, open_windows
from ..models import Evaluation, EvaluationWindow
from ..rules import DEPARTMENTS, Direction, EvaluationPolicy
from . import queries
from .models import DepartmentWindow, PairStatus


def submit_evaluation(
    contract: Contract, marks: Mapping[str, int], reason: str | None, actor: Actor, now: datetime
) -> Evaluation:
    """Give one's marks in the pair of a contract's firm and department, or revise them once.

    The pair is locked before the clock is read; the second side's marks end it. Raises Missing for
    a stranger, Invalid for wrong marks or a missing reason, Conflict when it is too late.
    """
    direction = queries.direction_of(contract, actor.organisation_id)
    department = queries.department_of(contract)
    if direction is None or department is None:
        raise Missing(f"contract {contract.public_id}")
    period = open_windows(contract, actor, now)
    pair = lock(_pair(contract, department.id, period, actor, now))
    now = max(now, clock.now())
    if pair.status is not PairStatus.OPEN or now >= pair.ends_at:
        raise Conflict(_("评价已截止或者已公开，不能再评价或者修改"), rule="evaluation.window")
    rater, about = department.id, contract.firm_id
    if direction is Direction.FIRM_TO_DEPARTMENT:
        rater, about = about, rater
    rules = policy.by_id(EvaluationPolicy, pair.edition_id).values
    given = give_marks(period, direction, rater, about, marks, reason, rules, actor, now)
    if queries.directions_in(period) == DEPARTMENTS:
        reveal(pair, actor, now)
    return given


def _pair(
    contract: Contract, department_id: int, period: EvaluationWindow, actor: Actor, now: datetime
) -> DepartmentWindow:
    found = queries.pair_of(contract)
    if found is not None:
        return found
    made = DepartmentWindow(
        contract_id=contract.id,
        department_id=department_id,
        ends_at=period.ends_at,
        edition_id=period.edition_id,
    )
    try:
        with db.session.begin_nested():
            lifecycle.begin(made, PairStatus.OPEN, actor, now, check_at=period.ends_at)
    except IntegrityError:
        # the other side gave its first marks at the same moment
        found = queries.pair_of(contract)
        if found is None:
            raise
        return found
    return made


def reveal(pair: DepartmentWindow, actor: Actor, now: datetime) -> None:
    """End a locked pair: show the firm the department's marks and post them to its rating.

    The firm's own marks count in the year's sum and are shown to nobody else.
    """
    contract = pair.contract
    pair.revealed_at = now
    lifecycle.move(pair, PairStatus.REVEALED, actor, now)
    period = evaluations.window_of(contract)
    assert period is not None  # a pair is made within the period of the contract's window
    given = evaluations.evaluation(period, Direction.DEPARTMENT_TO_FIRM)
    if given is None:
        return
    entry = post_marks(
        given.about_organisation_id,
        contract.jurisdiction_code,
        RaterSide.DEPARTMENT,
        given.rater_organisation_id,
        contract.id,
        given.latest.marks,
        given,
        CLOCK,
        now,
    )
    given.rating_entry_id = entry.id
    db.session.flush()
    send(
        contract.firm_id,
        f"行业主管部门对合同 {contract.number} 的评价已公开",
        "自次日起计入信用得分。",
        evaluations.address_of(given, contract.firm_id),
        f"department-evaluation:{contract.id}:revealed",
        now,
    )


def advance_pair(pair: DepartmentWindow, actor: Actor, now: datetime) -> None:
    """The time is over: what was given counts, what was not has no effect."""
    reveal(pair, actor, now)

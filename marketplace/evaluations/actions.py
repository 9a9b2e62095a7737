"""Open a window, give and revise marks, reveal both sides at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from marketplace.contracts.models import Contract
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.notifications.actions import send
from marketplace.ratings.actions import post_marks
from marketplace.ratings.rules.entries import RaterSide

from . import queries
from .assessors import awaiting
from .callbacks.opening import open_for_low
from .departments import queries as departments
from .models import PART_TITLES, Evaluation, EvaluationVersion, EvaluationWindow, WindowStatus
from .rules import (
    Direction,
    EvaluationPolicy,
    all_in,
    may_revise,
    needs_reason,
    wrong_part,
)

SIDES = {
    Direction.OWNER_TO_FIRM: RaterSide.OWNER,
    Direction.FIRM_TO_OWNER: RaterSide.FIRM,
    Direction.ASSESSOR_TO_FIRM: RaterSide.ASSESSOR,
}


def open_windows(contract: Contract, actor: Actor, now: datetime) -> EvaluationWindow:
    """The window in which both sides of a contract may mark; opened when there is none.

    It runs from the contract's end, whenever it is noticed. Raises Conflict while the contract is
    not over.
    """
    window = queries.window_of(contract)
    if window is not None:
        return window
    if not queries.can_be_evaluated(contract):
        raise Conflict(_("合同验收或者终止后方可评价"), rule="evaluation.over")
    edition = queries.edition_for(contract, now)
    opened_at = contract.ended_at or contract.accepted_at or now
    ends_at = working_calendar().deadline(opened_at, edition.values.window_working_days)
    window = EvaluationWindow(
        contract_id=contract.id, opened_at=opened_at, ends_at=ends_at, edition_id=edition.id
    )
    try:
        with db.session.begin_nested():
            lifecycle.begin(window, WindowStatus.OPEN, actor, now, check_at=ends_at)
    except IntegrityError:
        # the clock and a party opened it at the same moment
        found = queries.window_of(contract)
        if found is None:
            raise
        return found
    until = clock.written(ends_at)
    reveals = (
        "双方和聘任的评价人均评价后，或者截止后同时公开"
        if edition.values.assessor_kinds
        else "双方均评价后或者截止后同时公开"
    )
    for organisation_id in (contract.owner_id, contract.firm_id):
        send(
            organisation_id,
            f"请评价合同 {contract.number}",
            f"评价截止时间 {until}。{reveals}，逾期视为未评价。",
            f"/contracts/{contract.public_id}/evaluation",
            f"evaluation:{contract.id}:{organisation_id}:open",
            now,
        )
    department = departments.department_of(contract)
    if department is not None:
        send(
            contract.firm_id,
            f"可以就合同 {contract.number} 评价行业主管部门",
            f"{until} 前可以评价{department.name}的指导服务、服务时效和公平公正。"
            "对部门的评价只在年度结束后汇总公布，部门看不到单份评价；不评价没有任何影响。",
            f"/contracts/{contract.public_id}/department-evaluation",
            f"department-evaluation:{contract.id}:open",
            now,
        )
    return window


def open_window_by_id(contract_id: int, actor: Actor, now: datetime) -> None:
    """Open the window of a contract that is over; for the clock."""
    open_windows(db.session.get_one(Contract, contract_id), actor, now)


def submit_evaluation(
    contract: Contract, marks: Mapping[str, int], reason: str | None, actor: Actor, now: datetime
) -> Evaluation:
    """Give one's marks, or revise them once, in the name of the actor's organisation.

    The window is locked before the clock is read: a mark is either before the end or refused, and
    the second side's marks reveal both. Raises Missing for a stranger to the contract, Invalid for
    wrong marks or a missing reason, Conflict when it is too late.
    """
    direction = queries.direction_of(contract, actor.organisation_id)
    if direction is None:
        raise Missing(f"contract {contract.public_id}")
    window = lock(open_windows(contract, actor, now))
    now = max(now, clock.now())
    if window.status is not WindowStatus.OPEN or now >= window.ends_at:
        raise Conflict(_("评价已截止或者已公开，不能再评价或者修改"), rule="evaluation.window")
    rules = policy.by_id(EvaluationPolicy, window.edition_id).values
    reason = (reason or "").strip() or None
    parties = (contract.owner_id, contract.firm_id)
    rater, about = parties if direction is Direction.OWNER_TO_FIRM else parties[::-1]
    given = give_marks(window, direction, rater, about, marks, reason, rules, actor, now)
    reveal_when_all_are_in(window, actor, now)
    return given


def reveal_when_all_are_in(window: EvaluationWindow, actor: Actor, now: datetime) -> bool:
    """Reveal a locked window once both parties have marked and no assessor is awaited."""
    if window.status is not WindowStatus.OPEN:
        return False
    if not all_in(queries.sides_in(window)) or awaiting.awaited(window, now):
        return False
    reveal(window, actor, now)
    return True


def give_marks(
    window: EvaluationWindow,
    direction: Direction,
    rater_id: int,
    about_id: int,
    marks: Mapping[str, int],
    reason: str | None,
    rules: EvaluationPolicy,
    actor: Actor,
    now: datetime,
    appointment_id: int | None = None,
) -> Evaluation:
    """Keep marks given in one direction, or their revision. The caller holds the lock of the pair
    and has found it open; ``appointment_id`` is by what an assessor marks. Raises Invalid for the
    marks, Conflict when they are revised too late."""
    _check(direction, marks, reason, rules)
    given = queries.evaluation(window, direction, rater_id)
    if given is None:
        given = Evaluation(
            window_id=window.id,
            direction=direction,
            rater_organisation_id=rater_id,
            about_organisation_id=about_id,
            given_at=now,
            revise_until=working_calendar().deadline(now, rules.revision_working_days),
            appointment_id=appointment_id,
        )
        db.session.add(given)
        db.session.flush()
    elif not may_revise(len(given.versions), given.revise_until, now, rules):
        raise Conflict(_("评价已提交，修改次数或者修改期限已用完"), rule="evaluation.revision")
    _add_version(given, marks, reason, actor, now)
    return given


def _check(
    direction: Direction, marks: Mapping[str, int], reason: str | None, rules: EvaluationPolicy
) -> None:
    part = wrong_part(direction.parts_under(rules), marks)
    if part is not None:
        raise Invalid(
            _("请为“%(part)s”评 1 到 5 分", part=PART_TITLES.get(part, part)),
            field=part,
            rule="evaluation.marks",
        )
    if needs_reason(marks, rules) and len(reason or "") < rules.reason_shortest:
        raise Invalid(
            _(
                "有 %(mark)s 分及以下的评分，请写明事实和理由，不少于 %(count)s 个字",
                mark=rules.reason_up_to,
                count=rules.reason_shortest,
            ),
            field="reason",
            rule="evaluation.reason",
        )


def _add_version(
    given: Evaluation,
    marks: Mapping[str, int],
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the marks as given; their salted digest goes into the audit ledger at once."""
    version = EvaluationVersion(
        evaluation_id=given.id,
        number=len(given.versions) + 1,
        marks=dict(marks),
        reason=reason,
        salt=secrets.token_hex(32),
        given_at=now,
        given_by=actor.user_id,
    )
    version.commitment = version.content_digest()
    given.versions.append(version)
    db.session.flush()
    audit.record(
        "evaluation.given",
        actor,
        given,
        now,
        version=version.number,
        commitment=version.commitment,
    )


def reveal(window: EvaluationWindow, actor: Actor, now: datetime) -> None:
    """Show all marks at once and post them to the ratings. The window is locked.

    What an assessor gave under an appointment since ended stays given: it had the right then.
    """
    contract = window.contract
    window.revealed_at = now
    lifecycle.move(window, WindowStatus.REVEALED, actor, now)
    for given in queries.evaluations_in(window):
        # the ledger names the organisation that marked, never the person
        entry = post_marks(
            given.about_organisation_id,
            contract.jurisdiction_code,
            SIDES[given.direction],
            given.rater_organisation_id,
            contract.id,
            given.latest.marks,
            given,
            CLOCK,
            now,
        )
        given.rating_entry_id = entry.id
        open_for_low(given, CLOCK, now)
    db.session.flush()
    for organisation_id in (contract.owner_id, contract.firm_id):
        send(
            organisation_id,
            f"合同 {contract.number} 的评价已公开",
            "所有评价已同时公开，自次日起计入信用得分。",
            f"/contracts/{contract.public_id}/evaluation",
            f"evaluation:{contract.id}:{organisation_id}:revealed",
            now,
        )


def advance_window(window: EvaluationWindow, actor: Actor, now: datetime) -> None:
    """The time is over: reveal what was given; what was not given has no effect on any score."""
    if queries.evaluations_in(window):
        reveal(window, actor, now)
    else:
        lifecycle.move(window, WindowStatus.LAPSED, actor, now)

"""Making a contract from an accepted award, confirming it, and deciding about its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.projects.models import Need, NeedStatus
from marketplace.ratings import actions as ratings
from marketplace.ratings import queries as grades
from marketplace.ratings.rules.entries import ConductKind
from marketplace.selection import queries as selection
from marketplace.selection.holding import require_draw_stands

from . import queries
from .models import RUNNING, Amendment, Contract, ContractStatus, Side
from .pricing import contract_price_check, note_price, price_check_at_signing
from .rules import ContractTerms
from .writing import (
    contract_body,
    contract_of,
    end_of,
    latest_end,
    require_firm_allowed,
    tell_party,
)


def draft_contract(
    need: Need, terms: ContractTerms, side: Side, actor: Actor, now: datetime
) -> Contract:
    """Draft the contract of a need's final, accepted award; ``side`` is the drafter's.

    The price is the award's. The other side confirms within the edition's working days. Raises
    Invalid naming the field, Conflict when there is no such award or a contract exists.
    """
    lock(need)
    award = selection.final_award(need)
    if award is None:
        raise Conflict(_("中选结果尚未生效或中选机构尚未确认，不能订立合同"), rule="award")
    require_draw_stands(award)
    if queries.of_award(award.id) is not None:
        raise Conflict(_("该中选结果已有合同，请直接办理"), rule="contract.exists")
    day = clock.local_day(now)
    edition = queries.contracts_policy(need.jurisdiction_code, day)
    contract = contract_of(need, award, edition, need.published_at or now)
    require_firm_allowed(contract, need, now)
    _write(contract, need, terms, side, actor, now)
    lifecycle.begin(contract, ContractStatus.DRAFTED, actor, now, check_at=contract.confirm_by)
    contract_price_check(contract, need, award, actor, now)
    _tell_other(contract, side, "合同已起草，请确认", now)
    return contract


def redraft_contract(
    contract: Contract, terms: ContractTerms, side: Side, actor: Actor, now: datetime
) -> None:
    """Change an unsigned draft; confirmations given before fall away."""
    lock(contract)
    require_status(contract, ContractStatus.DRAFTED)
    require_award_stands(contract)
    _write(contract, contract.need, terms, side, actor, now)
    contract.next_check_at = contract.confirm_by
    db.session.flush()
    audit.record("contracts.redrafted", actor, contract, now, body=contract.body_sha256)
    _tell_other(contract, side, "合同草稿已修改，请确认", now)


def _write(
    contract: Contract,
    need: Need,
    terms: ContractTerms,
    side: Side,
    actor: Actor,
    now: datetime,
) -> None:
    day = clock.local_day(now)
    policy = queries.policy_of(contract)
    last_start = day + timedelta(days=policy.start_within_days)
    if not day <= terms.starts_on <= last_start:
        raise Invalid(
            _("开始日期应在今天至 %(last)s 之间", last=last_start.isoformat()),
            field="starts_on",
            rule="contract.start",
        )
    latest = latest_end(terms.starts_on, need)
    if not terms.starts_on < terms.ends_on <= latest:
        raise Invalid(
            _(
                "完成日期应晚于开始日期，且不得晚于公告要求的 %(latest)s",
                latest=latest.isoformat(),
            ),
            field="ends_on",
            rule="contract.end",
        )
    contract.starts_on, contract.ends_on = terms.starts_on, terms.ends_on
    contract.extra_terms = terms.extra
    contract.drafted_by = side
    contract.confirm_by = queries.confirm_by(contract, now)
    contract.confirm_overdue_at = None
    contract.owner_proposed_by = actor.user_id if side is Side.OWNER else None
    contract.owner_confirmed_by = contract.owner_confirmed_at = None
    contract.firm_confirmed_by = contract.firm_confirmed_at = None
    if side is Side.FIRM:
        contract.firm_confirmed_by, contract.firm_confirmed_at = actor.user_id, now
    elif not contract.two_person and actor.may("need.approve"):
        contract.owner_confirmed_by, contract.owner_confirmed_at = actor.user_id, now
    contract.body = contract_body(contract, need, policy, day)
    contract.body_sha256 = sha256_hex(contract.body.encode())


def lock_all(contract: Contract) -> Contract:
    """Lock what an act may touch, always in one order: delivery, need, contract."""
    waiting = queries.waiting_deliverable(contract.id)
    if waiting is not None:
        lock(waiting)
    lock(contract.need)
    return lock(contract)


def confirm_contract(contract: Contract, side: Side, actor: Actor, now: datetime) -> None:
    """Confirm the draft for one side. When both have, the contract is signed and runs."""
    lock_all(contract)
    require_status(contract, ContractStatus.DRAFTED)
    now = max(now, clock.now())
    need = contract.need
    require_award_stands(contract)
    require_firm_allowed(contract, need, now)
    confirm_side(contract, side, actor, now)
    if contract.owner_confirmed_at is None or contract.firm_confirmed_at is None:
        audit.record("contracts.confirmed", actor, contract, now, side=str(side))
        return
    price_check_at_signing(contract, actor, now)
    contract.signed_at = now
    contract.due_at = end_of(contract.ends_on)
    note_price(contract, contract.price_check_id, now)
    lifecycle.move(
        contract,
        ContractStatus.ACTIVE,
        actor,
        now,
        check_at=contract.due_at,
        price=contract.price,
        body=contract.body_sha256,
    )
    lifecycle.move(need, NeedStatus.CONTRACTED, actor, now, contract=contract.id)
    for told in Side:
        tell_party(contract, told, "合同已由双方确认，开始履行", f"signed:{told}", now)


def confirm_side(paper: Contract | Amendment, side: Side, actor: Actor, now: datetime) -> None:
    """Put one side's confirmation on a contract or a change of it, once, by a second person."""
    if side is Side.FIRM:
        if paper.firm_confirmed_at is not None:
            raise Conflict(_("本方已经确认，等待对方确认"), rule="confirmed")
        paper.firm_confirmed_by, paper.firm_confirmed_at = actor.user_id, now
        return
    if paper.owner_confirmed_at is not None:
        raise Conflict(_("本方已经确认，等待对方确认"), rule="confirmed")
    if paper.two_person and actor.user_id == paper.owner_proposed_by:
        raise Refused(
            _("经办与审批须由两人分别办理，请由本单位另一位审批人办理"), rule="two_persons"
        )
    paper.owner_confirmed_by, paper.owner_confirmed_at = actor.user_id, now


def require_award_stands(contract: Contract) -> None:
    """Refuse to act on a draft whose award fell, or whose draw may yet be annulled."""
    if not queries.award_stands(contract):
        raise Conflict(_("中选结果已撤销或失效，合同草稿不能再办理"), rule="award")
    require_draw_stands(queries.award_behind(contract))


def _is_held(contract: Contract) -> bool:
    return selection.waits_for_annulment(queries.award_behind(contract).round)


def flag_for_decision(
    organisation_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    codes: Sequence[str],
    items: Sequence[str] = (),
) -> list[Contract]:
    """Hand a sanctioned firm's running contracts to their owners: go on, or end them.

    Only where the sanction reaches: contracts of the jurisdictions ``codes``, and of ``items``
    where it is limited to some. ``reason`` (Chinese) is shown to the owner. A contract flagged
    already is flagged again.
    """
    flagged = []
    for contract in queries.running_of(organisation_id):
        if contract.jurisdiction_code not in codes:
            continue
        if items and not set(items) & set(contract.need.item_codes):
            continue
        lock(contract)
        if contract.status not in RUNNING:
            continue
        policy = queries.policy_of(contract)
        contract.flag_reason, contract.flagged_at = reason, now
        contract.flag_decided_at = contract.flag_decided_by = contract.flag_decision = None
        contract.flag_decide_by = working_calendar().deadline(now, policy.decision_working_days)
        audit.record("contracts.flagged", actor, contract, now)
        tell_party(
            contract,
            Side.OWNER,
            f"受托机构被采取措施，请决定合同是否继续：{reason}",
            f"flag:{now.isoformat()}",
            now,
        )
        flagged.append(contract)
    db.session.flush()
    return flagged


def renew_draft(contract: Contract, actor: Actor, now: datetime) -> bool:
    """The draw behind a draft stands after all: both sides have the whole time to confirm again,
    from the superior bureau's decision. Says whether that gave them more."""
    lock(contract)
    refused_at = queries.annulment_refused_at(contract)
    if contract.status is not ContractStatus.DRAFTED or contract.confirm_overdue_at is not None:
        return False
    assert contract.confirm_by is not None
    if refused_at is None or contract.confirm_by >= queries.confirm_by(contract, refused_at):
        return False
    contract.confirm_by = queries.confirm_by(contract, refused_at)
    contract.next_check_at = contract.confirm_by
    audit.record("contracts.postponed", actor, contract, now, confirm_by=contract.confirm_by)
    words = f"合同确认期限延至{clock.written(contract.confirm_by)}"
    for told in Side:
        tell_party(contract, told, words, f"renewed:{told}:{refused_at.isoformat()}", now)
    return True


def advance_contract(contract: Contract, actor: Actor, now: datetime) -> None:
    """What the clock does: confirmation not given in time; delivery overdue, step by step."""
    if contract.status is ContractStatus.DRAFTED and _is_held(contract):
        # nobody may confirm, so nobody is late
        contract.confirm_by = queries.confirm_by(contract, now)
        contract.next_check_at = contract.confirm_by
        audit.record("contracts.postponed", actor, contract, now)
        return
    if contract.status is ContractStatus.DRAFTED:
        contract.confirm_overdue_at = now
        contract.next_check_at = None
        audit.record("contracts.confirm_overdue", actor, contract, now)
        for told in Side:
            tell_party(contract, told, "合同逾期未确认", f"unconfirmed:{told}:{now:%Y%m%d}", now)
        return
    if contract.status is not ContractStatus.ACTIVE or contract.due_at is None:
        contract.next_check_at = None
        return
    _post_overdue(contract, actor, now)


def _post_overdue(contract: Contract, actor: Actor, now: datetime) -> None:
    assert contract.due_at is not None
    register = accounts.register_of(contract.jurisdiction_code)
    policy = grades.edition_on(register, clock.local_day(now)).values
    if contract.overdue_since is None:
        contract.overdue_since = contract.due_at
        for told in Side:
            tell_party(contract, told, "合同已超过履行期限", f"overdue:{told}", now)
    ratings.post_conduct(
        contract.firm_id,
        contract.jurisdiction_code,
        ConductKind.OVERDUE_DELIVERY,
        contract,
        actor,
        now,
        contract_id=contract.id,
        working_days=policy.late_step_working_days,
        yearly_deliveries=queries.delivered_since(contract.firm_id, now - timedelta(days=365)),
    )
    contract.overdue_working_days += policy.late_step_working_days
    posted = contract.overdue_working_days // policy.late_step_working_days
    worth = posted * policy.late_delivery_step_points
    done = worth >= policy.late_delivery_most_points
    contract.next_check_at = None if done else next_due(contract)
    audit.record(
        "contracts.overdue", actor, contract, now, working_days=contract.overdue_working_days
    )


def next_due(contract: Contract) -> datetime:
    """When the clock looks again: the due instant, then each further step of working days."""
    assert contract.due_at is not None
    if contract.overdue_working_days == 0:
        return contract.due_at
    last_day = clock.local_day(contract.due_at - timedelta(microseconds=1))
    return end_of(working_calendar().day_after(last_day, contract.overdue_working_days))


def require_status(contract: Contract, status: ContractStatus) -> None:
    """Refuse with the present status when the contract stands elsewhere."""
    if contract.status is not status:
        raise Conflict(
            _(
                "合同当前状态为“%(now)s”，不能办理此事，请刷新页面",
                now=contract.status.title,
            ),
            rule="lifecycle",
        )


def _tell_other(contract: Contract, side: Side, words: str, now: datetime) -> None:
    tell_party(contract, side.other, words, f"draft:{now.isoformat()}", now)

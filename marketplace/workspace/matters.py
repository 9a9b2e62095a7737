"""What runs and what has ended: the needs a person has to do with, and who moves next by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.permissions import Permission
from marketplace.catalogue.models import ServiceItem
from marketplace.contracts.models import (
    RUNNING,
    Contract,
    ContractStatus,
    Deliverable,
    DeliverableStatus,
)
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import queries as selection
from marketplace.selection.models import Award, AwardStatus, Entry
from marketplace.supervision.lamps import Dial, dial
from marketplace.supervision.rules import Lamp, LampsPolicy

OVER = (
    NeedStatus.COMPLETED,
    NeedStatus.TERMINATED,
    NeedStatus.FAILED,
    NeedStatus.WITHDRAWN,
)
UNSENT = (NeedStatus.DRAFT, NeedStatus.SUBMITTED)
LIVE_AWARDS = (AwardStatus.ANNOUNCED, AwardStatus.OFFERED, AwardStatus.ACCEPTED)
LATELY = 10


@dataclass(frozen=True)
class Matter:
    """A need that runs: what happens next, who does it, by when, with the lamp of that clock."""

    need: Need
    step: str
    who: str
    clock: Dial


def running(actor: Actor, values: LampsPolicy, now: datetime, limit: int = LATELY) -> list[Matter]:
    """Needs that run, the latest change first."""
    query = _visible(actor)
    if query is None:
        return []
    needs = db.session.scalars(
        query.where(Need.status.not_in((*OVER, *UNSENT)))
        .order_by(Need.status_since.desc(), Need.id.desc())
        .limit(as_written(limit))
    ).all()
    contracts = _contracts(needs)
    followed = [need for need in needs if _may_follow(actor, need, contracts.get(need.id))]
    steps = _steps(followed, contracts, values, now)
    return [
        steps.get(need.id) or Matter(need, str(need.status.title), "", Dial(Lamp.OFF, None))
        for need in needs
    ]


def of_needs(needs: Sequence[Need], values: LampsPolicy, now: datetime) -> dict[int, Matter]:
    """What happens next about each of these needs, by key; nothing of those that are over or not
    published."""
    running = [need for need in needs if need.status not in (*OVER, *UNSENT)]
    return _steps(running, _contracts(running), values, now)


def _contracts(needs: Sequence[Need]) -> dict[int, Contract]:
    """The running contract of each need."""
    ids = [need.id for need in needs]
    query = select(Contract).where(Contract.need_id.in_(ids), Contract.status.in_(RUNNING))
    return {each.need_id: each for each in db.session.scalars(query)} if ids else {}


def _steps(
    needs: Sequence[Need], contracts: Mapping[int, Contract], values: LampsPolicy, now: datetime
) -> dict[int, Matter]:
    ids = [need.id for need in needs]
    query = select(Award).where(Award.need_id.in_(ids), Award.status.in_(LIVE_AWARDS))
    awards = {each.need_id: each for each in db.session.scalars(query)} if ids else {}
    return {
        need.id: _matter(need, awards.get(need.id), contracts.get(need.id), values, now)
        for need in needs
    }


def _may_follow(actor: Actor, need: Need, contract: Contract | None) -> bool:
    """A firm that was not chosen does not follow the other side's contract."""
    parties = {need.owner_id, contract.firm_id if contract else actor.organisation_id}
    return actor.organisation_id in parties or actor.may(Permission.SUPERVISION_VIEW)


def of_need(need: Need, values: LampsPolicy, now: datetime) -> Matter | None:
    """What happens next about one need; None once it is over or before it is published."""
    return of_needs([need], values, now).get(need.id)


def ended(actor: Actor, limit: int = LATELY) -> list[Need]:
    """Needs that ended, the latest first."""
    query = _visible(actor)
    if query is None:
        return []
    return list(
        db.session.scalars(
            query.where(Need.status.in_(OVER))
            .order_by(Need.status_since.desc(), Need.id.desc())
            .limit(as_written(limit))
        )
    )


def _visible(actor: Actor) -> Select[Need] | None:
    """A party's own needs and entries; an office's jurisdiction, a department's own trade in it."""
    if actor.organisation_id is None:
        return None
    organisation = db.session.get_one(Organisation, actor.organisation_id)
    if organisation.function is OrganisationFunction.PARTY:
        # by key, each side from its own index: one condition over both would read every need
        own = select(Need.id).where(Need.owner_id == organisation.id)
        entered = select(Entry.need_id).where(Entry.organisation_id == organisation.id)
        return select(Need).where(Need.id.in_(own.union_all(entered)))
    if not actor.may(Permission.SUPERVISION_VIEW):
        return None
    codes = accounts.below(organisation.jurisdiction_code)
    query = select(Need).where(Need.jurisdiction_code.in_(codes), Need.published_at.is_not(None))
    if organisation.function is OrganisationFunction.DEPARTMENT:
        trade = select(ServiceItem.code).where(
            ServiceItem.department_code == organisation.office_code
        )
        query = query.where(Need.item_code.in_(trade))
    return query


def _matter(
    need: Need,
    award: Award | None,
    contract: Contract | None,
    values: LampsPolicy,
    now: datetime,
) -> Matter:
    step, who, since, due = _next(need, award, contract, now)
    return Matter(need, step, who, dial(values, since, due, now))


def _next(
    need: Need, award: Award | None, contract: Contract | None, now: datetime
) -> tuple[str, str, datetime, datetime | None]:
    owner, here = need.owner.public_name, need.status_since
    if contract is not None:
        return _of_contract(contract, owner)
    if award is not None and selection.waits_for_annulment(award.round):
        return _("处理异议或撤销建议"), _("中介超市管理机构"), award.status_since, None
    if award is not None and award.status is AwardStatus.OFFERED:
        since = award.final_at or award.status_since
        return _("确认中选"), award.organisation.public_name, since, award.accept_by
    if award is not None and award.status is AwardStatus.ANNOUNCED:
        ends_at = award.notice_ends_at
        if ends_at is not None and ends_at <= now:
            # an unanswered objection or a proposed annulment keeps a result announced
            return _("处理异议或撤销建议"), _("中介超市管理机构"), ends_at, None
        return _("中选结果公示"), _("公众可提出异议"), award.status_since, ends_at
    if award is not None:
        both = _("%(owner)s、%(firm)s", owner=owner, firm=award.organisation.public_name)
        return _("起草合同"), both, award.accepted_at or award.status_since, None
    if need.status is NeedStatus.PUBLISHED:
        return _("报名截止"), _("符合条件的机构"), here, need.entry_deadline
    return _("选取中选机构"), _("按公告的方式"), here, None


def _of_contract(contract: Contract, owner: str) -> tuple[str, str, datetime, datetime | None]:
    firm = contract.firm.public_name
    if contract.status is ContractStatus.DRAFTED:
        waiting = [
            name
            for name, at in (
                (owner, contract.owner_confirmed_at),
                (firm, contract.firm_confirmed_at),
            )
            if at is None
        ]
        return _("确认合同"), "、".join(waiting), contract.status_since, contract.confirm_by
    if contract.status is ContractStatus.DELIVERED:
        waits: Any = db.session.scalar(
            select(Deliverable).where(
                Deliverable.contract_id == contract.id,
                Deliverable.status == DeliverableStatus.SUBMITTED,
            )
        )
        due = waits.accept_by if waits is not None else None
        return _("验收服务成果"), owner, contract.status_since, due
    return _("提交服务成果"), firm, contract.signed_at or contract.status_since, contract.due_at

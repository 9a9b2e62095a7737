"""What is known of a project: needs published under its code by anybody, and an owner's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, bindparam, literal_column, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import Stage
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db, fetch
from marketplace.orders.models import Order
from marketplace.projects import queries as projects
from marketplace.projects.models import Need, NeedStatus, Project
from marketplace.selection.asking.models import NeedQuestion
from marketplace.selection.models import LIVE_AWARDS, Award, AwardStatus
from marketplace.supervision.complaints import queries as complaints

from .. import matters
from ..todo.gathering import Todo, lamps, waiting_now

MOST = 300
OTHER = _l("其他服务")
_NEEDS = (
    select(
        Need.id,
        Need.public_id,
        Need.title,
        Need.number,
        Need.item_code,
        Need.item_name,
        Need.method,
        Need.channel,
        Need.status,
        Need.published_at,
        Need.entry_deadline,
        Need.choice_at,
        Need.jurisdiction_code,
        Need.owner_id,
        Project.name.label("project_name"),
        Organisation.name.label("owner_name"),
        Organisation.kind.label("owner_kind"),
    )
    .join(Project, Project.id == Need.project_id)
    .join(Organisation, Organisation.id == Need.owner_id)
    .where(Project.code == bindparam("code"), Need.published_at.is_not(None))
    .order_by(Need.published_at, Need.id)
    .limit(literal_column(str(MOST)))
)
_AWARDS = (
    select(
        Award.need_id,
        Award.price,
        Award.status,
        Award.notice_ends_at,
        Award.accept_by,
        Organisation.name.label("firm_name"),
        Organisation.kind.label("firm_kind"),
    )
    .join(Organisation, Organisation.id == Award.organisation_id)
    .where(Award.need_id.in_(bindparam("need_ids", expanding=True)), Award.decided_at.is_not(None))
    .order_by(Award.status.in_(LIVE_AWARDS), Award.id)
)
# a draft is the two parties' own until both have signed it
_CONTRACTS = (
    select(Contract.need_id, Contract.status, Contract.due_at, Contract.accepted_at)
    .where(
        Contract.need_id.in_(bindparam("need_ids", expanding=True)), Contract.signed_at.is_not(None)
    )
    .order_by(Contract.id)
)


@dataclass(frozen=True)
class Posted:
    """A published need of a project: its newest published choice, its signed contract, what comes
    next and when, whether the reader may complain about its selection."""

    need: Row[Any]
    award: Row[Any] | None
    contract: Row[Any] | None
    step: str
    at: datetime | None
    asks: bool
    complains: bool


@dataclass(frozen=True)
class Own:
    """A need as its owner sees it: what happens next (None: over, or not published), the contract,
    what the reader can do about it now."""

    need: Need
    matter: matters.Matter | None
    contract: Contract | None


@dataclass(frozen=True)
class OwnPart:
    """What a project's owner sees beside what is public."""

    project: Project
    needs: list[Own]
    waiting: list[Todo]


def posted(code: str, reader: int | None, now: datetime) -> list[Posted]:
    """The needs published under a code by anybody, the first published first. ``reader``: the
    organisation that may object and complain, where somebody with that right is signed in."""
    needs = fetch(_NEEDS, code=code)
    if not needs:
        return []
    ids = [need.id for need in needs]
    awards = {row.need_id: row for row in fetch(_AWARDS, need_ids=ids)}
    contracts = {row.need_id: row for row in fetch(_CONTRACTS, need_ids=ids)}
    concerned = complaints.concerning(ids, reader) if reader is not None else frozenset[int]()
    return [
        Posted(
            need,
            awards.get(need.id),
            contracts.get(need.id),
            *_next(need, awards.get(need.id), contracts.get(need.id), now),
            asks=need.status is NeedStatus.PUBLISHED
            and need.entry_deadline > now
            and need.owner_id != reader,
            complains=need.id in concerned and need.owner_id != reader,
        )
        for need in needs
    ]


def _next(
    need: Row[Any], award: Row[Any] | None, contract: Row[Any] | None, now: datetime
) -> tuple[str, datetime | None]:
    """What everybody may know comes next, and when."""
    if contract is not None:
        if contract.status is ContractStatus.ACTIVE:
            return _("提交服务成果"), contract.due_at
        return (
            (_("验收服务成果"), None) if contract.status is ContractStatus.DELIVERED else ("", None)
        )
    if need.status is NeedStatus.PUBLISHED:
        return _("报名截止"), need.entry_deadline
    if need.status is NeedStatus.SELECTING:
        return _("选取中选机构"), need.choice_at if need.choice_at > now else None
    if need.status is not NeedStatus.AWARDED or award is None:
        return "", None
    if award.status is AwardStatus.ANNOUNCED:
        return _("中选结果公示"), award.notice_ends_at
    if award.status is AwardStatus.OFFERED:
        return _("确认中选"), award.accept_by
    return (_("签订合同"), None) if award.status is AwardStatus.ACCEPTED else ("", None)


def by_stage(needs: Sequence[Posted]) -> dict[Any, list[Posted]]:
    """The needs under the title of the stage of approval their item serves, in the order a project
    goes; what the item list gives no stage comes last."""
    found: dict[Stage | None, list[Posted]] = {}
    for each in needs:
        found.setdefault(_stage(each.need), []).append(each)
    order = [*Stage, None]
    return {stage.title if stage else OTHER: found[stage] for stage in order if stage in found}


def _stage(need: Row[Any]) -> Stage | None:
    """Where its item stands in a project: by the list in force now, else by that of its day."""
    lineage = accounts.lineage(need.jurisdiction_code)
    for day in (clock.today(), clock.local_day(need.published_at)):
        label = catalogue.labels(day, lineage).get(need.item_code)
        if label is not None:
            return label.stage
    return None


def own_part(actor: Actor, project: Project, now: datetime) -> OwnPart:
    """Everything an owner has under one of its projects, newest first, and what waits for the
    reader there."""
    needs = list(
        db.session.scalars(
            projects.owner_needs(project.owner_id)
            .where(Need.project_id == project.id)
            .limit(as_written(MOST))
        )
    )
    ids = [need.id for need in needs]
    steps = matters.of_needs(needs, lamps(actor, now), now)
    newest = select(Contract).where(Contract.need_id.in_(ids)).order_by(Contract.id)
    contracts = {each.need_id: each for each in db.session.scalars(newest)}
    keys = {need.public_id for need in needs}
    keys |= {each.public_id for each in contracts.values()}
    keys |= _beside(ids)
    return OwnPart(
        project,
        [Own(need, steps.get(need.id), contracts.get(need.id)) for need in needs],
        [each for each in waiting_now() if each.line.key in keys],
    )


def _beside(need_ids: Collection[int]) -> set[str]:
    """Public ids of the orders and public questions that belong to needs."""
    orders = select(Order.public_id).where(Order.need_id.in_(need_ids))
    questions = select(NeedQuestion.public_id).where(NeedQuestion.need_id.in_(need_ids))
    return set(db.session.scalars(orders)) | set(db.session.scalars(questions))

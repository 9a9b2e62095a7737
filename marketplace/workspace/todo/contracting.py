"""What waits on either side of a contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.permissions import Permission
from marketplace.contracts import queries as contracts
from marketplace.contracts.models import Contract
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection.models import Award, AwardStatus

from .line import Line

PAGE = "contracts.contract"
LIST = "contracts.index"
MOST = 100


def to_draft(actor: Actor, now: datetime) -> Iterator[Line]:
    """Accepted awards without a contract; either side may draft it."""
    if actor.organisation_id is None:
        return
    if not (actor.may(Permission.NEED_EDIT) or actor.may(Permission.FIRM_CONTRACT)):
        return
    drafted = select(Contract.award_id)
    for award in db.session.scalars(
        select(Award)
        .join(Need, Need.id == Award.need_id)
        .where(
            Award.status == AwardStatus.ACCEPTED,
            Need.status == NeedStatus.AWARDED,
            (Need.owner_id == actor.organisation_id)
            | (Award.organisation_id == actor.organisation_id),
            Award.id.not_in(drafted),
        )
        .order_by(Award.accepted_at, Award.id)
        .limit(MOST)
    ):
        yield Line(
            what=_("起草合同"),
            about=award.need.title,
            page="contracts.draft",
            key=award.need.public_id,
            where=LIST,
            since=award.accepted_at or award.status_since,
        )


def to_confirm(actor: Actor, now: datetime) -> Iterator[Line]:
    """Contracts and changes that wait for this side."""
    if actor.organisation_id is None:
        return
    for contract in contracts.to_confirm(actor.organisation_id):
        if _may_confirm(actor, contract):
            yield _line(_("确认合同"), contract, contract.status_since, contract.confirm_by)
    for amendment in contracts.amendments_to_confirm(actor.organisation_id):
        if _may_confirm(actor, amendment.contract):
            yield _line(_("确认合同变更"), amendment.contract, amendment.status_since, None)


def to_deliver_and_accept(actor: Actor, now: datetime) -> Iterator[Line]:
    """Results to deliver, results to accept, contracts of sanctioned firms to decide on."""
    if actor.organisation_id is None:
        return
    if actor.may(Permission.FIRM_CONTRACT):
        for contract in contracts.to_deliver(actor.organisation_id):
            since = contract.signed_at or contract.status_since
            yield _line(_("提交服务成果"), contract, since, contract.due_at)
    if actor.may(Permission.NEED_EDIT):
        for deliverable in contracts.to_accept(actor.organisation_id):
            yield _line(
                _("验收服务成果"),
                deliverable.contract,
                deliverable.submitted_at,
                deliverable.accept_by,
            )
    if actor.may(Permission.NEED_APPROVE):
        for contract in contracts.to_decide(actor.organisation_id):
            since = contract.flagged_at or contract.status_since
            yield _line(_("决定是否继续履行合同"), contract, since, contract.flag_decide_by)


def _may_confirm(actor: Actor, contract: Contract) -> bool:
    if contract.owner_id == actor.organisation_id:
        return actor.may(Permission.NEED_APPROVE)
    return actor.may(Permission.FIRM_CONTRACT)


def _line(what: str, contract: Contract, since: datetime, due: datetime | None) -> Line:
    return Line(
        what=what,
        about=contract.need.title,
        page=PAGE,
        key=contract.public_id,
        where=LIST,
        since=since,
        due=due,
    )

"""Whose branch, whose change, whose request: the object, or Missing."""

from __future__ import annotations

from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import or_, select

from marketplace.accounts.overseeing import oversees
from marketplace.accounts.permissions import Permission, Role
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing, Refused

from ..models import Firm, Practitioner, Qualification
from .models import Branch, FirmAgent, Recheck, Transfer

R = TypeVar("R", Branch, FirmAgent, Recheck, Practitioner, Qualification)


def own(firm: Firm, kind: type[R], public_id: str) -> R:
    """A row of this very file; Missing otherwise."""
    found = db.session.scalar(
        select(kind).where(kind.firm_id == firm.id, kind.public_id == public_id)
    )
    if found is None:
        raise Missing(public_id)
    return found


def recheck_for(actor: Actor, public_id: str) -> Recheck:
    """A change on a register the officer oversees."""
    found = db.session.scalar(select(Recheck).where(Recheck.public_id == public_id))
    if found is None or not actor.may(Permission.SUPERVISION_VIEW):
        raise Missing(public_id)
    if not oversees(actor, found.firm.register_code):
        raise Missing(public_id)
    return found


def own_transfer(firm: Firm, public_id: str) -> Transfer:
    """A request the firm made or is asked to answer."""
    found = db.session.scalar(
        select(Transfer).where(
            Transfer.public_id == public_id,
            or_(Transfer.firm_id == firm.id, Transfer.from_firm_id == firm.id),
        )
    )
    if found is None:
        raise Missing(public_id)
    return found


def transfer_for(actor: Actor, public_id: str) -> Transfer:
    """A request between firms of which the officer oversees one."""
    found = db.session.scalar(select(Transfer).where(Transfer.public_id == public_id))
    if found is None or not actor.may(Permission.SUPERVISION_VIEW):
        raise Missing(public_id)
    if not (
        oversees(actor, found.firm.register_code) or oversees(actor, found.from_firm.register_code)
    ):
        raise Missing(public_id)
    return found


def may_decide_transfer(actor: Actor, row: Transfer) -> bool:
    """Whether the officer is of the register the professional stands on."""
    return actor.may(Permission.ADMISSION_DECIDE) and oversees(actor, row.from_firm.register_code)


def firms_of_file(file_id: int) -> list[Firm]:
    """The firms whose file a stored file belongs to: evidence of a change, an authority, a
    professional's own statement, the evidence of a dispute."""
    found: list[Any] = [
        *db.session.scalars(
            select(Firm)
            .join(Recheck, Recheck.firm_id == Firm.id)
            .where(Recheck.evidence_id == file_id)
            .limit(1)
        ),
        *db.session.scalars(
            select(Firm)
            .join(FirmAgent, FirmAgent.firm_id == Firm.id)
            .where(FirmAgent.document_id == file_id)
            .limit(1)
        ),
    ]
    for transfer in db.session.scalars(
        select(Transfer).where(
            or_(Transfer.statement_id == file_id, Transfer.evidence_id == file_id)
        )
    ):
        found += [transfer.firm, transfer.from_firm]
    return found


def must_be_asked(firm: Firm, row: Transfer) -> None:
    """Only the firm the professional stands with answers."""
    if row.from_firm_id != firm.id:
        raise Missing(row.public_id)


def must_have_asked(firm: Firm, row: Transfer) -> None:
    """Only the firm that asked disputes or withdraws."""
    if row.firm_id != firm.id:
        raise Missing(row.public_id)


def must_decide_transfer(actor: Actor, row: Transfer) -> None:
    """Refused for whoever may read a request and not decide on it."""
    if not may_decide_transfer(actor, row):
        raise Refused(_("由执业人员现登记地的管理机构审批人裁定"), rule="file.transfer")


def must_keep_agents(actor: Actor) -> None:
    """Refused for whoever keeps the file under an authority: nobody widens or prolongs his own."""
    if Role.FIRM_ADMIN.value not in actor.roles:
        raise Refused(_("经办人授权由机构管理员登记、交接和终止"), rule="file.agent")


def must_check(actor: Actor) -> None:
    """Refused for whoever may read a change and not check it."""
    if not actor.may(Permission.ADMISSION_CHECK):
        raise Refused(_("由管理机构经办人核查"), rule="file.change")

"""Who may see a departure: the firm, and the officers of its register and above."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import Permission, Role
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.finding import by_public_id

from ..models import Firm
from .models import Departure, DepartureFile


def departure_for(actor: Actor, public_id: str) -> Departure:
    """The departure, for either side; Missing otherwise."""
    found = by_public_id(Departure, public_id)
    if is_own(actor, found) or is_officer(actor, found):
        return found
    raise Missing(public_id)


def own_departure(actor: Actor, public_id: str) -> Departure:
    """The same, for the firm alone."""
    found = by_public_id(Departure, public_id)
    if not is_own(actor, found):
        raise Missing(public_id)
    return found


def officers_departure(actor: Actor, public_id: str) -> Departure:
    """The same, for officers alone."""
    found = by_public_id(Departure, public_id)
    if not is_officer(actor, found):
        raise Missing(public_id)
    return found


def paper_for(actor: Actor, file_id: str) -> StoredFile:
    """A paper of a departure: for the officers of its register and whoever keeps the firm's file;
    Missing otherwise."""
    row = db.session.scalar(
        select(DepartureFile)
        .join(StoredFile, StoredFile.id == DepartureFile.file_id)
        .where(StoredFile.public_id == file_id)
    )
    found = db.session.get(Departure, row.departure_id) if row is not None else None
    if row is None or found is None:
        raise Missing(file_id)
    if is_officer(actor, found) or (is_own(actor, found) and actor.may(Permission.FIRM_FILE)):
        return row.file
    raise Missing(file_id)


def firm_to_remove(actor: Actor, public_id: str) -> Firm:
    """A firm on the officer's register or one below; Missing otherwise."""
    firm = db.session.scalar(select(Firm).where(Firm.public_id == public_id))
    if firm is None or not supervises(actor, firm.register_code):
        raise Missing(public_id)
    return firm


def must_speak_for(actor: Actor) -> None:
    """Refused for whoever keeps the file under an authority: to leave is the firm's own to say."""
    if Role.FIRM_ADMIN.value not in actor.roles:
        raise Refused(_("退出名录由机构管理员声明"), rule="departure.declared")


def is_own(actor: Actor, departure: Departure) -> bool:
    """Of the actor's firm."""
    return (
        actor.organisation_id is not None
        and departure.firm.organisation_id == actor.organisation_id
    )


def is_officer(actor: Actor, departure: Departure) -> bool:
    """An officer of the firm's register or above."""
    return supervises(actor, departure.firm.register_code)

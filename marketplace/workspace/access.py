"""Whose message is it, and who may read the story of a need."""

from __future__ import annotations

from sqlalchemy import Select, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationFunction
from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import ADMINISTRATORS
from marketplace.catalogue.models import ServiceItem
from marketplace.contracts import queries as contracts
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.notifications.models import Message
from marketplace.projects import queries as projects
from marketplace.projects.models import Need
from marketplace.ratings.models import RatingEntry
from marketplace.selection.models import Entry

from .rules import View

OF_ACCOUNTS = ("/account", "/offices/accounts", "/factor-resets")


def messages_of(actor: Actor) -> Select[Message]:
    """The messages an actor may read: those of the own organisation.

    The two administrators of a bureau keep its accounts and have no part in its business: they
    read what leads to accounts, and nothing else.
    """
    own = select(Message).where(Message.organisation_id == actor.organisation_id)
    if not actor.roles <= ADMINISTRATORS:
        return own
    return own.where(or_(*(Message.link.startswith(path) for path in OF_ACCOUNTS)))


def message_for(actor: Actor, public_id: str) -> Message:
    """A message the actor may read; raises Missing for anybody else's."""
    found = db.session.scalar(messages_of(actor).where(Message.public_id == public_id))
    if found is None:
        raise Missing(f"message {public_id}")
    return found


def rating_entry_for(actor: Actor, entry_id: int) -> RatingEntry:
    """An entry of the rating ledger about the actor's own organisation or one its office oversees.

    Raises Missing for everybody else: the public page shows what the public may know.
    """
    found = db.session.get(RatingEntry, entry_id)
    if found is None:
        raise Missing(f"rating entry {entry_id}")
    if found.subject.organisation_id == actor.organisation_id:
        return found
    if supervises(actor, found.jurisdiction_code):
        return found
    raise Missing(f"rating entry {entry_id}")


def story_for(actor: Actor, public_id: str) -> tuple[Need, View]:
    """A need and how much of its story the actor may read; raises Missing for outsiders.

    Its owner's people, firms that entered, and once it was published the officers who supervise:
    those of its area, departments for the items of their own trade.
    """
    need = projects.need(public_id)
    if need.owner_id == actor.organisation_id:
        return need, View.OWNER
    if need.is_public and _supervises(actor, need):
        return need, View.OFFICER
    contract = contracts.of_need(need.id)
    if contract is not None and contract.firm_id == actor.organisation_id:
        return need, View.WINNER
    entered = db.session.scalar(
        select(Entry.id)
        .where(Entry.need_id == need.id, Entry.organisation_id == actor.organisation_id)
        .limit(1)
    )
    if entered is not None:
        return need, View.ENTRANT
    raise Missing(f"story {public_id}")


def _supervises(actor: Actor, need: Need) -> bool:
    if not supervises(actor, need.jurisdiction_code):
        return False
    office = accounts.organisation(actor.organisation_id or 0)
    if office.function is not OrganisationFunction.DEPARTMENT:
        return True
    trades = select(ServiceItem.department_code).where(ServiceItem.code == need.item_code)
    return office.office_code in set(db.session.scalars(trades))

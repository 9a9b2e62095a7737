"""Holders, shares, and how far a round's key has come together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.accounts.permissions import Permission, Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id
from marketplace.projects.models import Need, SelectionMethod
from marketplace.projects.rules import SelectionPolicy

from .. import queries
from ..judging import queries as panels
from ..models import RoundStatus, SelectionRound
from .models import Capacity, HolderKey, KeyShare, ShareStatus
from .splitting import ENOUGH, PARTS

CAPACITY_OF = {
    Role.OWNER_APPROVER: Capacity.OWNER,
    Role.BUREAU_APPROVER: Capacity.BUREAU,
    Role.SECURITY_ADMIN: Capacity.PLATFORM,
}


def capacity_of(actor: Actor) -> Capacity:
    """For whom an actor holds shares; Missing where it holds none."""
    for role, capacity in CAPACITY_OF.items():
        if str(role) in actor.roles and actor.may(Permission.KEY_HOLD):
            return capacity
    raise Missing("no capacity to hold a share")


def current_key(actor: Actor) -> HolderKey | None:
    """The actor's own key in this organisation, if a passphrase was set."""
    return db.session.scalar(
        select(HolderKey).where(
            HolderKey.user_id == actor.user_id,
            HolderKey.organisation_id == actor.organisation_id,
            HolderKey.ended_at.is_(None),
        )
    )


def holders(need: Need) -> dict[Capacity, HolderKey]:
    """Who would hold a share of a need's key now: of each capacity the earliest that can."""
    bureau = queries.bureau_of(need)
    found: dict[Capacity, HolderKey] = {}
    people: set[int] = set()
    for capacity in Capacity:
        organisation_id = need.owner_id if capacity is Capacity.OWNER else bureau
        keys = db.session.scalars(
            select(HolderKey)
            .join(User, User.id == HolderKey.user_id)
            .where(
                User.disabled_at.is_(None),
                HolderKey.organisation_id == organisation_id,
                HolderKey.capacity == capacity,
                HolderKey.ended_at.is_(None),
            )
            .order_by(HolderKey.id)
        )
        for key in keys:
            if key.user_id not in people and _still_holds(key):
                found[capacity] = key
                people.add(key.user_id)
                break
    return found


def _still_holds(key: HolderKey) -> bool:
    roles = accounts.live_roles(key.user_id, key.organisation_id)
    return any(CAPACITY_OF.get(role) is key.capacity for role in roles)


def shares(running: SelectionRound) -> list[KeyShare]:
    """The three shares of a round's key, owner first; none where it lies in one hand."""
    if not running.two_keys:
        return []
    order = list(Capacity)
    found = db.session.scalars(select(KeyShare).where(KeyShare.round_id == running.id))
    return sorted(found, key=lambda each: order.index(each.capacity))


def share(actor: Actor, public_id: str) -> KeyShare:
    """A share the actor holds; Missing for anybody else's."""
    found = by_public_id(KeyShare, public_id)
    key = found.holder_key
    if (key.user_id, key.organisation_id) != (actor.user_id, actor.organisation_id):
        raise Missing(f"key share {public_id}")
    return found


def shares_of(actor: Actor) -> list[KeyShare]:
    """Every share the actor holds or held, newest first."""
    return list(
        db.session.scalars(
            select(KeyShare)
            .join(HolderKey, HolderKey.id == KeyShare.holder_key_id)
            .where(
                HolderKey.user_id == actor.user_id,
                HolderKey.organisation_id == actor.organisation_id,
            )
            .order_by(KeyShare.id.desc())
        )
    )


def to_hand_in(actor: Actor, now: datetime) -> list[KeyShare]:
    """The shares an actor must hand in now, the longest due first."""
    held = db.session.scalars(
        select(KeyShare)
        .join(HolderKey, HolderKey.id == KeyShare.holder_key_id)
        .join(SelectionRound, SelectionRound.id == KeyShare.round_id)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(
            HolderKey.user_id == actor.user_id,
            HolderKey.organisation_id == actor.organisation_id,
            KeyShare.status == ShareStatus.HELD,
            SelectionRound.status == RoundStatus.LISTED,
            SelectionRound.unsealed_at.is_(None),
            Need.choice_at <= now,
        )
        .order_by(Need.choice_at, KeyShare.id)
    )
    return [share for share in held if can_be_handed_in(share, now)]


def opens_from(need: Need, running: SelectionRound) -> datetime | None:
    """When quotes may be opened: the hour named at publication; of best value when the judges have
    marked, None before that."""
    if need.method is SelectionMethod.BEST_VALUE:
        panel = panels.panel_of(running)
        return panel.done_at if panel is not None else None
    return need.choice_at


def handed_in(running: SelectionRound) -> list[KeyShare]:
    """The shares of a round that were handed in."""
    return [each for each in shares(running) if each.status is ShareStatus.HANDED_IN]


def is_ready(running: SelectionRound) -> bool:
    """Whether enough shares were handed in to open."""
    return len(handed_in(running)) >= ENOUGH


def is_lost(running: SelectionRound) -> bool:
    """Whether so many shares were lost that the rest can never open."""
    lost = [each for each in shares(running) if each.status is ShareStatus.LOST]
    return PARTS - len(lost) < ENOUGH


def values_of(need: Need, running: SelectionRound) -> SelectionPolicy:
    """The edition's values the need was published under."""
    return queries.edition_of(need, clock.local_day(running.opened_at))[1]


def hand_in_by(need: Need, running: SelectionRound) -> datetime:
    """Until when two holders must have handed in, or the selection fails."""
    opens = opens_from(need, running) or need.choice_at
    assert opens is not None
    days = values_of(need, running).sealed.share_working_days
    return working_calendar().deadline(opens, days)


def can_be_handed_in(share: KeyShare, now: datetime) -> bool:
    """Whether a share's hour has come and nothing was decided yet."""
    running, need = share.round, share.round.need
    opens = opens_from(need, running)
    return (
        share.status is ShareStatus.HELD
        and running.status is RoundStatus.LISTED
        and running.unsealed_at is None
        and opens is not None
        and now >= opens
    )


def can_be_reported_lost(share: KeyShare) -> bool:
    """Whether its round can still be opened, so that losing a share matters."""
    open_or_listed = share.round.status in (RoundStatus.OPEN, RoundStatus.LISTED)
    return share.status is ShareStatus.HELD and open_or_listed and not share.round.unsealed_at


def shortest_passphrase(actor: Actor, now: datetime) -> int:
    """How many characters a passphrase needs where the actor's organisation is."""
    assert actor.organisation_id is not None
    place = accounts.organisation(actor.organisation_id).jurisdiction_code
    return queries.selection_values(place, clock.local_day(now)).sealed.passphrase_shortest

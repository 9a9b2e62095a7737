"""Public notices for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marketplace.accounts import queries
from marketplace.accounts.models import Organisation, User
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.notices import actions
from marketplace.notices.models import PublicNotice

from . import accounts


def notice(
    subject: Any = None,
    kind: str = "award",
    ends_at: datetime | None = None,
    objectable: bool = True,
    lasting: bool = True,
) -> PublicNotice:
    """A running notice about ``subject`` (default: a new firm) for one day."""
    now = clock.now()
    return actions.publish_notice(
        kind=kind,
        subject=subject or accounts.firm().organisation,
        title="中选结果公示：平安路监理",
        body="中选机构：青河示范咨询有限公司\n中选价：128000.00 元",
        ends_at=ends_at or now + timedelta(days=1),
        jurisdiction_code=accounts.CITY,
        actor=CLOCK,
        now=now,
        objectable=objectable,
        lasting=lasting,
    )


@dataclass(frozen=True)
class Somebody:
    """A person in an organisation by their keys, usable after the session that made them."""

    user_id: int
    organisation_id: int

    @classmethod
    def of(cls, party: accounts.Party) -> Somebody:
        """Keep a party's keys."""
        return cls(party.user.id, party.organisation.id)

    @property
    def user(self) -> User:
        """The person, read now."""
        return db.session.get_one(User, self.user_id)

    @property
    def organisation(self) -> Organisation:
        """The organisation, read now."""
        return db.session.get_one(Organisation, self.organisation_id)

    @property
    def actor(self) -> Actor:
        """The person acting, with the roles held now."""
        return queries.actor_for(self.user, self.organisation)

"""The small market that the machine begins in, made once for each engine through the actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask

from marketplace.accounts import queries as people
from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.demo import moving
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import SelectionMethod
from tests.factories import (
    accounts,
    contracts,
    evaluations,
    intermediaries,
    ratings,
    sanctions,
    selection,
)

OFFICERS = {
    "operator": Role.BUREAU_OPERATOR,
    "operator2": Role.BUREAU_OPERATOR,
    "approver": Role.BUREAU_APPROVER,
    "approver2": Role.BUREAU_APPROVER,
    "supervisor": Role.SUPERVISOR,
}
# the office competent for what the firms offer
OFFICE = "slj"


@dataclass
class World:
    """Who is there, by keys usable in any copy: user, organisation, approver."""

    owners: list[tuple[int, int, int]] = field(default_factory=list)
    firms: list[tuple[int, int, int]] = field(default_factory=list)
    officers: dict[str, tuple[int, int]] = field(default_factory=dict)
    deals: list[contracts.Deal] = field(default_factory=list)
    assessor: tuple[int, int, int] = (0, 0, 0)

    def party(self, keys: tuple[int, int, int]) -> accounts.Party:
        """A party in the running session."""
        user, place, approver = keys
        return accounts.Party(
            db.session.get_one(User, user),
            db.session.get_one(Organisation, place),
            db.session.get_one(User, approver),
        )

    def officer(self, name: str) -> Actor:
        """An officer, with the roles held now."""
        user, place = self.officers[name]
        return people.actor_for(
            db.session.get_one(User, user), db.session.get_one(Organisation, place)
        )

    def party_of(self, organisation_id: int) -> accounts.Party:
        """The party of an organisation."""
        for keys in (*self.owners, *self.firms):
            if keys[1] == organisation_id:
                return self.party(keys)
        raise LookupError(organisation_id)


def _keys(party: accounts.Party) -> tuple[int, int, int]:
    return party.user.id, party.organisation.id, party.approver.id


def fill(app: Flask) -> World:
    """A contract whose marks are awaited, one running, two needs open, cases and a card."""
    world = World()
    with app.app_context(), transaction():
        for name, role in OFFICERS.items():
            party = accounts.officer(role)
            world.officers[name] = (party.user.id, party.organisation.id)
        party = accounts.officer(Role.DEPARTMENT_OFFICER, OFFICE)
        world.officers["department"] = (party.user.id, party.organisation.id)
        evaluations.give_assessors_a_part()
        world.assessor = _keys(accounts.owner(kind=OrganisationKind.COMPANY))
        holder = ("青河控股有限公司", accounts.new_credit_code())
        for number in range(5):
            controller = holder if number >= 3 else None
            firm = intermediaries.listed(("stbc",), controller=controller)
            world.firms.append(_keys(firm))
        for kind in (OrganisationKind.COMPANY, OrganisationKind.AGENCY):
            world.owners.append(_keys(accounts.owner(kind=kind)))

    def advance(step: timedelta) -> None:
        with app.app_context():
            moving.advance_clock(step)

    for make, firm_index in (
        (contracts.signed, 1),
        (contracts.completed, 0),
    ):
        with app.app_context():
            # a pick needs a week without a weekend in its way
            weekday = clock.local_day(moving.present()).weekday()
        advance(timedelta(days=-weekday % 7))
        deal = make(app, advance, firm_of=lambda index=firm_index: world.party(world.firms[index]))
        world.deals.append(deal)
        world.owners.append((deal.editor_id, deal.owner_id, deal.approver_id))
    with app.app_context(), transaction():
        firms = [world.party(keys) for keys in world.firms]
        draw = selection.open_need(world.party(world.owners[0]))
        for firm in (firms[0], firms[2], firms[3], firms[4]):
            selection.enter(draw, firm)
        pick = selection.open_need(world.party(world.owners[0]), method=SelectionMethod.DIRECT_PICK)
        for firm in (firms[1], firms[2]):
            selection.enter(pick, firm)
        sanctions.proposed_case(firms[2], items=("stbc",))
        sanctions.proposed_case(firms[1])
        operator = world.officer("operator")
        ratings.inspected(firms[0].organisation, 95, operator)
        ratings.inspected(firms[3].organisation, 40, operator)
    return world

"""Contracts for tests, from an accepted direct pick on, made through the actions.

A contract needs days to pass, so these open transactions of their own and take the test's
``advance``. Call them outside a transaction.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask

from marketplace.accounts import queries as people
from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.contracts import actions, delivery
from marketplace.contracts.models import Contract, Deliverable, Side
from marketplace.contracts.rules import ContractTerms
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import InvestmentKind, Need, SelectionMethod
from marketplace.selection import actions as selection
from marketplace.selection import queries as selections

from . import accounts, intermediaries
from . import selection as entries

Advance = Callable[[timedelta], None]
PDF = b"%PDF-1.7 result"


@dataclass(frozen=True)
class Deal:
    """An owner and a firm with a need between them, by keys usable in any session."""

    need_id: int
    owner_id: int
    editor_id: int
    approver_id: int
    firm_id: int
    firm_user_id: int

    def actor(self, who: str) -> Actor:
        """``editor``, ``approver`` or ``firm``, with the roles held now."""
        user = {"editor": self.editor_id, "approver": self.approver_id, "firm": self.firm_user_id}
        place = self.firm_id if who == "firm" else self.owner_id
        return people.actor_for(
            db.session.get_one(User, user[who]), db.session.get_one(Organisation, place)
        )

    def party(self) -> accounts.Party:
        """The firm's person and organisation, in the running session."""
        user = db.session.get_one(User, self.firm_user_id)
        return accounts.Party(user, db.session.get_one(Organisation, self.firm_id), user)

    @property
    def need(self) -> Need:
        """The need, in the running session."""
        return db.session.get_one(Need, self.need_id)

    @property
    def contract(self) -> Contract:
        """Its contract, in the running session."""
        found = actions.queries.of_need(self.need_id)
        assert found is not None
        return found


def awarded(
    app: Flask,
    advance: Advance,
    kind: OrganisationKind = OrganisationKind.COMPANY,
    firm_of: Callable[[], accounts.Party] | None = None,
    price: Decimal = Decimal("36000"),
    **changes: Any,
) -> Deal:
    """A need whose direct pick was announced, became final and was accepted by the firm.

    ``firm_of`` finds the firm (already listed) in the running session; default: a new one.
    """
    item = changes.pop("item_code", "stbc")
    if kind is OrganisationKind.AGENCY:
        changes.setdefault("investment", InvestmentKind.GOVERNMENT)
    with app.app_context(), transaction():
        owner = accounts.owner(kind=kind)
        firm = firm_of() if firm_of else intermediaries.listed((item,))
        need = entries.open_need(
            owner, item_code=item, method=SelectionMethod.DIRECT_PICK, **changes
        )
        entries.enter(need, firm, price)
        deal = Deal(
            need.id,
            owner.organisation.id,
            owner.user.id,
            owner.approver.id,
            firm.organisation.id,
            firm.user.id,
        )
    advance(timedelta(days=4))  # entries close, and are extended once for want of entrants
    with app.app_context(), transaction():
        running = selections.round_of(deal.need)
        assert running is not None
        award = selection.pick_entry(
            deal.need,
            selections.listed(running)[0],
            "方案切合项目实际情况，报价合理",
            deal.actor("editor"),
        )
        if selections.award_of(deal.need).status == "proposed":  # type: ignore[union-attr]
            selection.approve_pick(award, deal.actor("approver"))
    advance(timedelta(days=4))
    with app.app_context(), transaction():
        award = selections.award_of(deal.need)
        assert award is not None
        selection.accept_award(award, deal.actor("firm"))
    return deal


def terms(days: int = 7) -> ContractTerms:
    """A contract that starts today and ends after so many natural days."""
    today: date = clock.today()
    return ContractTerms(today, today + timedelta(days=days), "成果一式三份")


def signed(app: Flask, advance: Advance, **changes: Any) -> Deal:
    """A running contract: drafted by the firm, confirmed by the owner's approver."""
    deal = awarded(app, advance, **changes)
    with app.app_context(), transaction():
        contract = actions.draft_contract(
            deal.need, terms(), Side.FIRM, deal.actor("firm"), clock.now()
        )
        actions.confirm_contract(contract, Side.OWNER, deal.actor("approver"), clock.now())
    return deal


def deliver(deal: Deal, content: bytes = PDF) -> Deliverable:
    """A version of the result. Call inside a transaction."""
    return delivery.deliver(
        deal.contract, io.BytesIO(content), "成果.pdf", "", deal.actor("firm"), clock.now()
    )


def completed(app: Flask, advance: Advance, **changes: Any) -> Deal:
    """A contract delivered and accepted."""
    deal = signed(app, advance, **changes)
    with app.app_context(), transaction():
        version = deliver(deal)
        delivery.accept_deliverable(version, deal.actor("editor"), clock.now())
    return deal

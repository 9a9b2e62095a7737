"""Firms on the register for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.intermediaries import actions, queries
from marketplace.intermediaries.leaving import actions as leaving
from marketplace.intermediaries.leaving.rules import Contracts
from marketplace.intermediaries.models import Firm, Recommendation
from tests.factories import accounts

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_serial = itertools.count(1)


@dataclass(frozen=True)
class RegisteredFirm(accounts.Party):
    """A firm's person and organisation with its registration."""

    firm: Firm


def resident_id(serial: int) -> str:
    """An invented resident identity number with a valid check digit."""
    body = f"3799021985{serial // 1000 % 12 + 1:02d}{serial // 30 % 28 + 1:02d}{serial % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def drafted(
    item_codes: Sequence[str] = ("hpwj",),
    name: str | None = None,
    discount: Decimal = Decimal("0.1"),
    legal_identity: str | None = None,
    controller: tuple[str, str] | None = None,
    party: accounts.Party | None = None,
) -> RegisteredFirm:
    """A firm whose application is complete but not sent."""
    party = party or accounts.firm(name)
    actor, now, n = party.actor, clock.now(), next(_serial)
    firm = actions.open_file(party.organisation, accounts.CITY, actor, now)
    actions.save_file(
        firm,
        legal_representative=party.organisation.legal_representative or "李法",
        # far from the numbers that tests choose
        legal_identity=legal_identity or resident_id(100_000 + n),
        agent_name=party.user.name,
        agent_phone=f"0399-555{n:04d}",
        introduction="",
        decoupled=True,
        licence=files.store(io.BytesIO(PDF), "licence.pdf", actor, now, "licence"),
        actor=actor,
        now=now,
    )
    if controller is not None:
        actions.set_controller(firm, *controller, actor, now)
    for code in item_codes:
        offer(firm, code, actor, discount)
    return RegisteredFirm(party.user, party.organisation, party.approver, firm)


def offer(firm: Firm, item_code: str, actor: Actor, discount: Decimal = Decimal("0.1")) -> None:
    """The certificates an item asks for, and the promise for it."""
    now = clock.now()
    item = queries.items_of(firm, clock.local_day(now))[item_code]
    held = {each.type for each in queries.all_qualifications(firm.id)}
    for wanted in item.requirements:
        if wanted.type not in held:
            actions.add_qualification(
                firm,
                type=wanted.type,
                grade=wanted.minimum_grade or None,
                number=f"ZS{next(_serial):08d}",
                issuer="发证机关",
                valid_from=date(2024, 1, 1),
                valid_until=None,
                actor=actor,
                now=now,
            )
    actions.save_offering(firm, item_code, discount, min(10, item.statutory_days), actor, now)


def all_passed() -> dict[str, actions.Finding]:
    """Every point of the form check passed."""
    return {code: actions.Finding(True) for code in actions.POINTS}


def submitted(item_codes: Sequence[str] = ("hpwj",), **more: object) -> RegisteredFirm:
    """A firm whose application waits for the bureau; ``more`` as for ``drafted``."""
    made = drafted(item_codes, **more)  # type: ignore[arg-type]
    actions.submit_application(made.firm, True, made.actor, clock.now())
    return made


def listed(item_codes: Sequence[str] = ("hpwj",), **more: object) -> RegisteredFirm:
    """A firm on the register: checked by one officer, approved by another, notice running."""
    made = submitted(item_codes, **more)
    operator = accounts.standing_officer(Role.BUREAU_OPERATOR)
    approver = accounts.standing_officer(Role.BUREAU_APPROVER)
    now = clock.now()
    actions.pass_check(made.firm, all_passed(), Recommendation.LIST, "", operator.actor, now)
    actions.list_firm(made.firm, approver.actor, now)
    return made


def left(firm: Firm, actor: Actor) -> None:
    """A firm without running contracts declares that it leaves, and has left."""
    now = clock.now()
    leaving.complete(leaving.declare(firm, Contracts.FINISH, "业务调整", actor, now), actor, now)

"""Needs with rounds, entries and awards for tests, made through the actions.

Call inside a transaction. Time is moved by the test (`advance`), never here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.projects.models import Need
from marketplace.selection import actions, queries
from marketplace.selection.models import Entry, LotteryResult

from . import accounts, intermediaries, projects
from .accounts import Party
from .intermediaries import RegisteredFirm

ITEM = "stbc"
KL8 = [[1, 7, 13, 22, 25, 31, 34, 36, 41, 44, 50, 53, 58, 60, 63, 66, 71, 75, 79, 80]]


def firms(count: int, item_code: str = ITEM, **more: Any) -> list[RegisteredFirm]:
    """Listed firms that offer an item."""
    return [intermediaries.listed((item_code,), **more) for _ in range(count)]


def open_need(owner: Party | None = None, **changes: Any) -> Need:
    """A published need with its first round open: a draw by lottery unless changed."""
    owner = owner or accounts.owner()
    need = projects.submitted(owner, **changes)
    actions.publish_need(need, owner.approving_actor, clock.now())
    return need


def enter(
    need: Need,
    firm: Party,
    price: Decimal = Decimal("36000"),
    contribution: str | None = None,
) -> Entry:
    """A firm's entry."""
    return actions.enter_need(
        need,
        contribution or secrets.token_hex(32),
        price,
        firm.actor,
        "已有相邻项目的资料，工作量较小",
    )


def entered_need(
    count: int = 3, owner: Party | None = None, entrants: Sequence[Party] = (), **changes: Any
) -> Need:
    """An open need with so many entries (or those of `entrants`)."""
    standing = list(entrants) or firms(count)
    need = open_need(owner, **changes)
    for firm in standing:
        enter(need, firm)
    return need


def read_lottery(issue: str = "2026312") -> LotteryResult:
    """Two officers enter the issue that the oldest frozen list waits for."""
    awaited = queries.lotteries_due(clock.now())[0]
    assert awaited.game == "kl8"
    done = None
    for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER):
        officer = accounts.officer(role)
        done = actions.enter_lottery(
            accounts.CITY, awaited.day, issue, KL8, "发行机构网站公告", officer.actor, clock.now()
        )
    assert done is not None
    return done

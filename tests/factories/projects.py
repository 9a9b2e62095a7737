"""Projects and needs for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from marketplace.foundation import clock
from marketplace.projects import actions, drafting
from marketplace.projects.drafting import NeedContent
from marketplace.projects.models import (
    DrawSource,
    InvestmentKind,
    Need,
    Project,
    SelectionMethod,
)

from . import accounts
from .accounts import Party

_serial = itertools.count(1)


def project(owner: Party, name: str | None = None, code: str | None = None) -> Project:
    """A project of an owner, without a project code unless one is given."""
    return drafting.start_project(
        name or f"青河示范工程第{next(_serial)}期", code, owner.actor, clock.now()
    )


def content(**changes: Any) -> NeedContent:
    """What an owner writes: a draw by lottery for 40 000 yuan of a company's own money."""
    values: dict[str, Any] = {
        "title": "示范工程水土保持方案编制",
        "scope": "编制水土保持方案报告书，通过专家评审并取得批复",
        "place": "青河市东城区示范路",
        "budget": Decimal("40000.00"),
        "fee_inputs": {},
        "investment": InvestmentKind.ENTERPRISE,
        "days_wanted": 10,
        "method": SelectionMethod.RANDOM_DRAW,
        "draw_source": DrawSource.LOTTERY,
        "contact_name": "陈联络",
        "contact_phone": "0399-7770001",
        "deviation_reason": "参照上年同类项目的成交价",
        **changes,
    }
    if values["method"] is SelectionMethod.DIRECT_PICK:
        values["draw_source"] = None
    return NeedContent(**values)


def draft(
    owner: Party | None = None,
    item_code: str = "stbc",
    recusals: tuple[tuple[int, str], ...] = (),
    **changes: Any,
) -> Need:
    """A draft need of an owner (default: a new company that acts alone)."""
    owner = owner or accounts.owner()
    return drafting.draft_need(
        project(owner), item_code, content(**changes), recusals, owner.actor, clock.now()
    )


def submitted(owner: Party | None = None, **changes: Any) -> Need:
    """A need that waits for the owner's approver."""
    owner = owner or accounts.owner()
    need = draft(owner, **changes)
    drafting.submit_need(need, owner.actor, clock.now())
    return need


def published(owner: Party | None = None, **changes: Any) -> Need:
    """A published need without the draw's commitment: see ``factories.selection`` for that."""
    owner = owner or accounts.owner()
    need = submitted(owner, **changes)
    actions.publish(need, owner.approving_actor, clock.now())
    return need

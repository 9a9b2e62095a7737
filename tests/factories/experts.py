"""Experts for tests, made through the actions. Call inside a transaction."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.intermediaries.file.actions.people import put_practitioner
from marketplace.selection.experts import actions
from marketplace.selection.experts.models import Expert

from . import accounts
from .accounts import Party
from .intermediaries import RegisteredFirm

_serial = itertools.count(1)

TRADE = "水利"
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def applied(
    party: Party, trades: Sequence[str] = (TRADE,), relations: Sequence[tuple[int, str]] = ()
) -> Expert:
    """Somebody who applied to the pool."""
    now = clock.now()
    file = files.store(io.BytesIO(PAPER), "证书.pdf", party.actor, now, "file")
    said = actions.Application(
        "高级工程师", "从事水土保持方案编制和评审十六年，参加评审四十余次", trades, relations
    )
    return actions.apply(said, accounts.CITY, file, party.actor, now)


def admitted(party: Party | None = None, **more: Sequence[tuple[int, str]]) -> Expert:
    """An expert in the pool, checked and admitted by two officers."""
    expert = applied(party or accounts.owner(), **more)  # type: ignore[arg-type]
    actions.check(expert, accounts.officer(Role.BUREAU_OPERATOR).actor)
    actions.admit(expert, accounts.officer(Role.BUREAU_APPROVER).actor)
    return expert


def people_of(firm: RegisteredFirm) -> list[str]:
    """A practitioner newly registered with a firm, as its entry names it."""
    row = put_practitioner(
        firm.firm,
        "周测绘",
        "注册土木工程师（水利水电工程）",
        f"ZC{next(_serial):06d}",
        None,
        firm.actor,
        clock.now(),
    )
    return [row.public_id]

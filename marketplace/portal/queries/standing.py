"""Whether a firm stands on a register at this instant, and how it came there.

What the QR code of a printed certificate leads to: it answers for a firm that is listed no more as
well, but never for an application that was not granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.areas import areas
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.policy import PolicyEdition
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm, FirmStatus, ProfessionalCheck
from marketplace.intermediaries.reviewing import NOTICE_KIND
from marketplace.notices import queries as notices
from marketplace.notices.models import PublicNotice
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade


@dataclass(frozen=True)
class Item:
    """An item a firm offers, and why it takes no orders for it today; empty where it does."""

    code: str
    name: str
    why_not: str


@dataclass(frozen=True)
class Standing:
    """A firm's place on a register now: in one word, in a sentence, since when; how it came."""

    firm: Firm
    register_name: str
    listed: bool
    tone: str
    word: str
    sentence: str
    items: Sequence[Item]
    edition: PolicyEdition | None
    steps: Sequence[StatusChange]
    notice: PublicNotice | None
    checks: Sequence[ProfessionalCheck]


def of(public_id: str, registers: Sequence[str], now: datetime) -> Standing:
    """How a firm stands on the first of these registers that ever listed it; raises Missing."""
    found = {
        firm.register_code: firm
        for firm in db.session.scalars(
            select(Firm)
            .join(Organisation, Organisation.id == Firm.organisation_id)
            .where(
                Organisation.public_id == public_id,
                Firm.register_code.in_(registers),
                Firm.listed_at.is_not(None),
            )
        )
    }
    code = next((code for code in registers if code in found), None)
    if code is None:
        raise Missing(f"firm {public_id}")
    firm = found[code]
    listed = intermediaries.listed_firm(public_id, code, now) is not None
    tone, word, sentence = _told(firm, listed, now)
    on_register = firm.status in (FirmStatus.LISTED, FirmStatus.QUESTIONED)
    return Standing(
        firm=firm,
        register_name=areas()[code].name,
        listed=listed,
        tone=tone,
        word=word,
        sentence=sentence,
        items=_items(firm, now) if listed else (),
        edition=db.session.get(policy.PolicyEdition, firm.edition_id) if on_register else None,
        steps=_steps(firm) if on_register else (),
        notice=notices.latest(NOTICE_KIND, firm) if on_register else None,
        checks=intermediaries.professional_checks(firm) if on_register else (),
    )


def _told(firm: Firm, listed: bool, now: datetime) -> tuple[str, str, str]:
    since = firm.status_since
    if listed and firm.paused:
        return "warn", _("在册，暂停接单"), _("机构自行暂停接单，恢复前不能报名")
    if listed:
        return "good", _("今日在册"), _("可以按登记的承诺承接所列事项")
    if firm.status is FirmStatus.QUESTIONED:
        return "warn", _("暂停上架"), _("存在异议，正在处理；作出决定前不能报名")
    if firm.status is FirmStatus.LISTED:
        grade = ratings.grade_on(firm.organisation_id, firm.register_code, clock.local_day(now))
        if grade.grade is Grade.D:
            return "bad", _("不在列"), _("信用等级 D 级，不能承接业务")
        return "bad", _("不在列"), _("处于暂停或终止服务期间，不能承接业务")
    words = {
        FirmStatus.REMOVED: _("已移出名录，不能承接业务"),
        FirmStatus.LEFT: _("已退出名录，不再承接业务"),
    }
    told = words.get(firm.status, _("曾经在册，现已不在册，不能承接业务"))
    word = firm.status.title if firm.status in words else _("不在册")
    return (
        "bad" if firm.status is not FirmStatus.LEFT else "ended",
        str(word),
        _("%(told)s（%(at)s 起）", told=told, at=clock.written_day(clock.local_day(since))),
    )


def _items(firm: Firm, now: datetime) -> list[Item]:
    day = clock.local_day(now)
    held = [
        (each.type, each.grade or "")
        for each in intermediaries.qualifications_valid_at(firm.id, now)
    ]
    items = intermediaries.items_of(firm, day)
    found = []
    for each in intermediaries.offerings(firm.id):
        item = items.get(each.item_code)
        if item is None:
            continue
        why_not = ""
        if not catalogue.meets(item, held):
            why_not = _("没有经核验的有效资质")
        elif firm.paused or each.paused:
            why_not = _("暂停接单")
        found.append(Item(each.item_code, item.name, why_not))
    return found


def _steps(firm: Firm) -> list[Any]:
    """From the sending of the present application on, what the public may know of its way."""
    steps = intermediaries.steps_of(firm)
    last = max(
        (
            place
            for place, step in enumerate(steps)
            if step.from_status in (None, FirmStatus.DRAFT.value)
        ),
        default=0,
    )
    return steps[last:]

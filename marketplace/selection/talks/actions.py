"""Asking an entrant, answering with or without a new price, silence."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.money import format_yuan
from marketplace.notifications.actions import send

from ..actions import entering
from ..models import Entry
from . import queries
from .models import Talk, TalkStatus


def ask(entry: Entry, question: str, actor: Actor) -> Talk:
    """Put a question to one entrant. Raises Conflict when nobody may be asked any more, the last
    question is unanswered, or the edition's rounds are used up."""
    need = lock(entry.need)
    now = clock.now()
    db.session.refresh(entry)
    if not queries.is_open(need, now):
        raise Conflict(_("名单公布后、选定机构前才能洽谈"), rule="talk.state")
    asked = queries.of_entry(entry)
    if any(each.status is TalkStatus.ASKED for each in asked):
        raise Conflict(_("上一轮洽谈还在等待该机构答复"), rule="talk.waits")
    edition_id, values = queries.rules(need, entry.round)
    if len(asked) >= values.rounds:
        raise Conflict(
            _("与每家机构最多洽谈 %(count)d 轮", count=values.rounds), rule="talk.rounds"
        )
    talk = Talk(
        entry_id=entry.id,
        number=len(asked) + 1,
        edition_id=edition_id,
        question=question,
        asked_by=actor.user_id,
        answer_by=working_calendar().deadline(now, values.answer_working_days),
        price_before=entry.quoted,
    )
    lifecycle.begin(talk, TalkStatus.ASKED, actor, now, check_at=talk.answer_by)
    audit.record("talks.opened", actor, talk, now, entry=entry.id, number=talk.number)
    send(
        entry.organisation_id,
        f"请答复洽谈：{need.title}",
        "项目业主在选取前向贵机构提问，请在期限内答复，可以同时更新报价；问答将随结果公布。",
        f"/talks/{talk.public_id}",
        f"talk:{talk.id}:asked",
        now,
        address=entry.organisation.email,
    )
    return talk


def answer(
    talk: Talk, text: str, price: Decimal | None, actor: Actor, deviation_reason: str = ""
) -> None:
    """Answer a question, with a new price in yuan or without.

    The price is checked as an entry's is. Raises Conflict when it is too late, Invalid for a price
    above the one quoted before.
    """
    entry = talk.entry
    need = lock(entry.need)
    now = clock.now()
    db.session.refresh(talk)
    db.session.refresh(entry)
    if (
        talk.status is not TalkStatus.ASKED
        or now >= talk.answer_by
        or not queries.is_open(need, now)
    ):
        raise Conflict(_("当前不接受答复：已过期限，或者项目业主已选定机构"), rule="talk.state")
    if price is not None and price > entry.quoted:
        raise Invalid(
            _("新报价不得高于原报价 %(price)s 元", price=format_yuan(entry.quoted)),
            field="price",
            rule="talk.price",
        )
    if price is not None and price != entry.quoted:
        entering.check_new_price(need, entry, price, deviation_reason, actor, now)
        entry.price = talk.price = price
    talk.answer, talk.answered_by, talk.answered_at = text, actor.user_id, now
    lifecycle.move(talk, TalkStatus.ANSWERED, actor, now)
    audit.record(
        "talks.replied", actor, talk, now, price=talk.price, price_before=talk.price_before
    )
    send(
        need.owner_id,
        f"洽谈已答复：{need.title}",
        f"{entry.organisation.name}已答复" + ("并更新报价。" if talk.price is not None else "。"),
        f"/owner/entries/{entry.public_id}/talks",
        f"talk:{talk.id}:answered",
        now,
        address=need.owner.email,
    )


def lapse(talk: Talk, actor: Actor, now: datetime) -> None:
    """A question nobody answered in time (clock): the quote stays."""
    if talk.status is TalkStatus.ASKED and now >= talk.answer_by:
        lifecycle.move(talk, TalkStatus.LAPSED, actor, now)

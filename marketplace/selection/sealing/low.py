"""Quotes far below all others: explained by the firm, decided by the owner, both in public."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.finding import by_public_id
from marketplace.notifications.actions import send
from marketplace.projects.models import Need
from marketplace.projects.rules import SealedRules

from .. import queries
from ..models import Entry, SelectionRound
from . import opening
from .models import LowQuote, LowStatus


def of_entry(entry: Entry) -> LowQuote | None:
    """What was asked about an entry's quote, if anything."""
    return db.session.scalar(select(LowQuote).where(LowQuote.entry_id == entry.id))


def of_round(running: SelectionRound) -> list[LowQuote]:
    """The low quotes of a round whose turn came, in that order."""
    return list(
        db.session.scalars(
            select(LowQuote).where(LowQuote.round_id == running.id).order_by(LowQuote.id)
        )
    )


def low_quote(public_id: str) -> LowQuote:
    """By public id; raises Missing."""
    return by_public_id(LowQuote, public_id)


def to_explain(organisation_id: int, now: datetime) -> list[LowQuote]:
    """What a firm must explain, the most urgent first."""
    return list(
        db.session.scalars(
            select(LowQuote)
            .join(Entry, Entry.id == LowQuote.entry_id)
            .where(
                LowQuote.status == LowStatus.ASKED,
                LowQuote.explain_by > now,
                Entry.organisation_id == organisation_id,
            )
            .order_by(LowQuote.explain_by, LowQuote.id)
        )
    )


def to_decide(owner_id: int) -> list[LowQuote]:
    """Explained quotes an owner must decide on, oldest first."""
    return list(
        db.session.scalars(
            select(LowQuote)
            .join(Entry, Entry.id == LowQuote.entry_id)
            .join(Need, Need.id == Entry.need_id)
            .where(LowQuote.status == LowStatus.EXPLAINED, Need.owner_id == owner_id)
            .order_by(LowQuote.id)
        )
    )


def stands(
    need: Need, running: SelectionRound, entry: Entry, actor: Actor, now: datetime
) -> bool | None:
    """Whether a quote whose turn has come may be awarded; None while it is being explained or
    decided on. Asks for the explanation when it is the first to look."""
    if not need.is_sealed:
        return True
    asked = of_entry(entry)
    if asked is None:
        asked = _ask(need, running, entry, actor, now)
        if asked is None:
            return True
    if asked.status is LowStatus.ASKED:
        if now < asked.explain_by:
            need.next_check_at = asked.explain_by
            return None
        lifecycle.move(asked, LowStatus.SILENT, actor, now)
        _tell_refused(need, asked, now, "逾期未说明报价理由")
    if asked.status is LowStatus.EXPLAINED:
        need.next_check_at = None
        return None
    return asked.status is LowStatus.UPHELD


def _ask(
    need: Need, running: SelectionRound, entry: Entry, actor: Actor, now: datetime
) -> LowQuote | None:
    measured = opening.low_of(need, running, entry)
    if measured is None:
        return None
    mean, share = measured
    edition_id, values = queries.edition_of(need, clock.local_day(running.opened_at))
    asked = LowQuote(
        round_id=running.id,
        entry_id=entry.id,
        edition_id=edition_id,
        mean=mean,
        share=share,
        explain_by=working_calendar().deadline(now, values.sealed.explain_working_days),
    )
    lifecycle.begin(asked, LowStatus.ASKED, actor, now)
    audit.record("low_quote.asked", actor, asked, now, mean=mean, share=str(share))
    send(
        entry.organisation_id,
        f"请说明报价理由：{need.title}",
        "贵机构报价明显低于其他报价，请在期限内说明理由，由项目业主认定；逾期未说明的，不作为中选人选。",
        f"/entries/{entry.public_id}",
        f"low_quote:{asked.id}:asked",
        now,
        address=entry.organisation.email,
    )
    return asked


def explain(asked: LowQuote, text: str, actor: Actor) -> None:
    """The firm says why it can work at its price. Raises Conflict when it is too late or done,
    Invalid for too short a text."""
    need = lock(asked.entry.need)
    now = clock.now()
    db.session.refresh(asked)
    if asked.status is not LowStatus.ASKED or now >= asked.explain_by:
        raise Conflict(_("当前不接受低价说明"), rule="low.state")
    least = _sealed(need, asked).explanation_shortest
    if len(text.strip()) < least:
        raise Invalid(
            _("请说明成本构成和保证质量的办法，不少于 %(count)d 个字", count=least),
            field="explanation",
            rule="low.explanation",
        )
    asked.explanation, asked.explained_by, asked.explained_at = text.strip(), actor.user_id, now
    lifecycle.move(asked, LowStatus.EXPLAINED, actor, now)
    need.next_check_at = None
    send(
        need.owner_id,
        f"请认定低价说明：{need.title}",
        f"{asked.entry.organisation.name}已说明报价理由，请认定是否成立并写明理由，认定及理由将公布。",
        f"/owner/needs/{need.public_id}/selection",
        f"low_quote:{asked.id}:explained",
        now,
        address=need.owner.email,
    )


def decide(asked: LowQuote, upheld: bool, reason: str, actor: Actor) -> None:
    """The owner decides whether an explained quote stands, with a reason all may read; the choice
    then goes on. Raises Conflict when there is nothing to decide, Invalid for too short a reason."""
    need = lock(asked.entry.need)
    now = clock.now()
    db.session.refresh(asked)
    if asked.status is not LowStatus.EXPLAINED:
        raise Conflict(_("当前没有待认定的低价说明"), rule="low.state")
    least = _sealed(need, asked).decision_shortest
    if len(reason.strip()) < least:
        raise Invalid(
            _("请写明认定理由，不少于 %(count)d 个字", count=least),
            field="reason",
            rule="low.reason",
        )
    asked.decision_reason, asked.decided_by, asked.decided_at = reason.strip(), actor.user_id, now
    lifecycle.move(asked, LowStatus.UPHELD if upheld else LowStatus.REFUSED, actor, now)
    need.next_check_at = now
    if not upheld:
        _tell_refused(need, asked, now, f"项目业主认定说明不成立：{asked.decision_reason}")


def _tell_refused(need: Need, asked: LowQuote, now: datetime, reason: str) -> None:
    send(
        asked.entry.organisation_id,
        f"低价报价不作为中选人选：{need.title}",
        f"原因：{reason}。认为有误的，可在结果公示期内提出异议。",
        f"/entries/{asked.entry.public_id}",
        f"low_quote:{asked.id}:refused",
        now,
    )


def _sealed(need: Need, asked: LowQuote) -> SealedRules:
    return queries.edition_of(need, clock.local_day(asked.round.opened_at))[1].sealed

"""Taking a sanction off the public pages and out of the reckoning."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from marketplace.foundation import lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.notices import queries as notices
from marketplace.notices.actions import publish_notice, withdraw_notice
from marketplace.notices.models import NoticeStatus
from marketplace.ratings import queries as ratings
from marketplace.ratings.actions import reverse_entry
from marketplace.ratings.deciding import reject_open

from .. import queries
from ..locking import locked
from ..models import Blacklisting, Card, CardStatus, Case


def reverse_all(
    decision: Card | Case,
    evidence: Any,
    why: str,
    actor: Actor,
    now: datetime,
    from_the_start: bool = False,
) -> None:
    """Reverse what a decision put on the rating ledger; a D proposed for it falls.

    ``evidence`` is what the reversals rest on. They count from tomorrow, or for a decision that
    should never have been (``from_the_start``) from the day it took effect, also where a repair
    ended it before.
    """
    for entry in queries.entries_of(decision, from_the_start):
        subject = entry.subject
        proposal = ratings.open_proposal(subject)
        reverse_entry(
            entry.id,
            evidence,
            actor,
            now,
            takes_effect_on=entry.takes_effect_on if from_the_start else None,
        )
        if proposal is not None and entry.id in proposal.triggers:
            reject_open(subject, proposal, why, actor, now)


def take_notice_down(subject: Card | Blacklisting, why: str, actor: Actor, now: datetime) -> None:
    """Take a sanction's notice off the public pages."""
    notice = notices.latest("sanction", subject)
    if notice is not None and notice.status is NoticeStatus.OPEN:
        withdraw_notice(notice, why, actor, now)


STAYED = "（停止执行）"


def restate_notice(
    subject: Card | Blacklisting,
    until: datetime,
    words: str,
    actor: Actor,
    now: datetime,
    stayed: bool = False,
) -> None:
    """Replace a sanction's running notice by one that says what a review made of it since.

    Its title tells while the sanction is ``stayed``. Where ``until`` is over it is only taken down.
    """
    old = notices.latest("sanction", subject)
    take_notice_down(subject, words, actor, now)
    if old is None or until <= now:
        return
    title = old.title.removesuffix(STAYED)
    publish_notice(
        kind="sanction",
        subject=subject,
        title=f"{title[: 200 - len(STAYED)]}{STAYED}" if stayed else title,
        body=f"{old.body}\n{words}",
        ends_at=until,
        jurisdiction_code=old.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        lasting=False,
        link=old.link,
    )


def bring_cards_along(card: Card, why: str, actor: Actor, now: datetime) -> None:
    """What became of a card becomes of those of the same subject under a later name: revoked,
    repaired, put right, shortened. The red card made of one that is revoked goes with it."""
    for each in db.session.scalars(
        select(Card).where(Card.succeeds_id == card.id).order_by(Card.id)
    ).all():
        now = locked(now, each)
        if card.status is CardStatus.CORRECTED:
            _put_right(each, card, actor, now)
        elif card.status in (CardStatus.REVOKED, CardStatus.REPAIRED):
            _undo(each, card.status, why, actor, now)
        elif card.until_at and each.until_at and card.until_at < each.until_at:
            each.until_at = card.until_at
            if each.status is CardStatus.SUSPENDED:
                each.next_check_at = card.until_at
            restate_notice(each, card.until_at, why, actor, now)
            if card.until_at <= now and lifecycle.can_move(each, CardStatus.ENDED):
                lifecycle.move(each, CardStatus.ENDED, actor, now, reason=why)


def _put_right(each: Card, card: Card, actor: Actor, now: datetime) -> None:
    if each.status not in (CardStatus.CORRECTING, CardStatus.REPORTED):
        return
    each.correction, each.corrected_at = card.correction, card.corrected_at
    each.judgement = card.judgement
    if each.status is CardStatus.CORRECTING:
        lifecycle.move(each, CardStatus.REPORTED, actor, now)
    lifecycle.move(each, CardStatus.CORRECTED, actor, now)


def _undo(each: Card, status: CardStatus, why: str, actor: Actor, now: datetime) -> None:
    if lifecycle.can_move(each, status):
        take_notice_down(each, why, actor, now)
        lifecycle.move(each, status, actor, now, reason=why)
        undone = status is CardStatus.REVOKED
        reverse_all(each, each, why, actor, now, from_the_start=undone)
    red = queries.follower_of(each)
    if red is not None and red.proposed_by is None and status is CardStatus.REVOKED:
        _undo(red, status, why, actor, locked(now, red))

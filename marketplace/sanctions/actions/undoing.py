"""Taking a sanction off the public pages and out of the reckoning."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.foundation.actor import Actor
from marketplace.notices import queries as notices
from marketplace.notices.actions import publish_notice, withdraw_notice
from marketplace.notices.models import NoticeStatus
from marketplace.ratings import queries as ratings
from marketplace.ratings.actions import reverse_entry
from marketplace.ratings.deciding import reject_open

from .. import queries
from ..models import Blacklisting, Card, Case


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

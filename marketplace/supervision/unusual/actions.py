"""Note unusual events, acknowledge them."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.queries import lineage, site
from marketplace.foundation import audit, clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.clock import SHANGHAI, local_day
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.languages import for_storing
from marketplace.foundation.lifecycle import StatusChange

from ..titles import subject_title
from .models import LedgerWatch, UnusualEvent, UnusualKind
from .rules import DECISIONS, AuditPolicy, is_night, is_reversal

AT_ONCE = 5000
# of what a second person decides: the status the first leaves behind, and those of the decision
TWO_HANDS = {
    "firms": ("checked", ("listed", "refused")),
    "cards": ("proposed", ("correcting", "suspended")),
    "credit_repairs": ("verified", ("granted", "refused")),
    "assessor_appointments": ("proposed", ("in_force", "refused")),
    "evaluation_reviews": ("proposed", ("excluded", "kept")),
    "rating_trials": ("proposed", ("adopted",)),
    "sanction_cases": ("proposed", ("decided",)),
    "fee_lists": ("submitted", ("published",)),
    "experts": ("checked", ("admitted", "refused")),
    "hall_calls": ("submitted", ("open",)),
    "hall_judges": ("proposed", ("confirmed", "refused")),
}


def scan(now: datetime) -> int:
    """Look through what was written since the last time; returns how many events were noted."""
    watch = db.session.get(LedgerWatch, 1)
    if watch is None:
        watch = LedgerWatch(id=1, seq=0)
        db.session.add(watch)
        db.session.flush()
    lock(watch)
    now = max(now, clock.now())
    rows = db.session.scalars(
        select(AuditRow).where(AuditRow.seq > watch.seq).order_by(AuditRow.seq).limit(AT_ONCE)
    ).all()
    values = _policy(now)
    noted = 0
    for row in rows:
        for kind in _kinds(row, values):
            noted += note(kind, str(row.seq), row.at, row=row)
        watch.seq = row.seq
    db.session.flush()
    return noted


def note(
    kind: UnusualKind,
    reference: str,
    at: datetime,
    *,
    row: AuditRow | None = None,
    organisation_id: int | None = None,
    about: str = "",
    link: str = "",
) -> bool:
    """Note one event; False where it is noted already."""
    known = select(UnusualEvent.id).where(
        UnusualEvent.kind == kind, UnusualEvent.reference == reference
    )
    if db.session.scalar(known) is not None:
        return False
    db.session.add(
        UnusualEvent(
            kind=kind,
            reference=reference,
            at=at,
            seq=row.seq if row else None,
            action=row.action if row else None,
            user_id=row.actor_id if row else None,
            organisation_id=row.organisation_id if row else organisation_id,
            about=about,
            link=link,
        )
    )
    db.session.flush()
    return True


@for_storing()
def note_single_pairs(now: datetime) -> int:
    """Note every office where all decisions of one kind in the policy's days were made by the
    same two people; once a month each."""
    values = _policy(now)
    since = now - timedelta(days=values.pair_days)
    noted = 0
    for table, (first, ends) in TWO_HANDS.items():
        changes = db.session.scalars(
            select(StatusChange)
            .where(
                StatusChange.subject_type == table,
                StatusChange.to_status.in_((first, *ends)),
                StatusChange.at >= since,
                StatusChange.actor_id.is_not(None),
            )
            .order_by(StatusChange.id)
        )
        begun: dict[int, int] = {}
        pairs: dict[int, list[tuple[int, int]]] = {}
        for each in changes:
            if each.actor_id is None or each.organisation_id is None:
                continue
            if each.to_status == first:
                begun[each.subject_id] = each.actor_id
            elif each.subject_id in begun:
                pair = (begun[each.subject_id], each.actor_id)
                pairs.setdefault(each.organisation_id, []).append(pair)
        for office, found in pairs.items():
            if len(found) < values.pair_decisions or len(set(found)) > 1:
                continue
            noted += note(
                UnusualKind.PAIR,
                f"{table}:{office}:{found[0][0]}-{found[0][1]}:{local_day(now):%Y-%m}",
                now,
                organisation_id=office,
                about=_(
                    "%(what)s：%(days)s 日内 %(count)s 件均由同两人先后办理",
                    what=subject_title(table),
                    days=values.pair_days,
                    count=len(found),
                ),
                link="/supervision/ledger",
            )
    return noted


def acknowledge(event: UnusualEvent, text: str, actor: Actor, now: datetime) -> None:
    """Say that an event was looked at and what came of it; never by anybody it is about."""
    lock(event)
    now = max(now, clock.now())
    if event.acknowledged_at is not None:
        raise Conflict(_("该事件已由他人确认"), rule="unusual.state")
    if actor.user_id is None or actor.user_id in event.doers:
        raise Refused(_("不能确认本人引起的事件，请由其他人员办理"), rule="two_people")
    cleaned = text.strip()
    if not 2 <= len(cleaned) <= 1000:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=2, max=1000), field="note", rule="text"
        )
    event.note = cleaned
    event.acknowledged_by = actor.user_id
    event.acknowledged_at = now
    db.session.flush()
    audit.record("unusual_event.acknowledged", actor, event, now, kind=event.kind.value)


def _kinds(row: AuditRow, values: AuditPolicy) -> list[UnusualKind]:
    found = []
    if row.action == "personal.revealed":
        found.append(UnusualKind.LOOK)
    decided = row.action in DECISIONS and row.actor_id is not None
    if decided and is_night(row.at.astimezone(SHANGHAI), values):
        found.append(UnusualKind.NIGHT)
    if is_reversal(row.action, row.facts):
        found.append(UnusualKind.REVERSED)
    return found


def _policy(now: datetime) -> AuditPolicy:
    place = lineage(site().jurisdiction_code)
    return policy.in_force(AuditPolicy, place, local_day(now)).values

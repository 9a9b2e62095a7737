"""The same subject under another name: what it was barred by follows it, and ends with it.

Nobody is barred for being related. Only where two officers found that a firm is the same subject
under another name, after it was heard, is each listing in force against the former name put in
force against the new one too: from now until its end, with a case, a notice and an appeal of its
own; so are the cards that run. (RULES sections 5 and 11)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation import calendar, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.ratings.actions import post_conduct
from marketplace.ratings.rules.entries import ConductKind

from ..locking import locked
from ..models import (
    Blacklisting,
    BlacklistingStatus,
    Card,
    CardStatus,
    Case,
    CaseItem,
    CaseStatus,
    Cause,
)
from ..national.models import NationalRecord
from ..national.queries import in_force as listed_now
from ..rules import Colour, Severity
from .cards import LONGEST, announce_red, policy_for, tell
from .cases import put_in_force
from .undoing import restate_notice, reverse_all, take_notice_down

LONGEST_MONTHS = 36
_RUNNING = (BlacklistingStatus.IN_FORCE, BlacklistingStatus.STAYED)


@dataclass(frozen=True)
class Finding:
    """What was found, what the firm said to it by when, and who proposed it."""

    facts: str
    statement: str | None
    stated_at: datetime | None
    statement_due_at: datetime
    proposed_by: int | None
    proposed_at: datetime


def carry_over(
    successor: Organisation,
    former: Organisation | None,
    record: NationalRecord | None,
    finding: Finding,
    register: str,
    actor: Actor,
    now: datetime,
) -> list[Blacklisting]:
    """Put in force against a firm what is in force against its former name; returns what was."""
    codes = accounts.lineage(register)
    carried: list[Blacklisting] = []
    records = [record] if record is not None else []
    if former is not None:
        for row in db.session.scalars(
            select(Blacklisting)
            .where(
                Blacklisting.organisation_id == former.id,
                Blacklisting.jurisdiction_code.in_(codes),
                Blacklisting.status == BlacklistingStatus.IN_FORCE,
                Blacklisting.until_at > now,
                Blacklisting.id.not_in(
                    select(Blacklisting.follows_id).where(
                        Blacklisting.organisation_id == successor.id,
                        Blacklisting.follows_id.is_not(None),
                        Blacklisting.status.in_(_RUNNING),
                    )
                ),
            )
            .order_by(Blacklisting.id)
        ).all():
            case = _case(successor, row.jurisdiction_code, row.cause, finding, actor, now)
            case.items.extend(CaseItem(item_code=item.item_code) for item in row.case.items)
            _decide(case, row.severity, row.case.months or 1, actor, now)
            made = put_in_force(case, row.until_at, None, actor, now, follows=row)
            carried.append(made)
        records += db.session.scalars(
            select(NationalRecord)
            .where(NationalRecord.credit_code == former.credit_code, listed_now(now, codes))
            .order_by(NationalRecord.until_at.desc())
        ).all()
    if not records or any(row.cause is Cause.DISHONESTY_LIST for row in carried):
        return carried
    listing = max(records, key=lambda each: each.until_at)
    if listing.ended_at is not None or listing.until_at <= now:
        return carried
    case = _case(successor, register, Cause.DISHONESTY_LIST, finding, actor, now)
    _decide(case, Severity.SERIOUS, LONGEST_MONTHS, actor, now)
    most = calendar.moment(
        calendar.add_months(clock.local_day(now), LONGEST_MONTHS), datetime.min.time()
    )
    until, last = min(listing.until_at, most), clock.local_day(listing.until_at)
    carried.append(put_in_force(case, until, last, actor, now))
    return carried


def carry_cards_over(
    successor: Organisation,
    former: Organisation,
    finding: Finding,
    register: str,
    actor: Actor,
    now: datetime,
) -> list[Card]:
    """Have the cards that run against a former name run against a firm too, to the same end; each
    with a notice and an appeal of its own. Returns those made."""
    made: list[Card] = []
    followed = select(Card.succeeds_id).where(
        Card.organisation_id == successor.id, Card.succeeds_id.is_not(None)
    )
    for row in db.session.scalars(
        select(Card)
        .where(
            Card.organisation_id == former.id,
            Card.jurisdiction_code.in_(accounts.lineage(register)),
            or_(
                and_(Card.status == CardStatus.SUSPENDED, Card.until_at > now),
                and_(Card.status == CardStatus.CORRECTING, Card.correct_by > now),
                Card.status == CardStatus.REPORTED,
            ),
            Card.id.not_in(followed),
        )
        .order_by(Card.id)
    ).all():
        card = Card(
            organisation_id=successor.id,
            jurisdiction_code=row.jurisdiction_code,
            item_code=row.item_code,
            breach=row.breach,
            facts=f"{finding.facts}原牌事实：{row.facts}"[:LONGEST],
            evidence_file_id=row.evidence_file_id,
            proposed_by=finding.proposed_by,
            proposed_at=finding.proposed_at,
            colour=row.colour,
            decided_by=actor.user_id,
            decided_at=now,
            edition_id=policy_for(row.jurisdiction_code, now).id,
            correct_by=row.correct_by,
            correction=row.correction,
            corrected_at=row.corrected_at,
            until_at=row.until_at,
            reported_to_department=False,
            succeeds_id=row.id,
        )
        ends = {CardStatus.SUSPENDED: row.until_at, CardStatus.CORRECTING: row.correct_by}
        lifecycle.begin(card, row.status, actor, now, check_at=ends.get(row.status))
        if card.colour is Colour.RED:
            announce_red(card, actor, now)
        else:
            kind = ConductKind.YELLOW_CARD
            post_conduct(successor.id, card.jurisdiction_code, kind, card, actor, now)
            tell(card, "同一主体原名称的黄牌随同生效，请限期整改", card.facts, "issued", now)
        made.append(card)
    return made


def _case(
    successor: Organisation,
    jurisdiction_code: str,
    cause: Cause,
    finding: Finding,
    actor: Actor,
    now: datetime,
) -> Case:
    """The case against the new name: reported, heard and proposed in the review of the likeness."""
    case = Case(
        organisation_id=successor.id,
        jurisdiction_code=jurisdiction_code,
        cause=cause,
        facts=finding.facts,
        reported_by=finding.proposed_by,
        reported_at=now,
        edition_id=policy_for(jurisdiction_code, now).id,
        statement_due_at=finding.statement_due_at,
        statement=finding.statement,
        stated_at=finding.stated_at,
    )
    lifecycle.begin(case, CaseStatus.REPORTED, actor, now)
    return case


def _decide(case: Case, severity: Severity, months: int, actor: Actor, now: datetime) -> None:
    case.severity, case.months = severity, months
    case.proposal_reason = case.decision_reason = case.facts
    case.proposed_by, case.proposed_at = case.reported_by, now
    lifecycle.move(case, CaseStatus.HEARD, actor, now)
    lifecycle.move(case, CaseStatus.PROPOSED, actor, now, months=months, severity=severity.value)
    case.decided_by, case.decided_at = actor.user_id, now
    lifecycle.move(case, CaseStatus.DECIDED, actor, now)


def bring_along(row: Blacklisting, why: str, actor: Actor, now: datetime) -> None:
    """What became of a listing becomes of those that follow it: revoked, repaired, shortened."""
    for each in db.session.scalars(
        select(Blacklisting)
        .where(Blacklisting.follows_id == row.id, Blacklisting.status.in_(_RUNNING))
        .order_by(Blacklisting.id)
    ).all():
        locked(now, each)
        if row.status in (BlacklistingStatus.REVOKED, BlacklistingStatus.REPAIRED):
            take_notice_down(each, why, actor, now)
            lifecycle.move(each, row.status, actor, now, reason=why)
            undone = row.status is BlacklistingStatus.REVOKED
            reverse_all(each.case, each.case, why, actor, now, from_the_start=undone)
        elif row.until_at < each.until_at:
            each.until_at = each.next_check_at = row.until_at
            restate_notice(each, row.until_at, why, actor, now)
            if row.until_at <= now:
                lifecycle.move(each, BlacklistingStatus.ENDED, actor, now, reason=why)

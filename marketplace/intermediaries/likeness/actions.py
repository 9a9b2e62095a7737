"""Compare, open a matter, hear the firm, propose, decide; a decision is remembered."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.languages import stored
from marketplace.notifications.actions import send
from marketplace.sanctions.actions import succession
from marketplace.sanctions.models import Blacklisting

from ..models import Firm
from . import features, grading, queries
from .models import OUTCOMES, TIE_TITLES, Match, MatchStatus
from .rules import TieKind

RULE = "likeness"
LONGEST = 2000


def look(firm: Firm, actor: Actor, now: datetime) -> list[Match]:
    """Compare a firm with whoever is asked about; opens a matter for each not decided yet.

    The caller holds the firm. What was decided of the same two on the same values is not asked
    again; a new value is. A matter under way takes it in and begins anew. Returns those opened.
    """
    features.keep([firm.organisation_id], now)
    edition = queries.likeness_policy(firm.register_code, clock.local_day(now))
    opened = []
    for asked in queries.asked_about(firm, edition.values, now):
        present = queries.undecided_with(firm, asked.other, asked.record)
        if present is not None:
            _take_in(present, asked, actor, now)
            continue
        decided = queries.decided_with(firm, asked.other, asked.record)
        known = {digest for each in decided for digest in each.digests()}
        if not asked.asking(edition.values) - known:
            continue
        working = working_calendar()
        match = Match(
            firm_id=firm.id,
            other_id=asked.other.id if asked.other else None,
            record_id=asked.record.id if asked.record else None,
            ties=[tie.as_record() for tie in asked.ties],
            standings=list(asked.standings),
            edition_id=edition.id,
            opened_at=now,
            statement_due_at=working.deadline(now, edition.values.statement_working_days),
            decide_by=working.deadline(now, edition.values.decide_working_days),
        )
        lifecycle.begin(match, MatchStatus.OPEN, actor, now, check_at=match.decide_by)
        _tell_opened(match, now)
        opened.append(match)
    return opened


def _take_in(match: Match, asked: queries.Asked, actor: Actor, now: datetime) -> None:
    if not asked.digests - match.digests():
        return
    lock(match)
    match.ties = [tie.as_record() for tie in asked.ties]
    match.standings = sorted({*match.standings, *asked.standings})
    if match.status is MatchStatus.PROPOSED:
        _clear(match)
        lifecycle.move(
            match,
            MatchStatus.OPEN,
            actor,
            now,
            reason="发现新的相同信息",
            check_at=max(match.decide_by, now),
        )
    audit.record("likeness_matches.added", actor, match, now, ties=len(match.ties))


def look_at_those_like(organisation_id: int, actor: Actor, now: datetime) -> None:
    """Somebody was barred, left or was removed: applications under way are compared with it."""
    _look_at(queries.applications_like(organisation_id), actor, now)


def _look_at(firms: list[Firm], actor: Actor, now: datetime) -> None:
    for firm in firms:
        lock(firm)
        # decided while this waited: listed beside it, and asked about when its file next changes
        if firm.status in queries.PENDING:
            look(firm, actor, max(now, clock.now()))


def follow_national_list(actor: Actor, now: datetime) -> None:
    """Listings were taken over: applications under way are compared with the new ones."""
    if not features.keep_records(now):
        return
    _look_at(queries.applications_like_records(), actor, now)


def require_decided(firm: Firm) -> None:
    """Refuse to go on with a firm while a matter of it waits. The caller holds the firm."""
    if count := queries.undecided(firm.id):
        raise Conflict(
            _("有 %(n)d 件关联核查尚未作出认定，认定后再作入驻决定", n=count),
            rule="likeness.undecided",
        )


def state_view(match: Match, text: str, actor: Actor, now: datetime) -> None:
    """The firm says how it is; again until it is decided."""
    lock(match)
    now = max(now, clock.now())
    if not match.is_open:
        raise Conflict(_("该事项已作出认定"), rule=RULE)
    match.statement, match.stated_at = _said(text, "statement"), now
    db.session.flush()
    audit.record("likeness_matches.stated", actor, match, now)
    _send(match, accounts.bureau(match.firm.register_code).id, "机构已陈述意见", "", "stated", now)


def propose(match: Match, outcome: MatchStatus, reason: str, actor: Actor, now: datetime) -> None:
    """An officer proposes what was found.

    The same subject under another name only once the firm has spoken or had its time.
    """
    lock(match)
    now = max(now, clock.now())
    if match.status is not MatchStatus.OPEN:
        raise Conflict(_("该事项已提出核查意见或者作出认定，请刷新页面查看"), rule="lifecycle")
    if outcome not in OUTCOMES:
        raise Invalid(_("请选择核查意见"), field="outcome", rule=RULE)
    if outcome is MatchStatus.SAME and match.stated_at is None and now < match.statement_due_at:
        raise Conflict(
            _(
                "机构陈述意见期限至 %(at)s，期满或者机构陈述后方可提出同一主体的意见",
                at=clock.written(match.statement_due_at),
            ),
            field="outcome",
            rule="likeness.hearing",
        )
    match.proposal_reason = _said(reason, "reason")
    match.outcome = outcome
    match.proposed_by, match.proposed_at = actor.user_id, now
    lifecycle.move(match, MatchStatus.PROPOSED, actor, now, check_at=_due(match, now))


def send_back(match: Match, reason: str, actor: Actor, now: datetime) -> None:
    """The approver returns a proposal, with the reason, for another one."""
    lock(match)
    now = max(now, clock.now())
    _another(match, actor)
    why = _said(reason, "reason")
    _clear(match)
    lifecycle.move(match, MatchStatus.OPEN, actor, now, reason=why, check_at=_due(match, now))


def decide(match: Match, reason: str, actor: Actor, now: datetime) -> list[Blacklisting]:
    """Decide as proposed, by another officer. Where it is the same subject under another name the
    blacklistings in force of the other are in force against the firm from now until they end.

    The cards that run against it run against the firm too, and where it is graded D the same is
    proposed for the firm. Returns the blacklistings, so that what follows from them is carried out
    (``supervision.related``).
    """
    firm = match.firm
    lock(firm)
    lock(match)
    now = max(now, clock.now())
    _another(match, actor)
    if match.status is not MatchStatus.PROPOSED or match.outcome is None:
        raise Conflict(_("该事项没有待审批的核查意见，请刷新页面查看"), rule="lifecycle")
    match.decision_reason = _said(reason, "reason")
    match.decided_by, match.decided_at = actor.user_id, now
    lifecycle.move(match, match.outcome, actor, now, reason=match.decision_reason)
    _send(
        match,
        firm.organisation_id,
        f"关联核查已作出认定：{stored(match.status.title)}",
        match.decision_reason,
        "decided",
        now,
        firm.organisation.email,
    )
    if match.status is not MatchStatus.SAME:
        return []
    finding = succession.Finding(
        facts=f"经关联核查认定为同一主体更名再入驻。{match.proposal_reason}"[:LONGEST],
        statement=match.statement,
        stated_at=match.stated_at,
        statement_due_at=match.statement_due_at,
        proposed_by=match.proposed_by,
        proposed_at=match.proposed_at or now,
    )
    own, register = firm.organisation, firm.register_code
    if match.other is not None:
        succession.carry_cards_over(own, match.other, finding, register, actor, now)
        grading.carry_grade_over(match, actor, now)
    return succession.carry_over(own, match.other, match.record, finding, register, actor, now)


def advance_match(match: Match, actor: Actor, now: datetime) -> None:
    """The clock: the time to decide is over; the bureau is told."""
    match.next_check_at = None
    audit.record("likeness_matches.overdue", actor, match, now)
    bureau = accounts.bureau(match.firm.register_code)
    _send(match, bureau.id, "关联核查超过办理期限", "", "overdue", now)


def compare_anew(organisation_id: int, actor: Actor, now: datetime) -> int:
    """The clock: a body's file says something new; its firms are compared once by all of it.

    Firms are locked before the features, as by whoever writes a file. Returns 1 when that was so.
    """
    firms = features.firms_compared(organisation_id)
    for firm in firms:
        lock(firm)
    fresh = features.to_compare(organisation_id)
    for feature in fresh:
        feature.next_check_at = None
    for firm in firms:
        look(firm, actor, max(now, clock.now()))
    return int(bool(fresh))


def _clear(match: Match) -> None:
    match.outcome = match.proposal_reason = match.proposed_by = match.proposed_at = None


def _due(match: Match, now: datetime) -> datetime | None:
    return match.decide_by if match.decide_by > now else None


def _another(match: Match, actor: Actor) -> None:
    if actor.user_id is None or actor.user_id == match.proposed_by:
        raise Refused(_("提出核查意见的人不能作出认定，请由其他审批人办理"), rule="two_officers")


def _said(text: str, field: str) -> str:
    text = text.strip()
    if not 2 <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明事实和理由，%(min)d 到 %(max)d 个字", min=2, max=LONGEST),
            field=field,
            rule=RULE,
        )
    return text


def _tell_opened(match: Match, now: datetime) -> None:
    same = "、".join(stored(TIE_TITLES[TieKind(tie["tie"])]) for tie in match.ties)
    until = clock.written(match.statement_due_at)
    firm = match.firm
    _send(
        match,
        firm.organisation_id,
        "关联核查：可以陈述意见",
        f"核查发现贵机构与其他单位登记的信息有相同之处（{same}）。可在 {until} 前陈述意见。"
        "存在关联本身不限制任何单位。",
        "opened",
        now,
        firm.organisation.email,
    )
    bureau = accounts.bureau(firm.register_code)
    _send(match, bureau.id, f"关联核查待办：{firm.organisation.public_name}", same, "bureau", now)


def _send(
    match: Match,
    organisation_id: int,
    subject: str,
    body: str,
    occasion: str,
    now: datetime,
    address: str | None = None,
) -> None:
    own = organisation_id == match.firm.organisation_id
    link = (
        f"/firm/likeness/{match.public_id}" if own else f"/supervision/likeness/{match.public_id}"
    )
    send(
        organisation_id,
        subject[:200],
        body,
        link,
        f"likeness:{match.id}:{occasion}:{now.isoformat()}",
        now,
        address=address,
    )

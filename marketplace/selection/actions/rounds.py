"""Rounds: a need is published, a draw annulled, what the clock brings about."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import SealBroken
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.notifications.actions import send
from marketplace.projects import actions as projects
from marketplace.projects.models import Need, NeedStatus, SelectionMethod

from .. import awarding, closing, drawing, holding, queries
from ..judging import forming
from ..keyholding import actions as keys
from ..methods.random_draw import commitment
from ..models import (
    AwardStatus,
    DrawAnnulment,
    RoundStatus,
    SelectionRound,
)
from ..preparing.narrow import note_narrow
from ..sealing import choosing, sealed

SOON = timedelta(seconds=1)


def publish_need(need: Need, actor: Actor, now: datetime) -> SelectionRound:
    """Publish a need and open its first round: the draw's commitment is fixed and public.

    Approver, gate and price are asked by `projects.actions.publish`; every firm that could enter
    gets a message at once.
    """
    projects.publish(need, actor, now)
    return _open_round(need, 1, actor, now)


def _open_round(need: Need, attempt: int, actor: Actor, now: datetime) -> SelectionRound:
    edition_id, values = queries.edition_of(need, clock.local_day(now))
    running = SelectionRound(
        need_id=need.id,
        attempt=attempt,
        commitment=commitment(drawing.secret_of(need, attempt)),
        edition_id=edition_id,
        opened_at=now,
        postponed=0,
    )
    lifecycle.begin(running, RoundStatus.OPEN, actor, now)
    if need.method is SelectionMethod.BEST_VALUE:
        forming.plan_panel(need, running, actor, now)
    if keys.needs_two_keys(need, now):
        keys.part_key(need, running, actor, now)
    elif need.is_sealed:
        sealed.make_key(running)
        db.session.flush()
    audit.record(
        "round.committed", actor, running, now, attempt=attempt, commitment=running.commitment
    )
    need.next_check_at = need.entry_deadline
    db.session.flush()
    eligible = queries.eligible_firm_ids(need, now)
    note_narrow(running, len(eligible), values, actor, now)
    for organisation_id in eligible:
        send(
            organisation_id,
            f"新需求可报名：{need.title}",
            "贵机构符合报名条件，请在截止前报名。",
            f"/needs/{need.public_id}",
            f"need:{need.id}:open:{attempt}:{organisation_id}",
            now,
            address=accounts.organisation(organisation_id).email,
        )
    return running


def propose_annulment(need: Need, reason: str, actor: Actor) -> DrawAnnulment:
    """Propose to annul what was drawn or otherwise chosen: one of two officers, with a reason that
    will be published."""
    lock(need)
    now = clock.now()
    running = queries.live_round(need)
    _edition_id, values = queries.edition_of(need, clock.local_day(now))
    chosen = running.drawn_at is not None or running.status is RoundStatus.DECIDED
    if not chosen or need.status not in (NeedStatus.SELECTING, NeedStatus.AWARDED):
        raise Conflict(_("当前没有可撤销的选取"), rule="annul.state")
    if len(reason) < values.annul_reason_shortest:
        raise Invalid(
            _("请写明撤销理由，不少于 %(count)d 个字", count=values.annul_reason_shortest),
            field="reason",
            rule="annul.reason",
        )
    if queries.annulment_of(running) is not None:
        raise Conflict(_("撤销建议已提出"), rule="annul.twice")
    assert actor.user_id is not None
    proposed = DrawAnnulment(
        round_id=running.id, reason=reason, proposed_by=actor.user_id, proposed_at=now
    )
    db.session.add(proposed)
    db.session.flush()
    audit.record("draw.annulment_proposed", actor, proposed, now, round=running.id)
    award = queries.award_of(need)
    if award is not None:
        holding.tell_held(need, award, now)
    return proposed


def approve_annulment(annulment: DrawAnnulment, actor: Actor) -> SelectionRound:
    """The superior bureau annuls a draw: it stays public, the need is published again.

    Raises Refused for the person who proposed it, Conflict when it is decided or the need has
    moved on to a contract.
    """
    need = annulment.round.need
    lock(need)
    now = clock.now()
    db.session.refresh(annulment)
    if annulment.approved_at is not None or annulment.refused_at is not None:
        raise Conflict(_("撤销建议已办结"), rule="annul.decided")
    if annulment.proposed_by == actor.user_id:
        raise Refused(_("提出撤销的人不能批准，请由上级管理机构办理"), rule="annul.two_persons")
    if need.status not in (NeedStatus.SELECTING, NeedStatus.AWARDED):
        raise Conflict(_("需求已进入合同或者已经结束，不能再撤销抽取"), rule="annul.state")
    annulment.approved_by, annulment.approved_at = actor.user_id, now
    award = queries.award_of(need)
    if award is not None:
        awarding.withdraw_notice(award, actor, now, annulment.reason)
        lifecycle.move(award, AwardStatus.ANNULLED, actor, now, reason=annulment.reason)
    running = annulment.round
    lifecycle.move(running, RoundStatus.ANNULLED, actor, now, reason=annulment.reason)
    projects.republish(need, annulment.reason, actor, now)
    return _open_round(need, running.attempt + 1, actor, now)


def refuse_annulment(annulment: DrawAnnulment, actor: Actor) -> None:
    """The superior bureau refuses a proposed annulment: what waited for its word goes on."""
    need = lock(annulment.round.need)
    now = clock.now()
    db.session.refresh(annulment)
    if annulment.approved_at is not None or annulment.refused_at is not None:
        raise Conflict(_("撤销建议已办结"), rule="annul.decided")
    annulment.refused_at = now
    db.session.flush()
    audit.record("draw.annulment_refused", actor, annulment, now)
    award = queries.award_of(need)
    if award is not None and award.round_id == annulment.round_id:
        holding.go_on(need, award, actor, now)


def advance_need(need: Need, actor: Actor, now: datetime) -> None:
    """Do what has become due in the choosing for a need (clock; the sweep holds the lock)."""
    need.next_check_at = None
    if need.status is NeedStatus.PUBLISHED:
        _advance_published(need, actor, now)
    elif need.status is NeedStatus.SELECTING:
        _advance_selecting(need, actor, now)
    elif need.status is NeedStatus.AWARDED:
        _advance_awarded(need, actor, now)
    if need.next_check_at is not None and need.next_check_at <= now:
        need.next_check_at = now + SOON


def _advance_published(need: Need, actor: Actor, now: datetime) -> None:
    if need.entry_deadline is not None and now < need.entry_deadline:
        need.next_check_at = need.entry_deadline
        return
    running = queries.live_round(need)
    closing.close_entries(need, running, actor, now)
    if need.method is SelectionMethod.BEST_VALUE and running.status is RoundStatus.LISTED:
        try:
            forming.freeze(need, running, actor, now)
        except SealBroken as error:
            choosing.end_broken(need, running, error, actor, now)


def _advance_selecting(need: Need, actor: Actor, now: datetime) -> None:
    running = queries.live_round(need)
    if need.is_sealed:
        choosing.advance_sealed(need, running, actor, now)
        return
    if not queries.uses_draw(need) or running.drawn_at is not None:
        return
    if queries.uses_ceremony(need) and not drawing.advance_ceremony(need, running, actor, now):
        return
    if drawing.public_value_of(need, running) is None:
        return
    drawing.make_draw(need, running, actor, now)
    awarding.award_in_order(need, running, actor, now)


def _advance_awarded(need: Need, actor: Actor, now: datetime) -> None:
    award = queries.award_of(need)
    if award is None:
        return
    if award.status is AwardStatus.ANNOUNCED:
        awarding.end_notice(need, award, actor, now)
    elif award.status is AwardStatus.OFFERED:
        awarding.lapse(need, award, actor, now)


def end_withdrawn(running: SelectionRound, actor: Actor, now: datetime) -> None:
    """A need was withdrawn by its owner: its round ends, and an award that lived with it."""
    lock(running.need)
    db.session.refresh(running)
    if running.need.status is not NeedStatus.WITHDRAWN or running.status in queries.ENDED_ROUNDS:
        raise Missing(f"round {running.id}")
    reason = running.need.outcome_reason or ""
    for entry in queries.standing(running):
        send(
            entry.organisation_id,
            f"需求已撤回：{running.need.title}"[:200],
            f"项目业主撤回了该需求，贵机构的报名随之失效。理由：{reason}",
            f"/needs/{running.need.public_id}",
            f"entry:{entry.id}:need_withdrawn",
            now,
            address=entry.organisation.email,
        )
    award = queries.award_of(running.need)
    if award is not None:
        lifecycle.move(award, AwardStatus.ANNULLED, actor, now, reason=reason)
    if running.status is RoundStatus.DECIDED:
        lifecycle.move(running, RoundStatus.ANNULLED, actor, now, reason=reason)
    else:
        lifecycle.move(running, RoundStatus.WITHDRAWN, actor, now, reason=reason)

"""Closing of entries: re-check, void related firms, freeze the list; extend or fail when few."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert

from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import put
from marketplace.intermediaries import queries as intermediaries
from marketplace.notifications.actions import send
from marketplace.projects import actions as projects_actions
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.projects.rules import SelectionPolicy

from . import ceremony, queries
from .methods import random_draw
from .methods.random_draw import Entrant
from .models import (
    CheckStage,
    EligibilityCheck,
    Entry,
    EntryStatus,
    RoundStatus,
    SelectionRound,
)
from .rules.related import StandingEntry, void_related


def close_entries(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Close a need's entries at its deadline; the caller holds the need's lock.

    Eligible entries that are not related to an earlier one make the frozen list. With none the
    need fails; with fewer than the edition's minimum the deadline moves, as often as it allows,
    and afterwards those there are decide. Nothing is frozen by an extension: the entries stay.
    """
    _edition_id, values = queries.edition_of(need, clock.local_day(now))
    standing = queries.standing(running)
    reasons = _unfit(need, standing, now)
    fit = [entry for entry in standing if entry.id not in reasons]
    reasons.update(_related(fit))
    fit = [entry for entry in fit if entry.id not in reasons]
    few = 0 < len(fit) < values.minimum_entrants
    if few and projects_actions.extend_entry(need, actor, now):
        _tell_extended(need, now)
        return
    failed = "报名截止时没有符合条件的机构"
    if few and _must_be_called_again(need, values):
        failed = f"符合条件的报名机构不足 {values.minimum_entrants} 家，须发布第二次公告"
        reasons.update({entry.id: failed for entry in fit})
        fit = []
    for entry in standing:
        if entry.id in reasons:
            entry.void_reason = reasons[entry.id][:500]
            lifecycle.move(entry, EntryStatus.VOID, actor, now, reason=entry.void_reason)
            _tell_void(need, entry, now)
        else:
            lifecycle.move(entry, EntryStatus.LISTED, actor, now)
    running.closed_at = need.entry_deadline
    if not fit:
        _fail(need, running, failed, actor, now)
        return
    frozen = [Entrant(credit_code(entry), entry.contribution) for entry in fit]
    running.list_text = random_draw.list_bytes(frozen).decode()
    running.list_sha256 = random_draw.list_hash(frozen)
    if queries.uses_ceremony(need):
        ceremony.begin_ceremony(running, need, values, now)
    elif queries.uses_draw(need) or need.method is SelectionMethod.BEST_VALUE:
        # the judges of a best-value need are drawn as firms are
        running.lottery_game = values.lottery_game
        assert need.entry_deadline is not None
        running.lottery_day = queries.lottery_day(values, need.entry_deadline)
    lifecycle.move(
        running,
        RoundStatus.LISTED,
        actor,
        now,
        list_sha256=running.list_sha256,
        entrants=len(fit),
        void=len(reasons),
    )
    lifecycle.move(need, NeedStatus.SELECTING, actor, now, check_at=_next_check(need, running, now))


def credit_code(entry: Entry) -> str:
    """The entrant's unified social credit code, its name in the list."""
    code = entry.organisation.credit_code
    if code is None:
        raise ValueError(f"entry {entry.id}: the organisation has no credit code")
    return code


_KEEP = insert(EligibilityCheck.__table__)  # type: ignore[arg-type]


def store_checks(
    entry: Entry, found: queries.Eligibility, stage: CheckStage, now: datetime
) -> None:
    """Keep every rule's answer about an entry: rule, result, grade record, edition."""
    rows = [
        {
            "entry_id": entry.id,
            "stage": stage,
            "at": now,
            "rule": result.rule,
            "ok": result.ok,
            "fact": str(result.fact)[:500],
            "mend": str(result.mend)[:500],
            "grade": found.grade,
            "grade_record_id": found.grade_record_id,
            "edition_id": found.edition_id,
        }
        for result in found.results
    ]
    if rows:
        put(_KEEP, *rows)


def _unfit(need: Need, standing: list[Entry], now: datetime) -> dict[int, str]:
    reasons: dict[int, str] = {}
    answers = queries.eligibility_of(need, [entry.organisation_id for entry in standing], now)
    for entry in standing:
        found = answers[entry.organisation_id]
        store_checks(entry, found, CheckStage.CLOSING, now)
        if not found.ok:
            reasons[entry.id] = ";".join(str(result.fact) for result in found.refusals)
        elif queries.waits_for_confirmation(entry):
            reasons[entry.id] = "需求更正后未重新确认报名"
    return reasons


def relations_of(number: int, firm_id: int, since: datetime) -> StandingEntry:
    """What the register knows of a firm's relations, under a number of the caller's."""
    keys = intermediaries.relation_keys(firm_id)
    return StandingEntry(
        number=number,
        organisation=keys.organisation or f"firm {firm_id}",
        received_at=since,
        legal_representative=keys.legal_representative or "",
        shareholders=tuple((key, Decimal(100)) for key in sorted(keys.shareholders)),
        practitioners=frozenset(keys.practitioners),
    )


def _related(fit: list[Entry]) -> dict[int, str]:
    facts = [relations_of(entry.id, entry.firm_id, entry.stands_since) for entry in fit]
    return {each.number: str(each.reason) for each in void_related(facts)}


def _tell_extended(need: Need, now: datetime) -> None:
    for organisation_id in queries.eligible_firm_ids(need, now):
        send(
            organisation_id,
            f"报名延长：{need.title}",
            "报名不足规定家数，截止时间已顺延，到时按实有报名机构选取。",
            f"/needs/{need.public_id}",
            f"need:{need.id}:extended:{need.extensions_used}:{organisation_id}",
            now,
        )


def _next_check(need: Need, running: SelectionRound, now: datetime) -> datetime | None:
    if queries.uses_ceremony(need):
        return running.commit_ends_at
    if need.is_sealed:
        return need.choice_at if need.method is not SelectionMethod.BEST_VALUE else _soon(now)
    game, day = running.lottery_game, running.lottery_day
    # a clock that slept through the evening finds the issue entered already
    if game and day and queries.lottery_result(game, day, queries.bureau_of(need)) is not None:
        return _soon(now)
    return None


def _soon(now: datetime) -> datetime:
    return now + timedelta(seconds=1)


def _must_be_called_again(need: Need, values: SelectionPolicy) -> bool:
    """Whether too few entrants fail the first notice of a need instead of deciding among
    themselves; a direct pick needs no number."""
    direct = need.method is SelectionMethod.DIRECT_PICK
    return values.second_notice and need.call_number == 1 and not direct


def _fail(need: Need, running: SelectionRound, reason: str, actor: Actor, now: datetime) -> None:
    lifecycle.move(running, RoundStatus.FAILED, actor, now, reason=reason)
    projects_actions.fail_need(need, reason, actor, now)


def _tell_void(need: Need, entry: Entry, now: datetime) -> None:
    send(
        entry.organisation_id,
        f"报名未进入名单：{need.title}",
        f"原因：{entry.void_reason}。认为有误的，可在结果公示期内提出异议；结果公示时另行告知截止时间。",
        f"/entries/{entry.public_id}",
        f"entry:{entry.id}:void",
        now,
        address=entry.organisation.email,
    )

"""Draft a trial, run it, propose its numbers for adoption, adopt them or send them back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from pydantic import ValidationError
from sqlalchemy import func, insert, select

from marketplace.accounts.queries import bureau
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.crypto import canonical_json, sha256_hex
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.policy import PolicyEdition
from marketplace.notices.actions import publish_notice
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import RatingEntry
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.titles import RATING_TITLES

from . import queries
from .models import RatingTrial, TrialChange, TrialStatus
from .running import Given, Outcome, policy_of
from .titles import CONTRADICTIONS

GONE_AFTER = timedelta(minutes=5)
ATTEMPTS = 3
NOTICE_DAYS = 5
# written out: of 1E+9999999 the whole number alone takes minutes to make
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_INTO_CHANGES = insert(TrialChange.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Claim:
    """A trial to be run, and by which attempt: an earlier one has no say any more."""

    trial_id: int
    attempt: int
    given: Given


def draft_trial(
    title: str, numbers: Mapping[str, str], day: date, actor: Actor, now: datetime
) -> RatingTrial:
    """Take numbers to be tried on the ledger as of a day; they are tried in the background.

    Raises Invalid naming the field and the number, Conflict while another trial of the office runs,
    Missing for somebody without an office.
    """
    if actor.jurisdiction is None or actor.user_id is None:
        raise Missing("no office")
    # one after the other: two drafted at the same moment would both find the office free
    lock(bureau(actor.jurisdiction))
    now = max(now, clock.now())
    if day > clock.local_day(now):
        raise Invalid(_("试算日期不得晚于今天"), field="day", rule="trial.day")
    if day < ratings.first_edition_day():
        raise Invalid(_("该日期尚无信用等级评定规则"), field="day", rule="trial.day")
    content = read_values(numbers)
    if queries.busy(actor.jurisdiction) is not None:
        raise Conflict(_("本单位已有一项试算正在进行，完成后方可再次试算"), rule="trial.busy")
    seq, head = audit.head()
    found = RatingTrial(
        title=title.strip(),
        jurisdiction_code=actor.jurisdiction,
        day=day,
        known_at=now,
        cursor=db.session.scalar(select(func.max(RatingEntry.id))) or 0,
        head_seq=seq,
        head=head,
        content=content,
        content_sha256=sha256_hex(canonical_json(content)),
        drafted_by=actor.user_id,
        attempts=0,
        done=0,
    )
    lifecycle.begin(found, TrialStatus.WAITING, actor, now, check_at=now)
    return found


def read_values(numbers: Mapping[str, str]) -> dict[str, Any]:
    """The numbers an officer wrote, as an edition holds them.

    Raises Invalid naming the number and what is wrong with it.
    """
    content: dict[str, Any] = {}
    for key, text in numbers.items():
        if _NUMBER.fullmatch(text.strip()) is None:
            raise _wrong(key, _("须为数字"))
        number = Decimal(text.strip())
        content[key] = int(number) if number == number.to_integral() else format(number, "f")
    try:
        policy_of(content)
    except ValidationError as error:
        raise _reason(error) from error
    return content


def _wrong(key: str, reason: str) -> Invalid:
    title = RATING_TITLES.get(key, key)
    return Invalid(
        _("%(title)s：%(reason)s", title=title, reason=reason), field=key, rule="trial.values"
    )


def _reason(error: ValidationError) -> Invalid:
    first = error.errors()[0]
    limits = first.get("ctx", {})
    kind = first["type"]
    if kind == "value_error":
        # numbers that contradict each other: the message names the key first
        key, _colon, reason = str(limits["error"]).partition(": ")
        return _wrong(key, str(CONTRADICTIONS.get(reason, reason)))
    key = str(first["loc"][0])
    if kind == "greater_than_equal":
        return _wrong(key, _("不得小于 %(limit)s", limit=limits["ge"]))
    if kind == "greater_than":
        return _wrong(key, _("须大于 %(limit)s", limit=limits["gt"]))
    if kind == "less_than_equal":
        return _wrong(key, _("不得大于 %(limit)s", limit=limits["le"]))
    return _wrong(key, _("须为整数"))


def claim(trial_id: int, actor: Actor, now: datetime) -> Claim | None:
    """Begin to run a trial, or begin again where a worker was killed. None when another has it."""
    found = db.session.get(RatingTrial, trial_id)
    if found is None:
        return None
    lock(found)
    now = max(now, clock.now())
    if found.next_check_at is None or found.next_check_at > now:
        return None
    if found.status is TrialStatus.WAITING:
        lifecycle.move(found, TrialStatus.RUNNING, actor, now)
    found.attempts += 1
    found.next_check_at = now + GONE_AFTER
    if found.attempts > ATTEMPTS:
        lifecycle.move(found, TrialStatus.FAILED, actor, now)
        return None
    given = Given(
        found.jurisdiction_code, found.day, found.known_at, found.cursor, dict(found.content)
    )
    return Claim(found.id, found.attempts, given)


def note_progress(claim: Claim, done: int, total: int, now: datetime) -> None:
    """Tell how many organisations are computed."""
    found = _held(claim)
    now = max(now, clock.now())
    if found is not None:
        found.done, found.total = done, total
        found.next_check_at = now + GONE_AFTER


def finish(claim: Claim, outcome: Outcome, actor: Actor, now: datetime) -> None:
    """Keep the figures, the changed grades and the digest over all."""
    found = _held(claim)
    now = max(now, clock.now())
    if found is None:
        return
    found.result = outcome.result
    found.result_sha256 = outcome.sha256
    found.done = found.total = outcome.result["all"].get("subjects", 0)
    if outcome.changes:
        rows = [{**change, "trial_id": found.id} for change in outcome.changes]
        db.session.connection().execute(_INTO_CHANGES, rows)
    lifecycle.move(found, TrialStatus.DONE, actor, now, result_sha256=outcome.sha256)


def fail(claim: Claim, actor: Actor, now: datetime) -> None:
    """The trial could not be computed."""
    found = _held(claim)
    now = max(now, clock.now())
    if found is not None:
        lifecycle.move(found, TrialStatus.FAILED, actor, now)


def _held(claim: Claim) -> RatingTrial | None:
    found = db.session.get_one(RatingTrial, claim.trial_id)
    lock(found)
    held = found.status is TrialStatus.RUNNING and found.attempts == claim.attempt
    return found if held else None


def propose_adoption(
    found: RatingTrial,
    effective_from: date,
    legal_basis: str,
    review: dict[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """Hand a computed trial to an approver, with its legal basis and fair-competition review
    (`document`, `conclusion`, `date`). Raises Invalid, Refused for another office, Conflict."""
    lock(found)
    now = max(now, clock.now())
    _own(found, actor)
    if found.status is not TrialStatus.DONE:
        raise Conflict(_("试算完成后才能提请采用"), rule="trial.state")
    if effective_from <= clock.local_day(now):
        raise Invalid(_("规则最早自次日起执行"), field="effective_from", rule="trial.past")
    if date.fromisoformat(review["date"]) > clock.local_day(now):
        raise Invalid(_("审查日期不得晚于今天"), field="review_date", rule="trial.review")
    found.effective_from = effective_from
    found.legal_basis = legal_basis.strip()
    found.review = review
    found.proposed_by = actor.user_id
    found.decided_by = None
    found.decision_note = None
    lifecycle.move(found, TrialStatus.PROPOSED, actor, now)


def return_trial(found: RatingTrial, note: str, actor: Actor, now: datetime) -> None:
    """Send a proposal back with the reason; another officer than the proposer."""
    lock(found)
    now = max(now, clock.now())
    _decidable(found, actor)
    found.decided_by = actor.user_id
    found.decision_note = note.strip()
    lifecycle.move(found, TrialStatus.DONE, actor, now, reason=found.decision_note)


def adopt(found: RatingTrial, actor: Actor, now: datetime) -> PolicyEdition:
    """Publish the tried numbers as an edition of the jurisdiction, and tell the public.

    Raises Conflict where the edition cannot be published any more (its day has come, or another
    begins on it), Refused for the proposer.
    """
    lock(found)
    now = max(now, clock.now())
    _decidable(found, actor)
    try:
        draft = policy.parse(found.title, edition_text(found), [RatingPolicy])
        edition = policy.publish(draft, actor, now)
    except policy.PolicyPast as error:
        raise Conflict(_("执行日期已到，请退回修改执行日期"), rule="trial.past") from error
    except policy.PolicyError as error:
        raise Conflict(_("不能发布该规则：%(error)s", error=error), rule="trial.edition") from error
    found.decided_by = actor.user_id
    found.edition_id = edition.id
    lifecycle.move(found, TrialStatus.ADOPTED, actor, now, edition_sha256=edition.sha256)
    publish_notice(
        kind="rating_rule",
        subject=found,
        title=f"关于采用《{found.title}》的公告",
        body=_notice(found),
        ends_at=working_calendar().deadline(now, NOTICE_DAYS),
        jurisdiction_code=found.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        link=f"/policies/{edition.id}",
    )
    return edition


def edition_text(found: RatingTrial) -> str:
    """The edition as the file it is published from."""
    review = found.review or {}
    lines = [
        f'jurisdiction = "{found.jurisdiction_code}"',
        'section = "rating"',
        f"effective_from = {found.effective_from}",
        f"title = {_quoted(found.title)}",
        f"legal_basis = {_quoted(found.legal_basis or '')}",
        "",
        "[review]",
        f"document = {_quoted(review.get('document', ''))}",
        f"conclusion = {_quoted(review.get('conclusion', ''))}",
        f"date = {review.get('date', '')}",
        "",
        "[values]",
        *(f"{key} = {value}" for key, value in found.content.items()),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _notice(found: RatingTrial) -> str:
    result: dict[str, Any] = found.result or {}
    counts = result.get("all", {})
    review = found.review or {}
    return (
        f"《{found.title}》自 {found.effective_from} 起执行，以往日期的等级不变。"
        f"依据：{found.legal_basis}。"
        f"公平竞争审查：{review.get('document')}，{review.get('conclusion')}（{review.get('date')}）。"
        f"采用前已按 {found.day} 的全部信用记录试算：共 {counts.get('subjects', 0)} 家，"
        f"等级变化 {counts.get('changed', 0)} 家，其中升级 {counts.get('up', 0)} 家、"
        f"降级 {counts.get('down', 0)} 家。"
        f"规则数值摘要 {found.content_sha256}，试算结果摘要 {found.result_sha256}，"
        f"台账序号 {found.head_seq}，台账摘要 {found.head}。"
    )


def _own(found: RatingTrial, actor: Actor) -> None:
    if actor.jurisdiction != found.jurisdiction_code or actor.user_id is None:
        raise Refused(_("只能由提出试算的管理机构办理"), rule="trial.office")


def _decidable(found: RatingTrial, actor: Actor) -> None:
    _own(found, actor)
    if found.status is not TrialStatus.PROPOSED:
        raise Conflict(_("该试算没有待审批的采用申请"), rule="trial.state")
    if actor.user_id == found.proposed_by:
        raise Refused(_("提请人不能审批自己提请的规则"), rule="trial.two_officers")

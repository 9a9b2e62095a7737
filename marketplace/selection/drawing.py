"""The public value of a draw becomes known, and the draw follows from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, crypto
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.projects.models import Need
from marketplace.projects.rules import SelectionPolicy

from . import ceremony, queries
from .closing import credit_code
from .methods import draw_proof
from .methods.draw_proof import (
    CeremonyResult,
    ExcludedEntry,
    ListedEntrant,
    LotteryResult,
    NoValue,
    ProofInput,
    PublicValue,
    instant_text,
)
from .methods.public_value import CeremonyNumber, lottery_value
from .methods.random_draw import Draw, DrawInputError, Entrant, draw_secret
from .models import Entry, LotteryReading, SelectionRound
from .models import LotteryResult as LotteryResultRow

SECRET_PURPOSE = "zjcs-draw"  # noqa: S105 the name of a purpose, not a secret


def secret_of(need: Need, attempt: int) -> str:
    """The secret of a need and attempt, derived from the site's key whenever it is asked for."""
    return draw_secret(crypto.derive_secret(SECRET_PURPOSE, "1"), need.number, attempt)


def enter_reading(
    values: SelectionPolicy,
    day: date,
    issue: str,
    numbers: Sequence[Sequence[int]],
    source: str,
    actor: Actor,
    now: datetime,
) -> LotteryResultRow | None:
    """Note a lottery's issue as one officer read it; two officers' equal readings make it final.

    `values` name the lottery. It decides the draws of the officers' own bureau. Raises Invalid for
    numbers or an issue that cannot be, Conflict before the issue is drawn, when it is final
    already, or when no draw of the bureau waits for it. Returns the result once it is final.
    """
    assert actor.user_id is not None
    assert actor.organisation_id is not None
    game, bureau_id = values.lottery_game, actor.organisation_id
    waiting = queries.rounds_waiting_for(game, day, bureau_id)
    for running in waiting:
        lock(running.need)  # two officers at once: the second sees the first's reading
    if now < moment(day, values.lottery_drawn_at):
        raise Conflict(_("这一期还没有开奖"), rule="lottery.early")
    if queries.lottery_result(game, day, bureau_id) is not None:
        raise Conflict(_("这一期已由两人核对一致"), rule="lottery.final")
    if not waiting:
        raise Conflict(_("本辖区没有等待这一期开奖的抽取"), rule="lottery.area")
    try:
        value = lottery_value(game, issue, numbers)
    except DrawInputError as error:
        raise Invalid(
            _("与%(title)s的期号或号码规则不符，请逐位核对", title=values.lottery_title),
            field="issue" if error.field == "issue" else "numbers",
            rule="lottery.form",
        ) from error
    reading = LotteryReading(
        game=game,
        day=day,
        issue=issue,
        numbers=[list(row) for row in numbers],
        source=source,
        user_id=actor.user_id,
        organisation_id=bureau_id,
        at=now,
    )
    db.session.add(reading)
    db.session.flush()
    audit.record("lottery.read", actor, reading, now, game=game, day=day.isoformat(), issue=issue)
    for other in queries.readings(game, day, bureau_id):
        if other.user_id != actor.user_id and value == lottery_value(
            game, other.issue, other.numbers
        ):
            return _finish_lottery(other, reading, value, actor, now)
    return None


def _finish_lottery(
    first: LotteryReading, second: LotteryReading, value: str, actor: Actor, now: datetime
) -> LotteryResultRow:
    result = LotteryResultRow(
        game=second.game,
        day=second.day,
        issue=second.issue,
        numbers=second.numbers,
        value=value,
        source=first.source
        if first.source == second.source
        else f"{first.source}；{second.source}",
        organisation_id=second.organisation_id,
        first_user_id=first.user_id,
        second_user_id=second.user_id,
        at=now,
    )
    result.source = result.source[:300]
    db.session.add(result)
    db.session.flush()
    audit.record("lottery.final", actor, result, now, value=value)
    for running in queries.rounds_waiting_for(result.game, result.day, result.organisation_id):
        running.need.next_check_at = now
    db.session.flush()
    return result


def public_value_of(need: Need, running: SelectionRound) -> tuple[PublicValue, datetime] | None:
    """The public value and since when it is known; None while it is not."""
    if queries.uses_ceremony(need):
        return _ceremony_value(running)
    assert running.lottery_game is not None
    assert running.lottery_day is not None
    row = queries.lottery_result(running.lottery_game, running.lottery_day, queries.bureau_of(need))
    if row is None:
        return None
    groups = tuple(tuple(group) for group in row.numbers)
    return LotteryResult(row.game, row.issue, groups, row.source), row.at


def _ceremony_value(running: SelectionRound) -> tuple[PublicValue, datetime] | None:
    assert running.commit_ends_at is not None
    if not ceremony.anybody_outside(running):
        return NoValue("现场抽取改期后仍无管理机构以外的人参加，公开值为空"), running.commit_ends_at
    rows = queries.ceremony_numbers(running)
    if any(row.number is None for row in rows):
        return None
    numbers = tuple(CeremonyNumber(row.participant, row.number or "") for row in rows)
    opened = frozenset(row.participant for row in rows if row.opened)
    known = max(row.revealed_at for row in rows if row.revealed_at is not None)
    return CeremonyResult(numbers, opened), known


def build_draw(
    need: Need,
    running: SelectionRound,
    entries: Sequence[Entry],
    known: tuple[PublicValue, datetime],
    now: datetime,
    draw_id: str,
) -> tuple[Draw, bytes]:
    """The draw among some entries of a frozen list, with its proof; ``draw_id`` is the need's
    number, or that of a draw among equals. ``known``: the public value and since when."""
    value, known_at = known
    assert running.closed_at is not None
    given = ProofInput(
        about=need.title,
        dates={
            "published": instant_text(running.opened_at),
            "closed": instant_text(running.closed_at),
            "value": instant_text(max(known_at, running.closed_at)),
            "drawn": instant_text(now),
        },
        entrants=[_listed(entry) for entry in entries],
        excluded=[
            ExcludedEntry(credit_code(entry), entry.organisation.name, entry.void_reason or "")
            for entry in queries.void(running)
        ],
        public_value=value,
        receipt_key=crypto.signing_public_key(),
    )
    return draw_proof.build(draw_id, running.attempt, secret_of(need, running.attempt), given)


def make_draw(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> list[str]:
    """Compute the draw of a frozen list and keep its proof; returns the credit codes in order.

    Everything it rests on was recorded before in transactions of its own (secret, list, public
    value), so a run that is lost before its commit comes out the same when it is repeated.
    """
    known = public_value_of(need, running)
    if known is None:
        raise Conflict(_("公开值尚未产生"), rule="draw.no_value")
    drawn, proof = build_draw(need, running, queries.listed(running), known, now, need.number)
    if drawn.list_hash != running.list_sha256 or drawn.commitment != running.commitment:
        raise RuntimeError(f"round {running.id}: list or commitment differ from what was published")
    running.drawn_at = now
    running.public_value = drawn.public_value
    running.proof = proof.decode()
    db.session.flush()
    audit.record(
        "draw.made",
        actor,
        running,
        now,
        seed=drawn.seed,
        proof_sha256=crypto.sha256_hex(proof),
        first=drawn.ranking[0],
    )
    return list(drawn.ranking)


def _listed(entry: Entry) -> ListedEntrant:
    return ListedEntrant(
        entrant=Entrant(credit_code(entry), entry.contribution),
        name=entry.organisation.name,
        received_at=instant_text(entry.received_at),
        signature=entry.signature,
    )


def ranking(running: SelectionRound) -> list[str]:
    """The order of a round: of a draw from its proof, of a sealed method as it was settled."""
    if running.ranking is not None:
        return running.ranking
    if running.proof is None:
        return []
    order: list[str] = json.loads(running.proof)["order"]
    return order


def advance_ceremony(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> bool:
    """Move a ceremony on; True when its public value is known and the draw can be made."""
    commit_ends, reveal_ends = running.commit_ends_at, running.reveal_ends_at
    assert commit_ends is not None
    assert reveal_ends is not None
    if now < commit_ends:
        need.next_check_at = commit_ends
        return False
    _edition, values = queries.edition_of(need, clock.local_day(now))
    if not ceremony.anybody_outside(running):
        return not ceremony.postpone(need, running, values, actor, now)
    if now < reveal_ends and any(row.number is None for row in queries.ceremony_numbers(running)):
        need.next_check_at = reveal_ends
        return False
    ceremony.open_missing(running, actor, now)
    return True

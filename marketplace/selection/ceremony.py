"""The ceremony: commit and seal, reveal, open what was not revealed, put off when nobody came."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, crypto
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.projects.models import Need
from marketplace.projects.rules import SelectionPolicy

from . import queries
from .methods import public_value
from .methods.public_value import BUREAU, CeremonyNumber
from .methods.random_draw import DrawInputError
from .models import CeremonyNumberRow, RoundStatus, SelectionRound


def begin_ceremony(
    running: SelectionRound, need: Need, values: SelectionPolicy, now: datetime
) -> None:
    """Open the commit phase of a frozen list, ending at the edition's minute of that day.

    Where the list was frozen after that minute (the clock stood still) it ends on a later day.
    """
    assert need.entry_deadline is not None
    private, public = crypto.new_seal_keys()
    crypto.store_private_key(_key_name(running), private)
    running.seal_public_key = public.hex()
    commit_ends = moment(clock.local_day(need.entry_deadline), values.ceremony_commit_until)
    _set_times(running, commit_ends if now < commit_ends else _later(now, values), values)


def _later(after: datetime, values: SelectionPolicy) -> datetime:
    """The end of a commit phase the edition's working days after an instant's day."""
    day = working_calendar().day_after(
        clock.local_day(after), values.ceremony_postpone_working_days
    )
    return moment(day, values.ceremony_commit_until)


def _set_times(running: SelectionRound, commit_ends: datetime, values: SelectionPolicy) -> None:
    running.commit_ends_at = commit_ends
    running.reveal_ends_at = commit_ends + timedelta(minutes=values.ceremony_reveal_minutes)


def _key_name(running: SelectionRound) -> str:
    return f"ceremony-{running.public_id}"


def _context(running: SelectionRound, participant: str) -> str:
    return f"zjcs-ceremony/1\n{running.public_id}\n{participant}"


def commit_number(
    need: Need, running: SelectionRound, number: str, actor: Actor, now: datetime
) -> CeremonyNumberRow:
    """Commit a participant's number: its hash is public, the number lies sealed.

    The caller holds the need's lock and read `now` after it. Raises Missing for somebody with no
    part in the ceremony, Conflict outside the commit phase or a second time, Invalid for a number
    of the wrong form.
    """
    assert actor.organisation_id is not None
    participant = queries.ceremony_part(need, actor)
    if participant is None or not queries.uses_ceremony(need):
        raise Missing("no part in this ceremony")
    ends = running.commit_ends_at
    if running.status is not RoundStatus.LISTED or ends is None or now >= ends:
        raise Conflict(_("不在提交承诺的时间内"), rule="ceremony.commit")
    if any(row.participant == participant for row in queries.ceremony_numbers(running)):
        raise Conflict(_("已提交过承诺，不能再改"), rule="ceremony.twice")
    given = CeremonyNumber(participant, number)
    try:
        commitment = public_value.number_commitment(need.number, running.attempt, given)
    except DrawInputError as error:
        raise Invalid(
            _("请填写 24 至 78 位数字"), field="number", rule="ceremony.number"
        ) from error
    sealed = crypto.seal(
        bytes.fromhex(running.seal_public_key or ""),
        number.encode(),
        _context(running, participant),
    )
    row = CeremonyNumberRow(
        round_id=running.id,
        participant=participant,
        organisation_id=actor.organisation_id,
        user_id=actor.user_id,
        commitment=commitment,
        sealed=sealed.hex(),
        committed_at=now,
        opened=False,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "ceremony.committed",
        actor,
        row,
        now,
        participant=participant,
        commitment=commitment,
        sealed_sha256=crypto.sha256_hex(sealed),
    )
    return row


def reveal_number(
    need: Need, running: SelectionRound, number: str, actor: Actor, now: datetime
) -> CeremonyNumberRow:
    """Reveal a committed number in the reveal phase; it must be the one committed to."""
    assert actor.organisation_id is not None
    participant = queries.ceremony_part(need, actor)
    row = next(
        (each for each in queries.ceremony_numbers(running) if each.participant == participant),
        None,
    )
    if row is None:
        raise Missing("no commitment")
    begins, ends = running.commit_ends_at, running.reveal_ends_at
    if begins is None or ends is None or not begins <= now < ends or running.drawn_at is not None:
        raise Conflict(_("不在公布数字的时间内"), rule="ceremony.reveal")
    if row.number is not None:
        raise Conflict(_("数字已公布"), rule="ceremony.twice")
    try:
        made = public_value.number_commitment(
            need.number, running.attempt, CeremonyNumber(row.participant, number)
        )
    except DrawInputError:
        made = ""
    if not crypto.same(made, row.commitment):
        raise Invalid(_("与提交承诺时的数字不一致"), field="number", rule="ceremony.other_number")
    row.number, row.revealed_at = number, now
    db.session.flush()
    audit.record("ceremony.revealed", actor, row, now, participant=row.participant)
    if all(each.number is not None for each in queries.ceremony_numbers(running)):
        need.next_check_at = now
    return row


def open_missing(running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Open from their sealed copies the numbers nobody revealed, so that nobody can withhold."""
    missing = [row for row in queries.ceremony_numbers(running) if row.number is None]
    if not missing:
        return
    private = crypto.release_private_key(_key_name(running))
    audit.record("ceremony.key_released", actor, running, now, opened=len(missing))
    for row in missing:
        context = _context(running, row.participant)
        row.number = crypto.unseal(private, bytes.fromhex(row.sealed), context).decode()
        row.opened, row.revealed_at = True, now
        audit.record("ceremony.opened", actor, row, now, participant=row.participant)
    db.session.flush()


def anybody_outside(running: SelectionRound) -> bool:
    """Whether somebody other than the bureau has committed."""
    return any(row.participant != BUREAU for row in queries.ceremony_numbers(running))


def postpone(
    need: Need, running: SelectionRound, values: SelectionPolicy, actor: Actor, now: datetime
) -> bool:
    """Put an unattended ceremony off by the edition's working days; False when it has been
    put off as often as it allows.

    The new phase always ends in the future, else a stopped clock would use up every chance.
    """
    if running.postponed >= values.ceremony_postponements:
        return False
    assert running.commit_ends_at is not None
    commit_ends = _later(running.commit_ends_at, values)
    running.postponed += 1
    _set_times(running, commit_ends if now < commit_ends else _later(now, values), values)
    need.next_check_at = running.commit_ends_at
    db.session.flush()
    audit.record(
        "ceremony.postponed",
        actor,
        running,
        now,
        times=running.postponed,
        until=running.commit_ends_at,
    )
    return True

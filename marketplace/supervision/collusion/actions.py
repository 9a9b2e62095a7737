"""Run the screens, raise and drop flags, decide on one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.policy import Edition
from marketplace.ratings.rules.weights import add_months

from . import finding, queries
from .models import CollusionFlag, CollusionRun, CollusionStatus
from .rules.policy import CollusionPolicy
from .rules.screens import Finding, Screen

SHORTEST, LONGEST = 10, 1000


def edition_of(register: str, now: datetime) -> Edition[CollusionPolicy]:
    """The screens' edition in force for a register."""
    return policy.in_force(CollusionPolicy, accounts.lineage(register), clock.local_day(now))


def screen(register: str, actor: Actor, now: datetime) -> CollusionRun:
    """Look through a register's selections: raise what is new, drop what is gone.

    A pattern on which somebody decided is raised again only with needs beyond those he knew.
    """
    day = clock.local_day(now)
    edition = edition_of(register, now)
    since = moment(add_months(day, -edition.values.months), time(0))
    looked = finding.find(register, edition.values, since, now)
    run = CollusionRun(
        register=register,
        day=day,
        at=now,
        edition_id=edition.id,
        selections=max(looked.among.values(), default=0),
        counts={each.value: [looked.flagged(each), among] for each, among in looked.among.items()},
    )
    db.session.add(run)
    db.session.flush()
    audit.record("collusion.run", actor, run, now, found=len(looked.findings))
    _raise_new(looked.findings, run, actor, now)
    return run


def _raise_new(found: Collection[Finding], run: CollusionRun, actor: Actor, now: datetime) -> None:
    raised = {(flag.screen, flag.key): flag for flag in queries.raised(run.register)}
    decided = queries.known_needs(run.register)
    seen = set()
    for each in found:
        place = (each.screen, each.key)
        seen.add(place)
        flag = raised.get(place)
        if flag is not None:
            flag.run_id = run.id
            if set(each.needs) - set(flag.needs):
                flag.needs, flag.facts = list(each.needs), dict(each.facts)
            continue
        if place in decided and set(each.needs) <= decided[place]:
            continue
        lifecycle.begin(
            CollusionFlag(
                register=run.register,
                screen=each.screen,
                key=each.key,
                firms=list(each.firms),
                needs=list(each.needs),
                facts=dict(each.facts),
                run_id=run.id,
                raised_at=now,
            ),
            CollusionStatus.RAISED,
            actor,
            now,
        )
    for place, flag in raised.items():
        # a need that nobody else could enter stays a question after it has closed
        if place not in seen and flag.screen is not Screen.ONE_FITS:
            lifecycle.move(flag, CollusionStatus.LAPSED, actor, now)


def decide(
    flag: CollusionFlag, pursue: bool, reason: str, actor: Actor, now: datetime
) -> CollusionFlag:
    """Say what a flag is, with reasons: nothing wrong, or to be dealt with in its own procedure.

    A flag has no effect on an entry, an award, a score or a grade. Raises Conflict when it is
    decided, Invalid for too short a reason, Refused for an office that takes part in it.
    """
    lock(flag)
    now = max(now, clock.now())
    if actor.organisation_id in flag.firms:
        raise Refused(_("本单位与该情形有关，应当回避"), rule="recusal")
    if flag.status is not CollusionStatus.RAISED:
        raise Conflict(_("该提示已经办结"), rule="lifecycle")
    written = reason.strip()
    if not SHORTEST <= len(written) <= LONGEST:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field="reason",
            rule="collusion.reason",
        )
    flag.decision_reason, flag.decided_by, flag.decided_at = written, actor.user_id, now
    to = CollusionStatus.PURSUED if pursue else CollusionStatus.CLEARED
    lifecycle.move(flag, to, actor, now, reason=written)
    return flag

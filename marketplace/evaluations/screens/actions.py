"""Run the screens, raise and drop flags, decide on one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Refused
from marketplace.ratings.rules.weights import add_months

from ..queries import edition_of
from ..reviews.actions import written
from . import finding, queries
from .models import EvaluationFlag, FlagStatus, ScreenRun
from .rules import Finding


def screen(register: str, actor: Actor, now: datetime) -> ScreenRun:
    """Look through a register's marks: raise what is new, drop what is gone.

    A pattern on which somebody decided is raised again only with entries beyond those he knew.
    """
    day = clock.local_day(now)
    edition = edition_of(register, day)
    since = add_months(day, -edition.values.screen_months)
    marks = finding.marks_of(register, since, day)
    found = finding.find(register, marks, edition.values, day, since, now)
    counts: dict[str, set[int]] = {}
    for each in found:
        counts.setdefault(each.screen.value, set()).add(each.about)
    run = ScreenRun(
        register=register,
        day=day,
        at=now,
        edition_id=edition.id,
        firms=len({mark.about for mark in marks if mark.on_firm}),
        marks=len(marks),
        counts={name: len(firms) for name, firms in counts.items()},
        cursor=queries.cursor(register, day),
    )
    db.session.add(run)
    db.session.flush()
    audit.record("screen.run", actor, run, now, firms=run.firms, marks=run.marks)
    _raise_new(found, run, actor, now)
    return run


def _raise_new(found: Collection[Finding], run: ScreenRun, actor: Actor, now: datetime) -> None:
    raised = {(flag.screen, flag.key): flag for flag in queries.raised(run.register)}
    decided = queries.known_evidence(run.register)
    seen = set()
    for each in found:
        place = (each.screen, each.key)
        seen.add(place)
        flag = raised.get(place)
        if flag is not None:
            if set(each.evidence) - set(flag.evidence):
                flag.evidence = list(each.evidence)
                flag.facts = dict(each.facts)
                flag.run_id = run.id
            continue
        if place in decided and set(each.evidence) <= decided[place]:
            continue
        lifecycle.begin(
            EvaluationFlag(
                register=run.register,
                screen=each.screen,
                key=each.key,
                organisation_id=each.about,
                others=list(each.others),
                evidence=list(each.evidence),
                facts=dict(each.facts),
                run_id=run.id,
                raised_at=now,
            ),
            FlagStatus.RAISED,
            actor,
            now,
        )
    for place, flag in raised.items():
        if place not in seen:
            lifecycle.move(flag, FlagStatus.LAPSED, actor, now)


def decide(
    flag: EvaluationFlag, pursue: bool, reason: str, actor: Actor, now: datetime
) -> EvaluationFlag:
    """Say what a flag is, with reasons: nothing wrong, or handed on to be dealt with.

    Whatever follows is decided in its own procedure (a review of marks, a case); a flag has no
    effect on a score, a grade or an entry. Raises Refused for an office that takes part in it.
    """
    lock(flag)
    if actor.organisation_id in (flag.organisation_id, *flag.others):
        raise Refused(_("本单位与该情形有关，应当回避"), rule="recusal")
    if flag.status is not FlagStatus.RAISED:
        raise Conflict(_("该提示已经办结"), rule="lifecycle")
    flag.decision_reason = written(reason, "reason")
    flag.decided_by = actor.user_id
    flag.decided_at = now
    to = FlagStatus.PURSUED if pursue else FlagStatus.CLEARED
    lifecycle.move(flag, to, actor, now, reason=flag.decision_reason)
    return flag

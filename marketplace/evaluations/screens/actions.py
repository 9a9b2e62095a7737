"""Run the screens, raise and drop flags, decide on one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.ratings.rules.weights import add_months

from ..models import Evaluation
from ..queries import edition_of
from ..reviews.actions import open_review, written
from ..reviews.models import EvaluationReview, ReviewCause
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
    flag: EvaluationFlag,
    pursue: bool,
    reason: str,
    actor: Actor,
    now: datetime,
    marks: Collection[str] = (),
) -> EvaluationFlag:
    """Say what a flag is, with reasons: nothing wrong, or to be dealt with.

    ``marks`` are the public ids of evaluations of the flag to be looked into at once, each in a
    review of its own. Whatever else follows is decided in its own procedure (a case); a flag has no
    effect on a score, a grade or an entry. Raises Refused for an office that takes part in it.
    """
    lock(flag)
    now = max(now, clock.now())
    _no_part(flag, actor)
    if flag.status is not FlagStatus.RAISED:
        raise Conflict(_("该提示已经办结"), rule="lifecycle")
    if marks and not pursue:
        raise Invalid(_("予以排除的，不能同时核查评价"), field="marks", rule="screen.marks")
    flag.decision_reason = written(reason, "reason")
    flag.decided_by = actor.user_id
    flag.decided_at = now
    to = FlagStatus.PURSUED if pursue else FlagStatus.CLEARED
    lifecycle.move(flag, to, actor, now, reason=flag.decision_reason)
    if marks:
        _open_reviews(flag, marks, flag.decision_reason, actor, now)
    return flag


def review_marks(
    flag: EvaluationFlag, marks: Collection[str], grounds: str, actor: Actor, now: datetime
) -> list[EvaluationReview]:
    """Have more marks of a flag looked into that was found to need it.

    Raises Conflict for one that was cleared or is undecided, Invalid where no mark is named,
    Refused for an office that takes part in it.
    """
    lock(flag)
    now = max(now, clock.now())
    _no_part(flag, actor)
    if flag.status is not FlagStatus.PURSUED:
        raise Conflict(_("核实后认定需要处理的提示，方可核查其评价"), rule="lifecycle")
    return _open_reviews(flag, marks, written(grounds, "grounds"), actor, now)


def _open_reviews(
    flag: EvaluationFlag, marks: Collection[str], grounds: str, actor: Actor, now: datetime
) -> list[EvaluationReview]:
    """A review of each named mark, with the clock and the two officers of every other review."""
    wanted = set(marks)
    given: list[Evaluation] = [
        each for each in queries.reviewable(flag) if each.public_id in wanted
    ]
    if not wanted or len(given) < len(wanted):
        raise Invalid(_("请选择所依据的、尚未核查的评价"), field="marks", rule="screen.marks")
    made = [open_review(each, ReviewCause.SCREEN, grounds, actor, now, flag.id) for each in given]
    audit.record(
        "screen.reviewed",
        actor,
        flag,
        now,
        screen=flag.screen.value,
        flagged=flag.run.counts.get(flag.screen.value, 0),
        firms=flag.run.firms,
        reviews=[each.id for each in made],
    )
    return made


def _no_part(flag: EvaluationFlag, actor: Actor) -> None:
    if actor.organisation_id in (flag.organisation_id, *flag.others):
        raise Refused(_("本单位与该情形有关，应当回避"), rule="recusal")

"""The months' lists, and the draws made from them: what is drawn from what, what is published."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import selectinload

from marketplace.contracts.models import Contract
from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db, fetch
from marketplace.foundation.errors import Missing
from marketplace.foundation.heads import LedgerHead

from ..models import Evaluation, EvaluationWindow, WindowStatus
from ..queries import edition_of
from ..reviews.models import EvaluationReview, ReviewStatus
from ..rules import REVEALED_TOGETHER, EvaluationPolicy
from .models import (
    CallbackCause,
    CallbackDraw,
    CallbackList,
    CallbackStatus,
    EvaluationCallback,
)
from .rules import DRAWN_FROM, Listed, Standing, standing_of

LISTED = "callback.listed"
# older marks are asked about no more
LOOKED_BACK = 12


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(day: date) -> date:
    """The first day of the month before the day's."""
    return date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)


def _start(day: date) -> datetime:
    """When a day begins."""
    return calendar.moment(day, time(0))


def months_over(day: date) -> list[date]:
    """The months that are over on a day, as far back as anybody is still asked, oldest first."""
    found = [month_before(day)]
    while len(found) < LOOKED_BACK:
        found.append(month_before(found[-1]))
    return found[::-1]


def late_from(month: date) -> datetime:
    """From when on a month's list counts as late: it is made on the first day after the month, the
    draw on the second; a week leaves room for a site that stood still over holidays."""
    return _start(next_month(month) + timedelta(days=7))


def row_of(listed: CallbackList) -> AuditRow:
    """The row of the audit ledger that holds a list's hash."""
    return db.session.scalars(
        select(AuditRow).where(
            AuditRow.action == LISTED,
            AuditRow.subject_type == CallbackList.__tablename__,
            AuditRow.subject_id == str(listed.id),
        )
    ).one()


def head_over(listed: CallbackList) -> LedgerHead | None:
    """The first head that covers a list: that of the day its row was written; None before."""
    return db.session.get(LedgerHead, clock.local_day(row_of(listed).at))


def revealed_in(month: date, jurisdiction_code: str) -> list[Listed]:
    """Every evaluation of an owner, a firm or an assessor that an area revealed in a month, each
    under a salt of its own."""
    begins, ends = _start(month), _start(next_month(month))
    rows = db.session.execute(
        select(
            Evaluation,
            select(EvaluationReview.id)
            .where(
                EvaluationReview.evaluation_id == Evaluation.id,
                EvaluationReview.status == ReviewStatus.EXCLUDED,
            )
            .exists(),
            select(EvaluationCallback.edition_id)
            .where(
                EvaluationCallback.evaluation_id == Evaluation.id,
                EvaluationCallback.cause == CallbackCause.LOW,
            )
            .scalar_subquery(),
            EvaluationWindow.revealed_at,
        )
        .join(EvaluationWindow, EvaluationWindow.id == Evaluation.window_id)
        .join(Contract, Contract.id == EvaluationWindow.contract_id)
        .where(
            EvaluationWindow.status == WindowStatus.REVEALED,
            EvaluationWindow.revealed_at >= begins,
            EvaluationWindow.revealed_at < ends,
            Contract.jurisdiction_code == jurisdiction_code,
            # marks on departments are published as yearly aggregates alone
            Evaluation.direction.in_(REVEALED_TOGETHER),
        )
        .order_by(Evaluation.rating_entry_id)
        .options(selectinload(Evaluation.versions))
    )
    found = []
    for given, excluded, called_under, revealed_at in rows:
        # what was low is a matter of the edition of the reveal, whatever is in force by now
        low_up_to = (
            policy.by_id(EvaluationPolicy, called_under)
            if called_under is not None
            else edition_of(jurisdiction_code, clock.local_day(revealed_at))
        ).values.callback_up_to
        called = called_under is not None
        standing = standing_of(given.latest.marks, excluded, called, low_up_to)
        entry, salt = given.rating_entry_id or 0, secrets.token_hex(16)
        found.append(Listed(entry, given.public_id, standing, low_up_to, salt))
    return found


def unlisted(months: Sequence[date]) -> list[int]:
    """One window of each area and month that revealed something neither listed nor drawn."""
    if not months:
        return []
    return sorted(row[0] for row in fetch(_unlisted_statement(tuple(months))))


@lru_cache(maxsize=4)
def _unlisted_statement(months: tuple[date, ...]) -> Select[int]:
    """Of all months in one, kept while the months stay the same: asked at every look at the clock."""
    return select(union_all(*map(_unlisted_in, months)).subquery())


def _unlisted_in(month: date) -> Select[int]:
    begins, ends = _start(month), _start(next_month(month))
    done = select(CallbackList.jurisdiction_code).where(CallbackList.month == month)
    drawn = select(CallbackDraw.jurisdiction_code).where(CallbackDraw.month == month)
    return (
        select(func.min(EvaluationWindow.id).label("window_id"))
        .join(Contract, Contract.id == EvaluationWindow.contract_id)
        .where(
            EvaluationWindow.revealed_at >= begins,
            EvaluationWindow.revealed_at < ends,
            Contract.jurisdiction_code.not_in(done),
            Contract.jurisdiction_code.not_in(drawn),
        )
        .group_by(Contract.jurisdiction_code)
    )


def is_listed(jurisdiction_code: str, month: date) -> bool:
    """Whether an area's month has its list."""
    found = select(CallbackList.id).where(
        CallbackList.jurisdiction_code == jurisdiction_code, CallbackList.month == month
    )
    return db.session.scalar(found) is not None


def undrawn() -> list[int]:
    """The lists that nothing was drawn from yet, the oldest first."""
    return [row[0] for row in fetch(_undrawn_statement())]


@cache
def _undrawn_statement() -> Select[int]:
    drawn = select(CallbackDraw.id).where(
        CallbackDraw.jurisdiction_code == CallbackList.jurisdiction_code,
        CallbackDraw.month == CallbackList.month,
    )
    return select(CallbackList.id).where(~drawn.exists()).order_by(CallbackList.id)


def draw_of(listed: CallbackList) -> CallbackDraw | None:
    """The draw made from a list."""
    return db.session.scalar(
        select(CallbackDraw).where(
            CallbackDraw.jurisdiction_code == listed.jurisdiction_code,
            CallbackDraw.month == listed.month,
        )
    )


def population_of(listed: CallbackList) -> list[str]:
    """What of a list the sample is drawn from: tokens, or public ids in a list without tokens."""
    rows = [line.split("\t") for line in listed.lines]
    if listed.openings is None:
        return [reference for _entry, reference, standing in rows if standing == Standing.FULL]
    return [token for token, standing in rows if standing == DRAWN_FROM]


def still_to_call(listed: CallbackList, drawn: Sequence[str]) -> list[Evaluation]:
    """The drawn evaluations nobody is called about yet, in the order drawn."""
    opened = [Listed.opened(each) for each in listed.openings or ()]
    meant = {each.token: each.evaluation for each in opened}
    named = [meant.get(reference, reference) for reference in drawn]
    called = select(EvaluationCallback.evaluation_id)
    found = {
        each.public_id: each
        for each in db.session.scalars(
            select(Evaluation).where(Evaluation.public_id.in_(named), Evaluation.id.not_in(called))
        )
    }
    return [found[public_id] for public_id in named if public_id in found]


def calls_of(drawn: CallbackDraw) -> tuple[int, datetime | None]:
    """How many of a draw's call-backs are still to be made, and by when the last of them."""
    row = db.session.execute(
        select(func.count(), func.max(EvaluationCallback.due_at)).where(
            EvaluationCallback.draw_id == drawn.id,
            EvaluationCallback.status == CallbackStatus.WAITING,
        )
    ).one()
    return row[0], row[1]


def draw(public_id: str) -> CallbackDraw:
    """A draw by its public id; raises Missing."""
    found = db.session.scalar(select(CallbackDraw).where(CallbackDraw.public_id == public_id))
    if found is None:
        raise Missing(f"draw {public_id}")
    return found


def listed(public_id: str) -> CallbackList:
    """A month's list by its public id; raises Missing."""
    found = db.session.scalar(select(CallbackList).where(CallbackList.public_id == public_id))
    if found is None:
        raise Missing(f"list {public_id}")
    return found


@dataclass(frozen=True)
class Published:
    """One month of one area as the public page shows it: its list, its draw, or both.

    Months drawn before there were lists have none.
    """

    listed: CallbackList | None
    draw: CallbackDraw | None
    waiting: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the calls are made: before, nothing of the draw but its seed is told."""
        return self.draw is not None and not self.waiting

    @property
    def month(self) -> date:
        """The month of the reveals."""
        one = self.listed or self.draw
        assert one is not None
        return one.month

    @property
    def jurisdiction_code(self) -> str:
        """The area."""
        one = self.listed or self.draw
        assert one is not None
        return one.jurisdiction_code

    @property
    def population(self) -> int:
        """How many full marks the sample is drawn from."""
        if self.listed is not None:
            return len(population_of(self.listed))
        return len(self.draw.population) if self.draw is not None else 0

    @property
    def late(self) -> bool:
        """Whether the month was listed or drawn later than it is where nothing is missed."""
        if self.listed is None:
            return False
        late = late_from(self.month)
        return self.listed.listed_at >= late or (
            self.draw is not None and self.draw.drawn_at >= late + timedelta(days=1)
        )


def published(codes: Sequence[str], since: date) -> list[Published]:
    """The lists and draws of an area from a month on, the newest first."""
    found: dict[tuple[date, str], Published] = {}
    waiting = select(EvaluationCallback.draw_id, func.count().label("waiting"))
    waiting = waiting.where(EvaluationCallback.status == CallbackStatus.WAITING)
    left = waiting.group_by(EvaluationCallback.draw_id).subquery()
    for each, number in db.session.execute(
        select(CallbackDraw, func.coalesce(left.c.waiting, 0))
        .outerjoin(left, left.c.draw_id == CallbackDraw.id)
        .where(CallbackDraw.jurisdiction_code.in_(codes), CallbackDraw.month >= since)
    ):
        found[each.month, each.jurisdiction_code] = Published(None, each, number)
    for one in db.session.scalars(
        select(CallbackList).where(
            CallbackList.jurisdiction_code.in_(codes), CallbackList.month >= since
        )
    ):
        place = one.month, one.jurisdiction_code
        drawn = found.get(place)
        found[place] = Published(one, drawn.draw if drawn else None, drawn.waiting if drawn else 0)
    shown = [each for each in found.values() if each.population or each.listed is not None]
    return sorted(shown, key=lambda each: (-each.month.toordinal(), each.jurisdiction_code))

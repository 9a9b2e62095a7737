"""Reads about call-backs; the rates are what the public page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from marketplace.accounts.queries import register_of
from marketplace.contracts.models import Contract
from marketplace.foundation import calendar, clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing
from marketplace.foundation.heads import LedgerHead
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import Need

from ..models import Evaluation, EvaluationWindow, WindowStatus
from ..reviews.models import EvaluationReview, ReviewStatus
from ..rules import PARTIES, Direction, EvaluationPolicy
from .models import (
    CallbackCause,
    CallbackDraw,
    CallbackList,
    CallbackStatus,
    EvaluationCallback,
)
from .rules import Listed, Standing, standing_of

LISTED = "callback.listed"
# older marks are asked about no more
LOOKED_BACK = 12

# a list shows of each the contract and its need, and how often somebody tried
_SHOWN_WITH = (
    joinedload(EvaluationCallback.evaluation)
    .joinedload(Evaluation.window)
    .joinedload(EvaluationWindow.contract)
    .joinedload(Contract.need),
    selectinload(EvaluationCallback.attempts),
)


def callback(public_id: str) -> EvaluationCallback:
    """A call-back by its public id; raises Missing."""
    found = db.session.scalar(
        select(EvaluationCallback).where(EvaluationCallback.public_id == public_id)
    )
    if found is None:
        raise Missing(f"callback {public_id}")
    return found


def waiting(codes: Sequence[str], limit: int = 100) -> list[EvaluationCallback]:
    """The call-backs of an area still to be made, the nearest deadline first."""
    return list(
        db.session.scalars(
            select(EvaluationCallback)
            .where(
                EvaluationCallback.status == CallbackStatus.WAITING,
                EvaluationCallback.jurisdiction_code.in_(codes),
            )
            .order_by(EvaluationCallback.due_at, EvaluationCallback.id)
            .limit(as_written(limit))
            .options(*_SHOWN_WITH)
        )
    )


def made(codes: Sequence[str]) -> Select[EvaluationCallback]:
    """The call-backs of an area that were made, the newest first."""
    return (
        select(EvaluationCallback)
        .where(
            EvaluationCallback.status != CallbackStatus.WAITING,
            EvaluationCallback.jurisdiction_code.in_(codes),
        )
        .order_by(EvaluationCallback.done_at.desc(), EvaluationCallback.id.desc())
        .options(*_SHOWN_WITH)
    )


@dataclass(frozen=True)
class Contact:
    """Whom to call: as the owner named it in its need, or the firm in its register file."""

    name: str
    phone: str
    organisation_id: int


def contact_of(found: EvaluationCallback) -> Contact:
    """Whom to ask about an evaluation: the person served names who is reached, never the staff."""
    given = found.evaluation
    if given.direction is Direction.OWNER_TO_FIRM:
        need: Need = given.window.contract.need
        phone = need.contact_phone or given.rater.phone or ""
        return Contact(need.contact_name or "", phone, given.rater_organisation_id)
    firm = intermediaries.firm_of(given.rater_organisation_id, register_of(found.jurisdiction_code))
    name, phone = (firm.agent_name or "", firm.agent_phone or "") if firm else ("", "")
    return Contact(name, phone or given.rater.phone or "", given.rater_organisation_id)


# ---- the draw -------------------------------------------------------------------------------


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


def revealed_in(month: date, jurisdiction_code: str, values: EvaluationPolicy) -> list[Listed]:
    """Every evaluation between an owner and a firm that an area revealed in a month, by the number
    of its entry in the rating ledger."""
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
            select(EvaluationCallback.id)
            .where(EvaluationCallback.evaluation_id == Evaluation.id)
            .exists(),
        )
        .join(EvaluationWindow, EvaluationWindow.id == Evaluation.window_id)
        .join(Contract, Contract.id == EvaluationWindow.contract_id)
        .where(
            EvaluationWindow.status == WindowStatus.REVEALED,
            EvaluationWindow.revealed_at >= begins,
            EvaluationWindow.revealed_at < ends,
            Contract.jurisdiction_code == jurisdiction_code,
            # marks on departments are published as yearly aggregates alone
            Evaluation.direction.in_(PARTIES),
        )
        .order_by(Evaluation.rating_entry_id)
        .options(selectinload(Evaluation.versions))
    )
    return [
        Listed(
            given.rating_entry_id or 0,
            given.public_id,
            standing_of(given.latest.marks, excluded, called, values),
        )
        for given, excluded, called in rows
    ]


def unlisted(months: Sequence[date]) -> list[int]:
    """One window of each area and month that revealed something neither listed nor drawn."""
    if not months:
        return []
    # asked at every look at the clock: all months in one statement
    return sorted(db.session.scalars(union_all(*map(_unlisted_in, months))))


def _unlisted_in(month: date) -> Select[int]:
    begins, ends = _start(month), _start(next_month(month))
    done = select(CallbackList.jurisdiction_code).where(CallbackList.month == month)
    drawn = select(CallbackDraw.jurisdiction_code).where(CallbackDraw.month == month)
    return (
        select(func.min(EvaluationWindow.id))
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


def undrawn() -> list[CallbackList]:
    """The lists that nothing was drawn from yet, the oldest first."""
    drawn = select(CallbackDraw.id).where(
        CallbackDraw.jurisdiction_code == CallbackList.jurisdiction_code,
        CallbackDraw.month == CallbackList.month,
    )
    return list(
        db.session.scalars(select(CallbackList).where(~drawn.exists()).order_by(CallbackList.id))
    )


def draw_of(listed: CallbackList) -> CallbackDraw | None:
    """The draw made from a list."""
    return db.session.scalar(
        select(CallbackDraw).where(
            CallbackDraw.jurisdiction_code == listed.jurisdiction_code,
            CallbackDraw.month == listed.month,
        )
    )


def population_of(listed: CallbackList) -> list[str]:
    """The evaluations of a list that the sample is drawn from."""
    rows = (line.split("\t") for line in listed.lines)
    return [reference for _entry, reference, standing in rows if standing == Standing.FULL]


def still_to_call(drawn: Sequence[str]) -> list[Evaluation]:
    """The drawn evaluations nobody is called about yet, in the order drawn."""
    called = select(EvaluationCallback.evaluation_id)
    found = {
        each.public_id: each
        for each in db.session.scalars(
            select(Evaluation).where(Evaluation.public_id.in_(drawn), Evaluation.id.not_in(called))
        )
    }
    return [found[reference] for reference in drawn if reference in found]


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
    for each in db.session.scalars(
        select(CallbackDraw).where(
            CallbackDraw.jurisdiction_code.in_(codes), CallbackDraw.month >= since
        )
    ):
        found[each.month, each.jurisdiction_code] = Published(None, each)
    for one in db.session.scalars(
        select(CallbackList).where(
            CallbackList.jurisdiction_code.in_(codes), CallbackList.month >= since
        )
    ):
        place = one.month, one.jurisdiction_code
        drawn = found.get(place)
        found[place] = Published(one, drawn.draw if drawn else None)
    shown = [each for each in found.values() if each.population or each.listed is not None]
    return sorted(shown, key=lambda each: (-each.month.toordinal(), each.jurisdiction_code))


# ---- what is published ----------------------------------------------------------------------


@dataclass
class Rates:
    """The call-backs of a month and cause, by what they found."""

    month: date
    cause: CallbackCause
    counts: dict[CallbackStatus, int] = field(default_factory=dict)

    def of(self, status: str) -> int:
        """How many ended so."""
        return self.counts.get(CallbackStatus(status), 0)

    @property
    def total(self) -> int:
        """All call-backs to be made."""
        return sum(self.counts.values())

    @property
    def made(self) -> int:
        """Those made, whoever was reached."""
        return self.total - self.of("waiting")

    @property
    def share(self) -> int:
        """The share made, in whole per cent, rounded down: 100 only when none is left."""
        return self.made * 100 // self.total if self.total else 100


def rates(codes: Sequence[str], since: date) -> list[Rates]:
    """Call-backs by month and cause, the newest month first."""
    found: dict[tuple[date, CallbackCause], Rates] = {}
    rows = db.session.execute(
        select(
            EvaluationCallback.month,
            EvaluationCallback.cause,
            EvaluationCallback.status,
            func.count().label("number"),
        )
        .where(EvaluationCallback.jurisdiction_code.in_(codes), EvaluationCallback.month >= since)
        .group_by(EvaluationCallback.month, EvaluationCallback.cause, EvaluationCallback.status)
    )
    for row in rows:
        each = found.setdefault((row.month, row.cause), Rates(row.month, row.cause))
        each.counts.update({row.status: row.number})
    return sorted(found.values(), key=lambda each: (-each.month.toordinal(), each.cause))


def overdue(codes: Sequence[str], now: datetime) -> int:
    """How many call-backs should have been made by now."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(EvaluationCallback)
            .where(
                EvaluationCallback.status == CallbackStatus.WAITING,
                EvaluationCallback.jurisdiction_code.in_(codes),
                EvaluationCallback.due_at <= now,
            )
        )
        or 0
    )

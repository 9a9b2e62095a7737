"""When a clock's lamp changes colour and when people are reminded; how a sample is drawn."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

MICROSECOND = timedelta(microseconds=1)
SAMPLE_LABEL = "zjcs-sample/1\n"
_BLOCK_RANGE = 1 << 256


class Lamp(StrEnum):
    """The colour of a clock."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    OFF = "off"


class Stage(StrEnum):
    """The moments at which whoever must act is told of a running clock."""

    START = "start"
    AMBER = "amber"
    DUE_DAY = "due_day"
    RED = "red"


@dataclass(frozen=True)
class LampsPolicy:
    """(RULES section 2) Amber comes when ``amber_share`` of the time is used or ``amber_working_days`` are left,
    whichever is earlier, but never before ``earliest_share`` of it is used. Red: time is over.

    ``reminders`` are the stages at which a message goes out, ``due_day_hour`` the hour (Shanghai)
    of the one on the due day.
    """

    SECTION: ClassVar[str] = "lamps"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    amber_share: Annotated[Decimal, Ge(Decimal(0)), Le(Decimal(1))]
    amber_working_days: Annotated[int, Ge(0), Le(60)]
    earliest_share: Annotated[Decimal, Ge(Decimal(0)), Le(Decimal(1))]
    due_day_hour: Annotated[int, Ge(0), Le(23)]
    reminders: tuple[Stage, ...]

    @property
    def due_day_at(self) -> time:
        """The time of the due day at which its reminder goes out."""
        return time(self.due_day_hour)


def amber_from(
    policy: LampsPolicy, start: datetime, due: datetime, days_before_due: datetime
) -> datetime:
    """The instant a clock turns amber.

    ``days_before_due`` is the instant ``amber_working_days`` working days before ``due``; the
    working calendar, which rules do not read, gives it.
    """
    whole = (due - start) // MICROSECOND
    share = start + int(whole * policy.amber_share) * MICROSECOND
    earliest = start + int(whole * policy.earliest_share) * MICROSECOND
    return max(min(share, days_before_due), earliest)


def lamp(
    policy: LampsPolicy, start: datetime, due: datetime, days_before_due: datetime, now: datetime
) -> Lamp:
    """The colour at ``now``; at the due instant itself time is over."""
    if now >= due:
        return Lamp.RED
    if now >= amber_from(policy, start, due, days_before_due):
        return Lamp.AMBER
    return Lamp.GREEN


@dataclass(frozen=True)
class Moments:
    """The instants of one clock, ``due_day`` being the due day's morning."""

    start: datetime
    amber: datetime
    due_day: datetime
    due: datetime

    def at(self, stage: Stage) -> datetime:
        """When a stage begins; the due day's morning never before the start nor after the due."""
        return {
            Stage.START: self.start,
            Stage.AMBER: self.amber,
            Stage.DUE_DAY: min(max(self.due_day, self.start), self.due),
            Stage.RED: self.due,
        }[stage]

    def reached(self, now: datetime) -> Stage:
        """The last stage that has begun."""
        begun = [stage for stage in Stage if self.at(stage) <= now]
        return max(begun, key=lambda stage: (self.at(stage), list(Stage).index(stage)))

    def next_after(self, now: datetime) -> datetime | None:
        """When the next stage begins; None once the last has."""
        return min((self.at(stage) for stage in Stage if self.at(stage) > now), default=None)


# ---- a sample of an audit ---------------------------------------------------------


def population_sha256(references: Sequence[str]) -> str:
    """Hash of what is drawn from: one reference a line, sorted by bytes."""
    lines = sorted(f"{reference}\n".encode() for reference in references)
    return hashlib.sha256(b"".join(lines)).hexdigest()


def sample_seed(number: int, kind: str, population: str, head_seq: int, head: str) -> str:
    """Seed of a sample, bound to its running number, its population and the ledger's head.

    The head is that of the end of the day before, already published: who draws cannot choose it,
    and every drawing is numbered and stays, so that nobody draws until the result suits.
    """
    text = f"{SAMPLE_LABEL}{number}\n{kind}\n{population}\n{head_seq}\n{head}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def draw_sample(references: Sequence[str], size: int, seed: str) -> list[str]:
    """The first ``size`` of the references in drawn order (the shuffle of the verifiable draw)."""
    order = sorted(references, key=str.encode)
    numbers = _numbers(seed)
    for last in range(len(order) - 1, 0, -1):
        other = _below(last + 1, numbers)
        order[last], order[other] = order[other], order[last]
    return order[:size]


def _numbers(seed: str) -> Iterator[int]:
    counter = 0
    while True:
        block = hmac.new(seed.encode(), counter.to_bytes(8, "big"), hashlib.sha256).digest()
        yield int.from_bytes(block, "big")
        counter += 1


def _below(bound: int, numbers: Iterator[int]) -> int:
    limit = _BLOCK_RANGE - _BLOCK_RANGE % bound
    return next(number % bound for number in numbers if number < limit)

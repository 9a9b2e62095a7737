"""The ladder of cards and the bounds of a blacklisting. (RULES section 11)"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le


class Severity(StrEnum):
    """How grave what was found is; the edition sets the longest period for each."""

    SLIGHT = "slight"
    ORDINARY = "ordinary"
    SERIOUS = "serious"


class Colour(StrEnum):
    """Of a card."""

    YELLOW = "yellow"
    RED = "red"


class Step(StrEnum):
    """What the next breach leads to."""

    YELLOW = "yellow"
    RED = "red"
    REPORT = "report"


@dataclass(frozen=True)
class SanctionsPolicy:
    """Numbers about cards, cases, blacklistings, appeals and credit repair.

    ``correction_days``, ``statement_days``, ``appeal_days``, ``appeal_decision_days`` and
    ``repair_decision_days`` are working days, ``red_suspension_days`` natural days, the rest
    natural months. ``repair_*_months``: the shortest time a sanction of that severity is shown
    before credit repair may be granted; a yellow card counts as slight, a red one as ordinary.
    ``rectification_days``, ``hotline_days`` and ``transfer_days`` are working days to answer an
    order, a hotline order, a transfer; ``criticism_months`` how long a criticism is public.
    Every running contract of a firm graded as one of ``key_supervision_grades`` is inspected within
    ``inspection_days`` working days.
    """

    SECTION: ClassVar[str] = "sanctions"
    __pydantic_config__ = {"extra": "forbid"}

    correction_days: Annotated[int, Ge(1), Le(60)]
    repeat_months: Annotated[int, Ge(1), Le(36)]
    red_suspension_days: Annotated[int, Ge(1), Le(180)]
    statement_days: Annotated[int, Ge(3), Le(30)]
    appeal_days: Annotated[int, Ge(5), Le(60)]
    default_months: Annotated[int, Ge(1), Le(36)]
    slight_months: Annotated[int, Ge(1), Le(36)]
    ordinary_months: Annotated[int, Ge(1), Le(36)]
    serious_months: Annotated[int, Ge(1), Le(36)]

    # an edition from before these were asked is read with what the product ships
    appeal_decision_days: Annotated[int, Ge(5), Le(90)] = 30
    repair_decision_days: Annotated[int, Ge(1), Le(60)] = 10
    repair_slight_months: Annotated[int, Ge(0), Le(3)] = 0
    repair_ordinary_months: Annotated[int, Ge(3), Le(12)] = 3
    repair_serious_months: Annotated[int, Ge(12), Le(36)] = 12
    rectification_days: Annotated[int, Ge(1), Le(90)] = 15
    hotline_days: Annotated[int, Ge(1), Le(30)] = 5
    transfer_days: Annotated[int, Ge(1), Le(90)] = 20
    criticism_months: Annotated[int, Ge(1), Le(12)] = 3
    key_supervision_grades: tuple[Literal["C", "D"], ...] = ("C",)
    inspection_days: Annotated[int, Ge(1), Le(60)] = 20

    def shortest_shown(self, severity: Severity) -> int:
        """The shortest publicity (months) before credit repair, for what is that grave."""
        return {
            Severity.SLIGHT: self.repair_slight_months,
            Severity.ORDINARY: self.repair_ordinary_months,
            Severity.SERIOUS: self.repair_serious_months,
        }[severity]

    def longest(self, severity: Severity) -> int:
        """The longest blacklisting (months) for what is that grave."""
        return {
            Severity.SLIGHT: self.slight_months,
            Severity.ORDINARY: self.ordinary_months,
            Severity.SERIOUS: self.serious_months,
        }[severity]


@dataclass(frozen=True)
class IssuedCard:
    """A card in a firm's record, by the day it was issued."""

    colour: Colour
    issued_on: date


def next_step(cards: Iterable[IssuedCard], since: date) -> Step:
    """What one more breach leads to, given the cards issued on or after ``since``.

    First yellow; a second within the period red; after a red one the firm is reported to the
    competent department and grade D is proposed.
    """
    recent = {card.colour for card in cards if card.issued_on >= since}
    if Colour.RED in recent:
        return Step.REPORT
    return Step.RED if Colour.YELLOW in recent else Step.YELLOW

"""The base a table is entered with: one quantity, or one derived from several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from marketplace.fees.rules.bands import EXACT, ONE, ZERO, divide, percent, total_of
from marketplace.fees.rules.steps import N_, Wording, wording


@dataclass(frozen=True, slots=True)
class Direct:
    """The quantity itself."""

    of: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The quantities this base needs."""
        return (self.of,)

    def value(self, quantities: Mapping[str, Decimal]) -> tuple[Decimal, Wording | None]:
        """The base and, where it was derived, the words for how."""
        return quantities[self.of], None


@dataclass(frozen=True, slots=True)
class Weighted:
    """Quantities times weights, added (all weights 1: their sum)."""

    weights: tuple[tuple[str, Decimal], ...]

    def __post_init__(self) -> None:
        if not self.weights or any(weight <= ZERO for _, weight in self.weights):
            raise ValueError("权数应大于 0")

    @property
    def keys(self) -> tuple[str, ...]:
        """The quantities this base needs."""
        return tuple(key for key, _ in self.weights)

    def value(self, quantities: Mapping[str, Decimal]) -> tuple[Decimal, Wording | None]:
        """The base and the words for how it was made."""
        total = ZERO
        for key, weight in self.weights:
            total = EXACT.add(total, EXACT.multiply(quantities[key], weight))
        if all(weight == ONE for _, weight in self.weights):
            return total, wording(N_("计费基数为各项之和"))
        return total, wording(N_("计费基数为各项乘以权数之和"))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The largest or the mean of several quantities."""

    how: Literal["largest", "mean"]
    of: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.of) < 2:
            raise ValueError("至少需要两项数量")

    @property
    def keys(self) -> tuple[str, ...]:
        """The quantities this base needs."""
        return self.of

    def value(self, quantities: Mapping[str, Decimal]) -> tuple[Decimal, Wording | None]:
        """The base and the words for how it was made."""
        values = [quantities[key] for key in self.of]
        if self.how == "largest":
            return max(values), wording(N_("计费基数取各项中的最大者"))
        total = ZERO
        for value in values:
            total = EXACT.add(total, value)
        return divide(total, Decimal(len(values))), wording(N_("计费基数取各项的平均数"))


@dataclass(frozen=True, slots=True)
class CappedShare:
    """The 40 % equipment rule of 发改价格[2007]670号 1.0.8.

    ``full`` counts whole. While ``part`` (设备购置费 and 联合试运转费) is at most ``share`` of the
    total, it counts whole too; above, only ``share`` of it counts, but the base never falls
    below that of a project with the same ``full`` and exactly ``share`` of equipment.
    """

    full: str
    part: tuple[str, ...]
    share: Decimal
    rest: Decimal = field(init=False, repr=False, compare=False)
    words: tuple[Wording, Wording, Wording] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.part or not ZERO < self.share < ONE:
            raise ValueError("比例应大于 0 且小于 1，并至少有一项受限数量")
        object.__setattr__(self, "rest", EXACT.subtract(ONE, self.share))
        share = percent(self.share)
        words = (
            wording(N_("设备等费用未超过总额的 %(share)s，全部计入"), share=share),
            wording(N_("设备等费用超过总额的 %(share)s，按其 %(share)s 计入"), share=share),
            wording(
                N_("设备等费用超过总额的 %(share)s，计费额不低于其恰占 %(share)s 的同等工程"),
                share=share,
            ),
        )
        object.__setattr__(self, "words", words)

    @property
    def keys(self) -> tuple[str, ...]:
        """The quantities this base needs."""
        return (self.full, *self.part)

    def value(self, quantities: Mapping[str, Decimal]) -> tuple[Decimal, Wording | None]:
        """The base and the words for how it was made."""
        within, limited, lifted = self.words
        full, part = quantities[self.full], total_of(quantities[key] for key in self.part)
        total = EXACT.add(full, part)
        if part <= EXACT.multiply(total, self.share):
            return total, within
        counted = EXACT.add(full, EXACT.multiply(part, self.share))
        least = divide(full, self.rest)
        return (counted, limited) if counted >= least else (least, lifted)


@dataclass(frozen=True, slots=True)
class Beyond:
    """What several quantities together exceed a share of another one by, e.g. the cut beyond 5 %
    of the amount submitted; nothing where they stay within it."""

    of: tuple[str, ...]
    over: str
    share: Decimal

    def __post_init__(self) -> None:
        if not self.of or self.over in self.of or not ZERO < self.share < ONE:
            raise ValueError("比例应大于 0 且小于 1，并至少有一项数量")

    @property
    def keys(self) -> tuple[str, ...]:
        """The quantities this base needs."""
        return (*self.of, self.over)

    def value(self, quantities: Mapping[str, Decimal]) -> tuple[Decimal, Wording | None]:
        """The base and the words for how it was made."""
        total = total_of(quantities[key] for key in self.of)
        free = EXACT.multiply(quantities[self.over], self.share)
        how = wording(N_("只计超过 %(share)s 的部分"), share=percent(self.share))
        return max(ZERO, EXACT.subtract(total, free)), how


Base = Direct | Weighted | Chosen | CappedShare | Beyond

"""What firms quote, as the methods compare it: an amount, or a discount off the standard.

Everything here decides on plain values. Amounts are in yuan with two decimals; a discount is a
share (0.15 = 15 % off the standard). The lower amount is the better quote, and the higher
discount: the direction is part of the type, so that no method can take one for the other.
(RULES section 7)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class QuoteKind(StrEnum):
    """What is quoted."""

    AMOUNT = "amount"
    DISCOUNT = "discount"


class QuoteError(ValueError):
    """Quotes that cannot be compared: the text says which and why."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One firm's quote: its unified social credit code and the number it wrote."""

    credit_code: str
    value: Decimal


def checked(quotes: Iterable[Quote], kind: QuoteKind) -> list[Quote]:
    """The quotes in the order of their credit codes; raises QuoteError for a firm named twice or
    a number out of its bounds (an amount below zero or with parts of a fen, a discount not from 0
    to under 1)."""
    chosen = sorted(quotes, key=lambda quote: quote.credit_code)
    if len({quote.credit_code for quote in chosen}) != len(chosen):
        raise QuoteError("同一机构的报价出现两次")
    for quote in chosen:
        if not quote.value.is_finite() or quote.value < 0:
            raise QuoteError(f"{quote.credit_code}：报价应不小于 0")
        if kind is QuoteKind.DISCOUNT and quote.value >= 1:
            raise QuoteError(f"{quote.credit_code}：下浮率应小于 100%")
        if kind is QuoteKind.AMOUNT and quote.value != quote.value.quantize(Decimal("0.01")):
            raise QuoteError(f"{quote.credit_code}：报价最多两位小数")
    return chosen


def cost(quote: Quote, kind: QuoteKind) -> Fraction:
    """What the buyer would pay, exactly: the amount, or the share of the standard that is left."""
    value = Fraction(quote.value)
    return value if kind is QuoteKind.AMOUNT else 1 - value


def price_at(base: Decimal, discount: Decimal) -> Decimal:
    """What is paid at a discount (a share) off a base in yuan, rounded half up to a fen."""
    left = Fraction(base) * (1 - Fraction(discount))
    fen = (left.numerator * 200 + left.denominator) // (left.denominator * 2)
    return Decimal(fen) / 100


def mean(values: Sequence[Fraction]) -> Fraction:
    """The arithmetic mean, exactly: a third of ten is not rounded. Raises QuoteError without any."""
    if not values:
        raise QuoteError("没有报价")
    return sum(values, Fraction(0)) / len(values)


def grouped(quotes: Sequence[Quote], measures: Sequence[Fraction]) -> tuple[tuple[str, ...], ...]:
    """Credit codes in groups of equal measure, the smallest first; in a group by code, which
    means nothing: who comes first among equals is drawn."""
    groups: dict[Fraction, list[str]] = {}
    for quote, measure in zip(quotes, measures, strict=True):
        groups.setdefault(measure, []).append(quote.credit_code)
    return tuple(tuple(sorted(groups[measure])) for measure in sorted(groups))

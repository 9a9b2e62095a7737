"""How one price for several items is told apart: in proportion to the owner's own shares."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

FEN = 100


def split(price: Decimal, budgets: Sequence[Decimal]) -> list[Decimal]:
    """The shares of ``price`` (yuan, whole fen) for items with these ``budgets``, in their order.

    In proportion, exact to the fen by the largest remainder (of equal ones the item named
    first): the shares sum to the price, and none is above its budget while the price is not
    above all budgets together.
    """
    whole = _fen(price)
    weights = [_fen(each) for each in budgets]
    total = sum(weights)
    if whole < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("a price is told apart by budgets above nothing")
    shares = [whole * weight // total for weight in weights]
    most_left = sorted(range(len(weights)), key=lambda at: (-(whole * weights[at] % total), at))
    for at in most_left[: whole - sum(shares)]:
        shares[at] += 1
    return [Decimal(each) / FEN for each in shares]


def _fen(amount: Decimal) -> int:
    fen = amount * FEN
    if fen != int(fen):
        raise ValueError(f"{amount} has parts of a fen")
    return int(fen)

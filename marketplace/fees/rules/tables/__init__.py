"""The four tables that turn one number into a fee, and what they answer outside their range.

Rates are shares of money: they apply to the base expressed in the fee's unit. Amounts, points
and unit prices are already in the fee's unit. A bracket includes its upper edge.
"""

from __future__ import annotations

from .interpolated import Interpolated
from .outside import (
    BracketError,
    Clamp,
    FixedValue,
    Negotiated,
    Outside,
    PointError,
    Priced,
    RateOnExcess,
    RateOnWhole,
    Units,
)
from .progressive import Bracket, Progressive
from .simple import Linear, StepBracket, Stepped

Table = Linear | Stepped | Progressive | Interpolated

__all__ = [
    "Bracket",
    "BracketError",
    "Clamp",
    "FixedValue",
    "Interpolated",
    "Linear",
    "Negotiated",
    "Outside",
    "PointError",
    "Priced",
    "Progressive",
    "RateOnExcess",
    "RateOnWhole",
    "StepBracket",
    "Stepped",
    "Table",
    "Units",
]

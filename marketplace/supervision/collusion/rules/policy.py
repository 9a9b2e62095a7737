"""The numbers of the screens, from an edition."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True)
class CollusionPolicy:
    """Section `collusion`: what is enough to look. Shares are fractions of one."""

    SECTION: ClassVar[str] = "collusion"
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    months: Annotated[int, Ge(1), Le(60)] = 24
    every_days: Annotated[int, Ge(1), Le(31)] = 7
    least_quotes: Annotated[int, Ge(3), Le(50)] = 3
    variation_below: Annotated[Decimal, Gt(0), Le(1)] = Decimal("0.005")
    cover_needs: Annotated[int, Ge(2), Le(100)] = 3
    cover_distance: Annotated[Decimal, Gt(0), Le(1000)] = Decimal(4)
    rotation_needs: Annotated[int, Ge(3), Le(100)] = 5
    rotation_chance: Annotated[Decimal, Gt(0), Le(1)] = Decimal("0.2")
    together_needs: Annotated[int, Ge(2), Le(100)] = 4
    together_chance: Annotated[Decimal, Gt(0), Le(1)] = Decimal("0.01")
    shared_needs: Annotated[int, Ge(1), Le(100)] = 1
    shared_organisations: Annotated[int, Ge(2), Le(1000)] = 5
    documents_needs: Annotated[int, Ge(1), Le(100)] = 1
    documents_organisations: Annotated[int, Ge(2), Le(1000)] = 3
    generic_authors: tuple[str, ...] = ()
    generic_programs: tuple[str, ...] = ()
    wins_least: Annotated[int, Ge(2), Le(1000)] = 3
    wins_chance: Annotated[Decimal, Gt(0), Le(1)] = Decimal("0.01")
    late_minutes: Annotated[int, Ge(1), Le(1440)] = 10
    late_entries: Annotated[int, Ge(1), Le(100)] = 2
    fits_most: Annotated[int, Ge(1), Le(10)] = 1

"""The section ``fees`` of a policy edition: which standard applies to what, and does it bind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MinLen

from marketplace.fees.rules.bands import FEN, RoundingMode
from marketplace.fees.rules.standards import PriceForm

BasisDate = Literal["need_published", "award", "contract_signed"]
Text = Annotated[str, MinLen(1)]


@dataclass(frozen=True, kw_only=True)
class ItemFee:
    """How the price of one service item is judged.

    ``binds``: ``binding`` stops an offering, budget, quote, award or contract that breaks the
    standard; ``reference`` informs and asks for a reason beyond the deviation band. Binding
    needs a legal basis and a government price form; a reference needs the document that freed
    the price, or a basis that says why it only informs. ``basis_date`` names the day whose
    standard counts. Fields left out take the edition's own values.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    standard: Text
    variants: tuple[Text, ...] = ()
    binds: Literal["binding", "reference"]
    price_form: PriceForm
    legal_basis: str = ""
    freed_by: str = ""
    freed_on: date | None = None
    basis_date: BasisDate = "need_published"
    deviation_band: Annotated[Decimal, Ge(0), Le(1)] | None = None

    def __post_init__(self) -> None:
        if self.binds == "binding":
            if not self.legal_basis.strip():
                raise ValueError("binding 须写明 legal_basis")
            if self.price_form == "market":
                raise ValueError("市场调节价不能设为 binding")
        elif not self.freed_by.strip() and not self.legal_basis.strip():
            raise ValueError("reference 须写明 freed_by 或 legal_basis")
        if bool(self.freed_by.strip()) != (self.freed_on is not None):
            raise ValueError("freed_by 与 freed_on 应同时填写")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to read a layer's words. ``of``: the end of the standard's band the share is taken
    of; ``range_takes_low``: where the band is a range, its low end is the ceiling instead."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    code: Text
    title: Text
    of: Literal["low", "basic", "high"] = "high"
    range_takes_low: bool = False


@dataclass(frozen=True, kw_only=True)
class ShareLayer:
    """A local rule that a charge may be at most a share of the standard.

    ``share`` holds for every payer, or ``shares`` by payer class. With several ``readings``,
    ``reading`` names the one chosen; without a choice the answer is ``ambiguous``. ``items``:
    the service items it covers, all when empty.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    code: Text
    title: Text
    document: Text
    clause: str = ""
    share: Annotated[Decimal, Gt(0), Le(1)] | None = None
    shares: dict[str, Annotated[Decimal, Gt(0), Le(1)]] = field(default_factory=dict)
    readings: Annotated[tuple[Reading, ...], MinLen(1)]
    reading: str | None = None
    items: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if (self.share is None) == (not self.shares):
            raise ValueError("share 与 shares 应恰好写一项")
        codes = [reading.code for reading in self.readings]
        if len(set(codes)) != len(codes):
            raise ValueError("readings 代码重复")
        if self.reading is not None and self.reading not in codes:
            raise ValueError(f"reading“{self.reading}”不在 readings 中")

    def covers(self, item: str) -> bool:
        """Whether the layer applies to a service item."""
        return not self.items or item in self.items

    @property
    def in_use(self) -> tuple[Reading, ...]:
        """The reading chosen, or all of them while nobody has chosen."""
        if self.reading is None:
            return self.readings
        return tuple(reading for reading in self.readings if reading.code == self.reading)


@dataclass(frozen=True, kw_only=True)
class FeesPolicy:
    """Standards by service item code, local layers in order, and how deviation is measured.

    ``rounding_unit`` is in 元: the ceiling is rounded to a multiple of it, then half-up to the
    fen, and a price over it by at most this unit is ``rounding_only``. ``deviation_band`` is the
    share of the basic price beyond which a reference asks for a reason (RULES section 4).
    The reference band is drawn from the contracts of the last ``reference_months`` and shown from
    ``reference_contracts`` on; a price further than ``reference_band`` (a share) from their median
    is flagged and asks for a reason.
    """

    SECTION: ClassVar[str] = "fees"
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    items: dict[str, ItemFee] = field(default_factory=dict)
    layers: tuple[ShareLayer, ...] = ()
    deviation_band: Annotated[Decimal, Ge(0), Le(1)] = Decimal("0.30")
    reference_months: Annotated[int, Ge(1), Le(60)] = 12
    reference_contracts: Annotated[int, Ge(3), Le(1000)] = 5
    reference_band: Annotated[Decimal, Ge(0), Le(1)] = Decimal("0.30")
    rounding_unit: Annotated[Decimal, Gt(0), Le(10_000)] = FEN
    rounding_mode: RoundingMode = "half_up"

    def __post_init__(self) -> None:
        codes = [layer.code for layer in self.layers]
        if len(set(codes)) != len(codes):
            raise ValueError("layers 代码重复")
        for layer in self.layers:
            unknown = sorted(set(layer.items) - self.items.keys())
            if unknown:
                raise ValueError(f"layers“{layer.code}”的事项“{unknown[0]}”不在 items 中")

    def deviation_band_of(self, item: str) -> Decimal:
        """The item's own deviation band, or the edition's."""
        fee = self.items.get(item)
        own = fee.deviation_band if fee is not None else None
        return self.deviation_band if own is None else own

    def layers_of(self, item: str) -> tuple[ShareLayer, ...]:
        """The layers that cover a service item, in order."""
        return tuple(layer for layer in self.layers if layer.covers(item))

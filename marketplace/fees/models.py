"""Published standards as they were loaded, and every price check that was made."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation import epoch
from marketplace.foundation.db import DecimalText, EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.policy import PolicyEdition

from .rules.judging import Gate, Verdict
from .wording import (
    STAGES,
    Compared,
    LimitLine,
    compared,
    deviation_sentence,
    limit_lines,
    sentence,
    signed_share,
    title_and_tone,
)

# characters of a reason why a price deviates
SHORTEST_REASON = 5
LONGEST_REASON = 500


class FeeStandardEdition(Model):
    """One published standard as its file was loaded. Never edited: a change is a new edition."""

    __tablename__ = "fee_standard_editions"
    __table_args__ = (UniqueConstraint("standard_id", "effective_from"),)

    standard_id: Mapped[str] = mapped_column(String(40), index=True)
    title: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(120))
    issuer: Mapped[str] = mapped_column(String(120))
    effective_from: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]


epoch.watch_editions(FeeStandardEdition)


class PriceCheck(PublicIdMixin, Model):
    """The answer to one question, kept with the editions and steps it rests on.

    ``low``–``high`` is what the standard allows and ``basic_low``–``basic_high`` its basic price,
    in 元, exact; ``ceiling`` and ``floor`` are what the price was held against, in whole fen.
    ``binding``: what decided binds; ``stops``: the action may not go on; ``flagged``: it goes on
    and the bureau sees it; ``asks_reason``: the parties must say why, ``deviation_reason`` is what
    they said. ``limits``: every ceiling, in order; ``reference``: what like contracts were agreed
    at when it was compared. ``matter_*``: the need or firm the price belongs to. ``refused``: an
    attempt, kept after its own transaction was rolled back.
    """

    __tablename__ = "price_checks"
    __table_args__ = (
        CheckConstraint("price IS NULL OR price >= 0", name="price"),
        Index("ix_price_checks_subject", "subject_type", "subject_id"),
        Index(
            "ix_price_checks_flagged",
            "jurisdiction_code",
            "id",
            sqlite_where=text("flagged"),
            postgresql_where=text("flagged"),
        ),
    )

    stage: Mapped[Gate] = mapped_column(EnumText(Gate))
    subject_type: Mapped[str | None] = mapped_column(String(60))
    subject_id: Mapped[int | None]
    matter_type: Mapped[str | None] = mapped_column(String(60))
    matter_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    item_code: Mapped[str] = mapped_column(String(20), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    price: Mapped[Decimal | None] = mapped_column(Fen)
    discount: Mapped[Decimal | None] = mapped_column(DecimalText)
    inputs: Mapped[dict[str, str]] = mapped_column(JSON)
    verdict: Mapped[Verdict] = mapped_column(EnumText(Verdict))
    low: Mapped[Decimal | None] = mapped_column(DecimalText)
    high: Mapped[Decimal | None] = mapped_column(DecimalText)
    basic_low: Mapped[Decimal | None] = mapped_column(DecimalText)
    basic_high: Mapped[Decimal | None] = mapped_column(DecimalText)
    ceiling: Mapped[Decimal | None] = mapped_column(Fen)
    floor: Mapped[Decimal | None] = mapped_column(Fen)
    beyond: Mapped[Decimal | None] = mapped_column(DecimalText)
    deviation: Mapped[Decimal | None] = mapped_column(DecimalText)
    decided_by: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    binding: Mapped[bool]
    stops: Mapped[bool]
    flagged: Mapped[bool]
    asks_reason: Mapped[bool]
    deviation_reason: Mapped[str | None] = mapped_column(Text)
    refused: Mapped[bool] = mapped_column(server_default=false())
    standard_binds: Mapped[bool]
    freed_by: Mapped[str] = mapped_column(String(200))
    readings: Mapped[list[Any]] = mapped_column(JSON)
    missing: Mapped[list[Any]] = mapped_column(JSON)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    steps: Mapped[list[Any]] = mapped_column(JSON)
    limits: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    reference: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    policy_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    standard_edition_id: Mapped[int | None] = mapped_column(ForeignKey("fee_standard_editions.id"))
    standard_id: Mapped[str | None] = mapped_column(String(40))
    checked_at: Mapped[datetime]

    policy_edition: Mapped[PolicyEdition | None] = relationship()
    standard_edition: Mapped[FeeStandardEdition | None] = relationship()

    @property
    def message(self) -> str:
        """The verdict as one sentence, in the reader's language."""
        return sentence(self)

    @property
    def title(self) -> str:
        """The verdict in a few words, for a status tag."""
        return title_and_tone(self.verdict, self.binding)[0]

    @property
    def stage_title(self) -> str:
        """Where the price was checked, in words."""
        return str(STAGES[self.stage])

    @property
    def deviation_shown(self) -> str | None:
        """The distance from the basic price for a reader, e.g. ``-12.5%``."""
        return None if self.deviation is None else signed_share(self.deviation)

    @property
    def deviation_sentence(self) -> str:
        """What the parties are asked to explain: how far the price lies from what."""
        return deviation_sentence(self)

    @property
    def compared(self) -> Compared | None:
        """What like contracts were agreed at, for a reader."""
        return compared(self.reference)

    @property
    def limit_lines(self) -> list[LimitLine]:
        """Every ceiling the price was held against, the lowest marked."""
        return limit_lines(self)

    @property
    def tone(self) -> str:
        """The tone of the verdict for a status tag; what only informs is never bad."""
        return title_and_tone(self.verdict, self.binding)[1]


append_only(PriceCheck.__table__)  # type: ignore[arg-type]


class ConcludedPrice(Model):
    """What a contract was signed at (元), as it stands after its changes: what later prices of the
    same item and register are compared with. ``basic`` is the standard's basic price then."""

    __tablename__ = "concluded_prices"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        Index("ix_concluded_prices_like", "item_code", "register_code", "signed_on"),
    )

    contract_id: Mapped[int] = mapped_column(unique=True)
    item_code: Mapped[str] = mapped_column(String(20))
    register_code: Mapped[str] = mapped_column(String(12))
    signed_on: Mapped[date] = mapped_column(Date)
    price: Mapped[Decimal] = mapped_column(Fen)
    basic: Mapped[Decimal | None] = mapped_column(DecimalText)

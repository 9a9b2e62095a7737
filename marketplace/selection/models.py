"""Rounds of a need, entries, stored checks, public values, awards, annulments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from flask_babel import lazy_gettext as _l
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

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import (
    DecimalText,
    EnumText,
    Fen,
    Model,
    PublicIdMixin,
    new_public_id,
)
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.projects.models import Need


class RoundStatus(Status):
    """Where one publication of a need stands."""

    OPEN = "open", _l("报名中"), "info"
    LISTED = "listed", _l("名单已固定"), "info"
    DECIDED = "decided", _l("已选定"), "good"
    FAILED = "failed", _l("选取失败"), "bad"
    ANNULLED = "annulled", _l("已撤销"), "ended"
    WITHDRAWN = "withdrawn", _l("需求已撤回"), "ended"


class SelectionRound(PublicIdMixin, LifecycleMixin, Model):
    """One publication of a need and all that follows: attempt 1, and more after annulments.

    Of a sealed method: ``two_keys`` where its key is held by three, ``unsealed_at`` is when all quotes were opened, ``ranking`` the credit
    codes in the order of the method, equals as they were drawn (None before that is settled).
    """

    __tablename__ = "selection_rounds"
    __table_args__ = (
        UniqueConstraint("need_id", "attempt"),
        Index(
            "uq_selection_rounds_live",
            "need_id",
            unique=True,
            sqlite_where=text("status NOT IN ('annulled', 'withdrawn')"),
            postgresql_where=text("status NOT IN ('annulled', 'withdrawn')"),
        ),
        CheckConstraint("attempt >= 1", name="attempt"),
        CheckConstraint(
            "status = 'open' OR closed_at IS NOT NULL OR status = 'withdrawn'", name="closed"
        ),
        CheckConstraint("(proof IS NULL) = (drawn_at IS NULL)", name="proof"),
        CheckConstraint("proof IS NULL OR list_sha256 IS NOT NULL", name="drawn_after_list"),
        CheckConstraint("unsealed_at IS NULL OR closed_at IS NOT NULL", name="unsealed_closed"),
    )
    MOVES: ClassVar = {
        RoundStatus.OPEN: frozenset(
            {RoundStatus.LISTED, RoundStatus.FAILED, RoundStatus.WITHDRAWN}
        ),
        RoundStatus.LISTED: frozenset(
            {
                RoundStatus.DECIDED,
                RoundStatus.FAILED,
                RoundStatus.ANNULLED,
                RoundStatus.WITHDRAWN,
            }
        ),
        RoundStatus.DECIDED: frozenset(
            {RoundStatus.LISTED, RoundStatus.FAILED, RoundStatus.ANNULLED}
        ),
    }

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    attempt: Mapped[int]
    status: Mapped[RoundStatus] = mapped_column(EnumText(RoundStatus))
    commitment: Mapped[str] = mapped_column(String(64))
    edition_id: Mapped[int]
    opened_at: Mapped[datetime]
    lottery_game: Mapped[str | None] = mapped_column(String(8))
    lottery_day: Mapped[date | None] = mapped_column(Date, index=True)
    seal_public_key: Mapped[str | None] = mapped_column(String(64))
    commit_ends_at: Mapped[datetime | None]
    reveal_ends_at: Mapped[datetime | None]
    postponed: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    list_text: Mapped[str | None] = mapped_column(Text)
    list_sha256: Mapped[str | None] = mapped_column(String(64))
    drawn_at: Mapped[datetime | None]
    public_value: Mapped[str | None] = mapped_column(Text)
    proof: Mapped[str | None] = mapped_column(Text)
    two_keys: Mapped[bool] = mapped_column(default=False, server_default=false())
    unsealed_at: Mapped[datetime | None]
    ranking: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))

    need: Mapped[Need] = relationship()


class EntryStatus(Status):
    """Where an entry stands."""

    STANDING = "standing", _l("已报名"), "info"
    REPLACED = "replaced", _l("已更新"), "ended"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"
    LISTED = "listed", _l("进入名单"), "good"
    VOID = "void", _l("未进入名单"), "bad"


_LIVE_ENTRY = "status NOT IN ('replaced', 'withdrawn')"


class Entry(PublicIdMixin, LifecycleMixin, Model):
    """A firm's sign-up with its contribution, its price and the marketplace's signed receipt.

    A change makes a new row; `stands_since` is the receipt of the first. Of a sealed method
    `sealed` is what the firm quoted, enciphered to the round's key, `sealed_sha256` the commitment
    its receipt and the audit ledger name; `price` is empty until all quotes are opened, and so is
    `discount`, the share off the need's budget where that is what firms quote.
    """

    __tablename__ = "entries"
    __table_args__ = (
        Index(
            "uq_entries_live",
            "round_id",
            "organisation_id",
            unique=True,
            sqlite_where=text(_LIVE_ENTRY),
            postgresql_where=text(_LIVE_ENTRY),
        ),
        Index("ix_entries_organisation", "organisation_id", "status"),
        CheckConstraint("length(contribution) = 64", name="contribution"),
        CheckConstraint("price IS NULL OR price >= 0", name="price"),
        CheckConstraint("status <> 'void' OR void_reason IS NOT NULL", name="void_reason"),
    )
    MOVES: ClassVar = {
        EntryStatus.STANDING: frozenset(
            {EntryStatus.REPLACED, EntryStatus.WITHDRAWN, EntryStatus.LISTED, EntryStatus.VOID}
        ),
        EntryStatus.LISTED: frozenset({EntryStatus.WITHDRAWN}),
    }

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"), index=True)
    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    firm_id: Mapped[int]
    user_id: Mapped[int | None]
    status: Mapped[EntryStatus] = mapped_column(EnumText(EntryStatus))
    contribution: Mapped[str] = mapped_column(String(64))
    price: Mapped[Decimal | None] = mapped_column(Fen)
    discount: Mapped[Decimal | None] = mapped_column(DecimalText)
    sealed: Mapped[str | None] = mapped_column(Text)
    sealed_sha256: Mapped[str | None] = mapped_column(String(64))
    sealed_signature: Mapped[str | None] = mapped_column(String(128))
    price_check_id: Mapped[int | None]
    received_at: Mapped[datetime]
    stands_since: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(128))
    void_reason: Mapped[str | None] = mapped_column(String(500))

    round: Mapped[SelectionRound] = relationship()
    need: Mapped[Need] = relationship()
    organisation: Mapped[Organisation] = relationship()

    @property
    def quoted(self) -> Decimal:
        """The price in yuan; raises ValueError while it is sealed."""
        if self.price is None:
            raise ValueError(f"entry {self.id} is sealed")
        return self.price


class CheckStage(StrEnum):
    """When eligibility was asked."""

    ENTRY = "entry"
    CLOSING = "closing"
    AWARD = "award"


class EligibilityCheck(Model):
    """One rule's answer about one entry, with the grade record and edition it rests on."""

    __tablename__ = "eligibility_checks"

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    stage: Mapped[CheckStage] = mapped_column(EnumText(CheckStage))
    at: Mapped[datetime]
    rule: Mapped[str] = mapped_column(String(40))
    ok: Mapped[bool]
    fact: Mapped[str] = mapped_column(String(500))
    mend: Mapped[str] = mapped_column(String(500))
    grade: Mapped[str] = mapped_column(String(12))
    grade_record_id: Mapped[int | None]
    edition_id: Mapped[int]


append_only(EligibilityCheck.__table__)  # type: ignore[arg-type]


class LotteryReading(Model):
    """A lottery's issue as one officer of a bureau read it; the newest of each officer counts."""

    __tablename__ = "lottery_readings"
    __table_args__ = (Index("ix_lottery_readings_draw", "game", "day"),)

    game: Mapped[str] = mapped_column(String(8))
    day: Mapped[date] = mapped_column(Date)
    issue: Mapped[str] = mapped_column(String(12))
    numbers: Mapped[list[list[int]]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(300))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    at: Mapped[datetime]


append_only(LotteryReading.__table__)  # type: ignore[arg-type]


class LotteryResult(Model):
    """What two officers of a bureau read alike; one per bureau, lottery and day, never changed.

    A bureau's draws follow from what its own officers read: no other city's officers decide them.
    """

    __tablename__ = "lottery_results"
    __table_args__ = (
        UniqueConstraint("organisation_id", "game", "day"),
        UniqueConstraint("organisation_id", "game", "issue"),
        CheckConstraint("first_user_id <> second_user_id", name="two_officers"),
    )

    game: Mapped[str] = mapped_column(String(8))
    day: Mapped[date] = mapped_column(Date)
    issue: Mapped[str] = mapped_column(String(12))
    numbers: Mapped[list[list[int]]] = mapped_column(JSON)
    value: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(String(300))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    first_user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    second_user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


append_only(LotteryResult.__table__)  # type: ignore[arg-type]


class CeremonyNumberRow(Model):
    """A participant's number: committed and sealed, later revealed or opened from its copy."""

    __tablename__ = "ceremony_numbers"
    __table_args__ = (
        UniqueConstraint("round_id", "participant"),
        CheckConstraint("(number IS NULL) = (revealed_at IS NULL)", name="revealed"),
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"), index=True)
    participant: Mapped[str] = mapped_column(String(64))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int | None]
    commitment: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str] = mapped_column(Text)
    committed_at: Mapped[datetime]
    number: Mapped[str | None] = mapped_column(String(78))
    opened: Mapped[bool] = mapped_column(default=False)
    revealed_at: Mapped[datetime | None]


class AwardStatus(Status):
    """Where an award stands."""

    PROPOSED = "proposed", _l("待审批"), "warn"
    ANNOUNCED = "announced", _l("结果公示中"), "info"
    OFFERED = "offered", _l("待中选机构确认"), "warn"
    ACCEPTED = "accepted", _l("已确认中选"), "good"
    RETURNED = "returned", _l("审批退回"), "ended"
    DECLINED = "declined", _l("放弃中选"), "bad"
    LAPSED = "lapsed", _l("逾期未确认"), "bad"
    UPHELD = "upheld", _l("异议成立"), "bad"
    BARRED = "barred", _l("已不符合条件"), "bad"
    ANNULLED = "annulled", _l("已撤销"), "ended"


LIVE_AWARDS = (
    AwardStatus.PROPOSED,
    AwardStatus.ANNOUNCED,
    AwardStatus.OFFERED,
    AwardStatus.ACCEPTED,
)
_LIVE_AWARD = "status IN ('proposed', 'announced', 'offered', 'accepted')"


class Award(PublicIdMixin, LifecycleMixin, Model):
    """The choice of one entry for a need. At most one lives per need, by its index."""

    __tablename__ = "awards"
    __table_args__ = (
        Index(
            "uq_awards_live",
            "need_id",
            unique=True,
            sqlite_where=text(_LIVE_AWARD),
            postgresql_where=text(_LIVE_AWARD),
        ),
        Index("ix_awards_decided", "decided_at", "need_id"),
        UniqueConstraint("letter_number"),
        CheckConstraint("place >= 1", name="place"),
        CheckConstraint(
            "status NOT IN ('offered', 'accepted') OR (final_at IS NOT NULL "
            "AND accept_by IS NOT NULL)",
            name="final",
        ),
        CheckConstraint("status <> 'accepted' OR accepted_at IS NOT NULL", name="accepted"),
        CheckConstraint(
            "approved_by IS NULL OR proposed_by IS NULL OR approved_by <> proposed_by "
            "OR acts_alone",
            name="two_persons",
        ),
    )
    MOVES: ClassVar = {
        AwardStatus.PROPOSED: frozenset(
            {AwardStatus.ANNOUNCED, AwardStatus.RETURNED, AwardStatus.ANNULLED, AwardStatus.BARRED}
        ),
        AwardStatus.ANNOUNCED: frozenset(
            {AwardStatus.OFFERED, AwardStatus.UPHELD, AwardStatus.BARRED, AwardStatus.ANNULLED}
        ),
        AwardStatus.OFFERED: frozenset(
            {
                AwardStatus.ACCEPTED,
                AwardStatus.DECLINED,
                AwardStatus.LAPSED,
                AwardStatus.BARRED,
                AwardStatus.ANNULLED,
            }
        ),
        AwardStatus.ACCEPTED: frozenset({AwardStatus.BARRED, AwardStatus.ANNULLED}),
    }

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    status: Mapped[AwardStatus] = mapped_column(EnumText(AwardStatus))
    place: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Fen)
    price_check_id: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(1000))
    edition_id: Mapped[int]
    letter_number: Mapped[str] = mapped_column(String(40))
    proposed_by: Mapped[int | None]
    approved_by: Mapped[int | None]
    acts_alone: Mapped[bool] = mapped_column(default=False)
    decided_at: Mapped[datetime | None]
    notice_ends_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    accept_by: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]

    need: Mapped[Need] = relationship()
    round: Mapped[SelectionRound] = relationship()
    entry: Mapped[Entry] = relationship()
    organisation: Mapped[Organisation] = relationship()


class DrawAnnulment(Model):
    """A draw annulled by two officers, one of the superior bureau, for a published reason."""

    __tablename__ = "draw_annulments"
    __table_args__ = (
        Index(
            "uq_draw_annulments_open",
            "round_id",
            unique=True,
            sqlite_where=text("refused_at IS NULL"),
            postgresql_where=text("refused_at IS NULL"),
        ),
        Index("uq_draw_annulments_public_id", "public_id", unique=True),
        CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="two_officers"),
        CheckConstraint("length(reason) >= 20", name="reason"),
    )

    public_id: Mapped[str | None] = mapped_column(String(13), default=new_public_id)
    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    proposed_by: Mapped[int]
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None]
    approved_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]

    round: Mapped[SelectionRound] = relationship()

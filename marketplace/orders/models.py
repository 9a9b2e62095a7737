"""Orders and the firms asked, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation import lifecycle
from marketplace.foundation.db import EnumText, Fen, Model, PublicIdMixin
from marketplace.intermediaries.models import Firm, Offering
from marketplace.projects.models import Need


class OrderStatus(lifecycle.Status):
    """Where an order stands."""

    SUBMITTED = "submitted", _l("待审批"), "warn"
    ASKING = "asking", _l("待机构答复"), "info"
    QUOTED = "quoted", _l("待业主确认"), "warn"
    CONCLUDED = "concluded", _l("已成交"), "good"
    ENDED = "ended", _l("未成交"), "ended"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"


class AskStatus(lifecycle.Status):
    """Where one firm's part stands."""

    WAITING = "waiting", _l("候选"), "neutral"
    ASKED = "asked", _l("待答复"), "warn"
    QUOTED = "quoted", _l("已答复"), "info"
    TAKEN = "taken", _l("已成交"), "good"
    DECLINED = "declined", _l("不承接"), "ended"
    SILENT = "silent", _l("逾期未答复"), "ended"
    REFUSED = "refused", _l("业主未采纳"), "ended"
    LAPSED = "lapsed", _l("报价失效"), "ended"
    BARRED = "barred", _l("不符合条件"), "bad"
    SPARED = "spared", _l("未询到"), "ended"


LIVE_ORDERS = (OrderStatus.SUBMITTED, OrderStatus.ASKING, OrderStatus.QUOTED)
LIVE_ASKS = (AskStatus.ASKED, AskStatus.QUOTED)
_ONE_AT_A_TIME = "status IN ('asked', 'quoted', 'taken')"


class Order(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """What an owner orders. Its content stands in the need behind it, hidden until it is taken.

    ``quick``: under the rules of 小额快选. ``offering_id``: the listing that is ordered at its
    terms (None: the firms asked name their price). ``wanted_by`` is a Shanghai day.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("need_id"),
        CheckConstraint(
            "NOT two_person OR approver_id IS NULL OR approver_id <> proposer_id",
            name="two_persons",
        ),
        CheckConstraint(
            "status <> 'concluded' OR (approver_id IS NOT NULL AND concluded_at IS NOT NULL)",
            name="concluded",
        ),
        CheckConstraint("status NOT IN ('ended', 'withdrawn') OR outcome <> ''", name="outcome"),
        Index("ix_orders_owner", "owner_id", "status"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        OrderStatus.SUBMITTED: frozenset({OrderStatus.ASKING, OrderStatus.WITHDRAWN}),
        OrderStatus.ASKING: frozenset(
            {
                OrderStatus.QUOTED,
                OrderStatus.CONCLUDED,
                OrderStatus.ENDED,
                OrderStatus.WITHDRAWN,
            }
        ),
        OrderStatus.QUOTED: frozenset(
            {
                OrderStatus.ASKING,
                OrderStatus.CONCLUDED,
                OrderStatus.ENDED,
                OrderStatus.WITHDRAWN,
            }
        ),
    }

    status: Mapped[OrderStatus] = mapped_column(EnumText(OrderStatus))
    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    quick: Mapped[bool]
    offering_id: Mapped[int | None] = mapped_column(ForeignKey("offerings.id"), index=True)
    quantity: Mapped[str] = mapped_column(String(60))
    wanted_by: Mapped[date] = mapped_column(Date)
    two_person: Mapped[bool]
    proposer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    created_at: Mapped[datetime]
    concluded_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(1000), default="")

    need: Mapped[Need] = relationship()
    owner: Mapped[Organisation] = relationship()
    offering: Mapped[Offering | None] = relationship()

    @property
    def is_live(self) -> bool:
        """Neither concluded nor ended."""
        return self.status in LIVE_ORDERS


class OrderAsk(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """One firm of an order, in the owner's sequence. ``price`` is its quote, or the listing's."""

    __tablename__ = "order_asks"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("order_id", "organisation_id"),
        Index(
            "uq_order_asks_live",
            "order_id",
            unique=True,
            sqlite_where=text(_ONE_AT_A_TIME),
            postgresql_where=text(_ONE_AT_A_TIME),
        ),
        Index("ix_order_asks_firm", "organisation_id", "status"),
        CheckConstraint("price IS NULL OR price > 0", name="price"),
        CheckConstraint(
            "status NOT IN ('quoted', 'taken') OR (price IS NOT NULL AND answered_at IS NOT NULL)",
            name="answered",
        ),
        CheckConstraint("status <> 'asked' OR answer_by IS NOT NULL", name="asked"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        AskStatus.WAITING: frozenset({AskStatus.ASKED, AskStatus.BARRED, AskStatus.SPARED}),
        AskStatus.ASKED: frozenset(
            {
                AskStatus.QUOTED,
                AskStatus.TAKEN,
                AskStatus.DECLINED,
                AskStatus.SILENT,
                AskStatus.BARRED,
                AskStatus.SPARED,
            }
        ),
        AskStatus.QUOTED: frozenset(
            {
                AskStatus.TAKEN,
                AskStatus.REFUSED,
                AskStatus.LAPSED,
                AskStatus.BARRED,
                AskStatus.SPARED,
            }
        ),
    }

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    status: Mapped[AskStatus] = mapped_column(EnumText(AskStatus))
    asked_at: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    price: Mapped[Decimal | None] = mapped_column(Fen)
    stands_until: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(500), default="")

    order: Mapped[Order] = relationship()
    firm: Mapped[Firm] = relationship()
    organisation: Mapped[Organisation] = relationship()

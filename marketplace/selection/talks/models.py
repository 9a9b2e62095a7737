"""One question to one entrant, with its answer and perhaps a new price."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from ..models import Entry


class TalkStatus(Status):
    """Where a question stands."""

    ASKED = "asked", _l("待机构答复"), "warn"
    ANSWERED = "answered", _l("已答复"), "good"
    LAPSED = "lapsed", _l("逾期未答复"), "ended"


class Talk(PublicIdMixin, LifecycleMixin, Model):
    """A round of questions with one entrant; ``number`` counts from 1 for each.

    ``price_before`` is what the entry quoted when it was asked, ``price`` what it quotes since,
    both in yuan; None: the quote stays. ``edition_id`` is the one that bounds the rounds.
    """

    __tablename__ = "talks"
    __table_args__ = (
        UniqueConstraint("entry_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint(
            "status <> 'answered' OR (answer IS NOT NULL AND answered_at IS NOT NULL)",
            name="answered",
        ),
        CheckConstraint("price IS NULL OR price <= price_before", name="price"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        TalkStatus.ASKED: frozenset({TalkStatus.ANSWERED, TalkStatus.LAPSED}),
    }

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    number: Mapped[int]
    status: Mapped[TalkStatus] = mapped_column(EnumText(TalkStatus))
    edition_id: Mapped[int]
    question: Mapped[str] = mapped_column(String(1000))
    asked_by: Mapped[int | None]
    answer_by: Mapped[datetime]
    price_before: Mapped[Decimal] = mapped_column(Fen)
    answer: Mapped[str | None] = mapped_column(String(2000))
    price: Mapped[Decimal | None] = mapped_column(Fen)
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()

"""What may be found: an entry for each firm, item, need and notice the public may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    inspect,
)
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Organisation
from marketplace.catalogue.models import ServiceItem
from marketplace.foundation import epoch
from marketplace.foundation.db import Base, EnumText, Model
from marketplace.foundation.titles import Titled
from marketplace.intermediaries.models import Firm, Offering, Qualification
from marketplace.notices.models import PublicNotice
from marketplace.projects.models import Need


class Kind(Titled):
    """What kind of thing an entry is about; the value names it in ``search_pending`` too."""

    FIRM = "firm", _l("中介机构")
    ITEM = "item", _l("服务事项")
    NEED = "need", _l("需求公告")
    NOTICE = "notice", _l("公示公告")


class SearchEntry(Model):
    """What the public may find of one thing, made of its rows in the transaction that changed
    them. Only what its page shows to everybody stands here.

    ``names``: folded, one a line, the first its own, others what it is also called.
    ``readings``: a line for each of them. ``place``: the register, or the area, it belongs to.
    ``code``: a credit code, an item's or need's number, folded. ``facts``: what it is narrowed
    and ordered by, as ``entries`` writes them. ``shown``: False once it has left the public
    pages; the row stays, so that every process hears of it. ``version``: the public epoch of the
    change.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        UniqueConstraint("kind", "object_id"),
        Index("ix_search_entries_version", "version"),
    )

    kind: Mapped[Kind] = mapped_column(EnumText(Kind))
    object_id: Mapped[int]
    place: Mapped[str] = mapped_column(String(12))
    names: Mapped[str] = mapped_column(Text)
    readings: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    shown: Mapped[bool]
    version: Mapped[int]


class SearchPending(Model):
    """Something changed whose entry is not yet made anew: written by triggers on what entries are
    made of, whoever writes there, and taken away in the same transaction as its last act."""

    __tablename__ = "search_pending"

    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[int]


def _tell(model: type[Base], public: Callable[[Any], bool], *columns: str) -> None:
    """Raise the public epoch when a row is added that is ``public``, or one of ``columns`` of any
    row changes: only such a transaction looks for what is pending."""

    def added(_mapper: Any, _connection: Any, row: Any) -> None:
        if public(row):
            epoch.raise_public()

    def changed(_mapper: Any, _connection: Any, row: Any) -> None:
        attributes = inspect(row).attrs
        if any(attributes[name].history.has_changes() for name in columns):
            epoch.raise_public()

    event.listen(model, "after_insert", added)
    event.listen(model, "after_update", changed)


def _never(_row: Any) -> bool:
    return False


def _always(_row: Any) -> bool:
    return True


# what the triggers notice beyond what raises the public epoch already
_tell(Firm, _never, "paused")
_tell(Offering, _never, "paused", "areas")
_tell(Organisation, _never, "name", "credit_code", "jurisdiction_code")
_tell(Qualification, lambda row: row.verified_at is not None, "ended_at", "verified_at")
_tell(ServiceItem, _always, "name")
_tell(Need, lambda row: row.published_at is not None, "published_at", "title")
_tell(PublicNotice, _always, "status", "ends_at")

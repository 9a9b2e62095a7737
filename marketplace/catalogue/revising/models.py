"""What departments propose, and new editions under way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled
from marketplace.notices.models import PublicNotice

from ..models import CatalogueEdition
from ..rules.items import Item, item_of


class ProposalKind(Titled):
    """What a proposal asks for."""

    CHANGE = "change", _l("修改")
    ADD = "add", _l("新增")
    DROP = "drop", _l("取消")


class ProposalStatus(Status):
    """Where a proposal stands."""

    PROPOSED = "proposed", _l("待答复"), "warn"
    ACCEPTED = "accepted", _l("已采纳"), "info"
    REFUSED = "refused", _l("不采纳"), "bad"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"
    PUBLISHED = "published", _l("已公布"), "good"


class DraftStatus(Status):
    """Where a new edition stands."""

    DRAFT = "draft", _l("草稿"), "neutral"
    SUBMITTED = "submitted", _l("待审批"), "warn"
    SHOWN = "shown", _l("公示中"), "info"
    RETURNED = "returned", _l("已退回"), "bad"
    PUBLISHED = "published", _l("已公布"), "good"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"


EDITABLE = (DraftStatus.DRAFT, DraftStatus.RETURNED)
_OPEN_DRAFT = text("status IN ('draft', 'submitted', 'shown', 'returned')")
_OPEN_PROPOSAL = text("status IN ('proposed', 'accepted')")


class ListDraft(PublicIdMixin, LifecycleMixin, Model):
    """A new edition of a place's item list: the one before it with the accepted proposals.

    ``hands`` are the officers who worked on it: none of them may approve it. One at a time.
    """

    __tablename__ = "list_drafts"
    __table_args__ = (
        CheckConstraint("approved_by <> submitted_by", name="approved_by_another"),
        CheckConstraint("(status = 'published') = (edition_id IS NOT NULL)", name="edition"),
        Index(
            "uq_list_drafts_open",
            "jurisdiction_code",
            unique=True,
            sqlite_where=_OPEN_DRAFT,
            postgresql_where=_OPEN_DRAFT,
        ),
    )
    MOVES: ClassVar = {
        DraftStatus.DRAFT: frozenset({DraftStatus.SUBMITTED, DraftStatus.WITHDRAWN}),
        DraftStatus.SUBMITTED: frozenset(
            {DraftStatus.SHOWN, DraftStatus.RETURNED, DraftStatus.WITHDRAWN}
        ),
        DraftStatus.RETURNED: frozenset({DraftStatus.SUBMITTED, DraftStatus.WITHDRAWN}),
        DraftStatus.SHOWN: frozenset({DraftStatus.PUBLISHED, DraftStatus.RETURNED}),
    }

    status: Mapped[DraftStatus] = mapped_column(EnumText(DraftStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    title: Mapped[str] = mapped_column(String(120))
    document: Mapped[str] = mapped_column(String(120))
    effective_from: Mapped[date] = mapped_column(Date)
    base_id: Mapped[int] = mapped_column(ForeignKey("catalogue_editions.id"))
    policy_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    hands: Mapped[list[int]] = mapped_column(JSON)
    submitted_by: Mapped[int | None]
    approved_by: Mapped[int | None]
    returned_because: Mapped[str | None] = mapped_column(Text)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("public_notices.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("catalogue_editions.id"), unique=True)

    base: Mapped[CatalogueEdition] = relationship(foreign_keys=[base_id])
    notice: Mapped[PublicNotice | None] = relationship()
    proposals: Mapped[list[ItemProposal]] = relationship(
        back_populates="draft", order_by="ItemProposal.id"
    )

    @property
    def is_editable(self) -> bool:
        """Whether its head and its proposals may still change."""
        return self.status in EDITABLE


class ItemProposal(PublicIdMixin, LifecycleMixin, Model):
    """A change of one item, proposed by the office that is competent for it or by the bureau.

    ``content`` is the whole item as it is to be (none: it is to be dropped).
    """

    __tablename__ = "item_proposals"
    __table_args__ = (
        CheckConstraint("(kind = 'drop') = (content IS NULL)", name="content"),
        CheckConstraint("(status = 'refused') = (answer IS NOT NULL)", name="answer"),
        CheckConstraint("status <> 'accepted' OR draft_id IS NOT NULL", name="draft"),
        Index(
            "uq_item_proposals_open",
            "jurisdiction_code",
            "item_code",
            unique=True,
            sqlite_where=_OPEN_PROPOSAL,
            postgresql_where=_OPEN_PROPOSAL,
        ),
    )
    MOVES: ClassVar = {
        ProposalStatus.PROPOSED: frozenset(
            {ProposalStatus.ACCEPTED, ProposalStatus.REFUSED, ProposalStatus.WITHDRAWN}
        ),
        ProposalStatus.ACCEPTED: frozenset({ProposalStatus.PROPOSED, ProposalStatus.PUBLISHED}),
    }

    status: Mapped[ProposalStatus] = mapped_column(EnumText(ProposalStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[ProposalKind] = mapped_column(EnumText(ProposalKind))
    item_code: Mapped[str] = mapped_column(String(20))
    item_name: Mapped[str] = mapped_column(String(120))
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text)
    policy_edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("list_drafts.id"), index=True)

    organisation: Mapped[Organisation] = relationship()
    draft: Mapped[ListDraft | None] = relationship(back_populates="proposals")

    @property
    def told(self) -> Item | None:
        """The item as it is to be; None where it is to be dropped."""
        return None if self.content is None else item_of(self.content)

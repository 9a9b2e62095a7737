"""Editions of the item list and the service items in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation import epoch
from marketplace.foundation.db import EnumText, Model
from marketplace.foundation.titles import Titled

from .rules.guides import Guide, guide_of
from .rules.items import Item, Requirement, item_of


class PriceForm(Titled):
    """How the price of a service is formed."""

    GOVERNMENT_SET = "government_set", _l("政府定价")
    GOVERNMENT_GUIDED = "government_guided", _l("政府指导价")
    MARKET = "market", _l("市场调节价")


class DaysKind(Titled):
    """What days are counted."""

    WORKING = "working", _l("个工作日")
    NATURAL = "natural", _l("日")


class Commissioner(Titled):
    """Who must commission the service (委托主体)."""

    APPLICANT = "applicant", _l("申请人委托")
    DEPARTMENT = "department", _l("审批部门委托，费用不由申请人承担")


class Stage(Titled):
    """Where in a project a service stands."""

    PROJECT = "project", _l("立项用地规划许可")
    PERMIT = "permit", _l("工程建设许可")
    BUILD = "build", _l("施工许可")
    ACCEPT = "accept", _l("竣工验收")
    RUN = "run", _l("生产经营")


class CatalogueEdition(Model):
    """A published item list. Never edited: a change is a new edition.

    ``synonyms``: item code → what people also call it, for searching.
    """

    __tablename__ = "catalogue_editions"
    __table_args__ = (UniqueConstraint("jurisdiction_code", "effective_from"),)

    jurisdiction_code: Mapped[str] = mapped_column(String(12))
    effective_from: Mapped[date] = mapped_column(Date)
    title: Mapped[str] = mapped_column(String(120))
    document: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(Text)
    synonyms: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict, server_default="{}")
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]


# what an edition says of an item, the guide aside
STATED = (
    "code",
    "name",
    "category",
    "department_code",
    "department_name",
    "summary",
    "approval_items",
    "legal_basis",
    "statutory_days",
    "statutory_days_kind",
    "price_form",
    "result",
    "commissioned_by",
    "regional_assessment",
    "on_list",
    "materials",
    "qualifications",
    "qualification_rule",
    "effective_until",
    "parts",
)


class ServiceItem(Model):
    """A service that may be bought, as one edition states it. Texts are catalogue data (Chinese).

    ``qualifications``: list of ``{"type", "minimum_grade", "grades"}``; ``materials``: list of
    ``{"name", "kind"}`` with kind ``required`` (要件) or ``deferrable`` (可容缺).
    ``guide_content``: the guide as the edition states it, none in the first editions.
    ``parts``: codes of the items a packaged one bundles.
    """

    __tablename__ = "service_items"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("statutory_days > 0", name="statutory_days"),
        CheckConstraint("qualification_rule IN ('any', 'all')", name="qualification_rule"),
    )

    edition_id: Mapped[int] = mapped_column(ForeignKey("catalogue_editions.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(120))
    department_code: Mapped[str] = mapped_column(String(20))
    department_name: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text)
    approval_items: Mapped[list[str]] = mapped_column(JSON)
    legal_basis: Mapped[list[str]] = mapped_column(JSON)
    statutory_days: Mapped[int]
    statutory_days_kind: Mapped[DaysKind] = mapped_column(EnumText(DaysKind))
    price_form: Mapped[PriceForm] = mapped_column(EnumText(PriceForm))
    result: Mapped[str] = mapped_column(String(120))
    commissioned_by: Mapped[Commissioner] = mapped_column(EnumText(Commissioner))
    regional_assessment: Mapped[bool]
    on_list: Mapped[bool]
    materials: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    qualifications: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    qualification_rule: Mapped[str] = mapped_column(String(3))
    effective_from: Mapped[date] = mapped_column(Date)
    effective_until: Mapped[date | None] = mapped_column(Date)
    stage: Mapped[Stage | None] = mapped_column(EnumText(Stage))
    # long, and read on the item's own page alone
    guide_content: Mapped[dict[str, Any] | None] = mapped_column(JSON, deferred=True)
    parts: Mapped[list[str]] = mapped_column(JSON, server_default="[]")

    edition: Mapped[CatalogueEdition] = relationship()

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The qualifications asked for, ready for ``rules.qualified``."""
        return tuple(
            Requirement(
                type=row["type"],
                minimum_grade=row["minimum_grade"],
                grades=tuple(row["grades"]),
            )
            for row in self.qualifications
        )

    @property
    def guide(self) -> Guide | None:
        """The guide of the edition."""
        return None if self.guide_content is None else guide_of(self.guide_content)

    @property
    def told(self) -> Item:
        """The item as a plain value, as the edition stated it."""
        stated = {name: getattr(self, name) for name in STATED}
        return item_of({**stated, "guide": self.guide_content})


epoch.watch_editions(CatalogueEdition, ServiceItem)

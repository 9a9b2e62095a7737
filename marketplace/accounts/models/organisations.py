"""Jurisdictions and the bodies and persons that act in them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    String,
    UniqueConstraint,
    event,
    inspect,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation import epoch
from marketplace.foundation.db import Base, EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.titles import Titled


class OrganisationKind(Titled):
    """What an organisation is in law. Declared as ``value, title``."""

    COMPANY = "company", _l("公司")
    PARTNERSHIP = "partnership", _l("合伙企业")
    PUBLIC_INSTITUTION = "public_institution", _l("事业单位")
    LAW_FIRM = "law_firm", _l("律师事务所")
    NOTARY_OFFICE = "notary_office", _l("公证机构")
    INDIVIDUAL_BUSINESS = "individual_business", _l("个体工商户")
    AGENCY = "agency", _l("机关")
    VILLAGE_COMMITTEE = "village_committee", _l("村（居）民委员会")
    NATURAL_PERSON = "natural_person", _l("自然人")


class OrganisationFunction(StrEnum):
    """What an organisation is to the marketplace."""

    PARTY = "party"  # firm or owner, or both
    DEPARTMENT = "department"
    BUREAU = "bureau"
    SUPERIOR = "superior"  # the superior bureau, or discipline inspection


def _office_written(_mapper: Any, _connection: Any, row: Organisation) -> None:
    """Offices are part of what is remembered; of firms and owners only the name is listed."""
    if row.function is not OrganisationFunction.PARTY:
        epoch.raise_editions()
    elif inspect(row).attrs.name.history.has_changes():
        epoch.raise_public()


class Jurisdiction(Base):
    """A node of the tree of areas; GB/T 2260 codes down to county."""

    __tablename__ = "jurisdictions"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("jurisdictions.code"))
    is_register: Mapped[bool]


class Organisation(PublicIdMixin, Model):
    """Any body or person that acts here. Natural persons are never named in public."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("kind = 'natural_person' OR credit_code IS NOT NULL", name="credit_code"),
        UniqueConstraint("jurisdiction_code", "office_code"),
    )

    name: Mapped[str] = mapped_column(String(120), index=True)
    kind: Mapped[OrganisationKind] = mapped_column(EnumText(OrganisationKind))
    function: Mapped[OrganisationFunction] = mapped_column(EnumText(OrganisationFunction))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    office_code: Mapped[str | None] = mapped_column(String(20))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    legal_representative: Mapped[str | None] = mapped_column(String(60))
    address: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(200))
    identity_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    jurisdiction: Mapped[Jurisdiction] = relationship()

    @property
    def public_name(self) -> str:
        """How the organisation is named in public."""
        return public_name(self.kind, self.name)


class OrganisationCertificate(Model):
    """The certificate a village committee registers with (基层群众性自治组织特别法人)."""

    __tablename__ = "organisation_certificates"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), unique=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    stored_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    file: Mapped[StoredFile] = relationship()


def public_name(kind: OrganisationKind, name: str) -> str:
    """How an organisation is named in public: natural persons as 自然人."""
    if kind is OrganisationKind.NATURAL_PERSON:
        return str(OrganisationKind.NATURAL_PERSON.title)
    return name


epoch.watch_editions(Jurisdiction)
event.listen(Organisation, "after_insert", _office_written)
event.listen(Organisation, "after_update", _office_written)

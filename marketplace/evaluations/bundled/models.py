"""Departments' scores of years that have ended."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import Model, PublicIdMixin
from marketplace.foundation.ledger import append_only

from .rules import Facts

COUNTED = (
    "firms",
    "marks",
    "mark_total",
    "contracts",
    "late",
    "versions",
    "returned",
    "silent",
)


class DepartmentYear(PublicIdMixin, Model):
    """A department's score of one year, append-only: facts, evidence, edition, score.

    ``demands`` and ``listing_edition_id`` (what an off-list demand takes off) are none in years
    settled before such demands could be reported, and then no part of the digest.
    ``evidence`` names the contracts (key, late, versions, returned) and the unanswered checks;
    of the marks it keeps the digest of their commitments alone. ``digest`` covers all of it and
    stands in the audit ledger.
    """

    __tablename__ = "department_years"
    __table_args__ = (
        UniqueConstraint("department_id", "year"),
        CheckConstraint("settled_on > ends_on", name="ended"),
        CheckConstraint("firms >= least_firms", name="least_firms"),
        CheckConstraint(
            "(firms IS NULL) = (marks IS NULL) AND (firms IS NULL) = (mark_total IS NULL)",
            name="marks",
        ),
        CheckConstraint("(demands IS NULL) = (listing_edition_id IS NULL)", name="listing_edition"),
        CheckConstraint("hundredths BETWEEN 0 AND 10000", name="score"),
    )

    department_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    year: Mapped[int]
    ends_on: Mapped[date] = mapped_column(Date)
    settled_on: Mapped[date] = mapped_column(Date)
    settled_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    least_firms: Mapped[int]
    firms: Mapped[int | None]
    marks: Mapped[int | None]
    mark_total: Mapped[int | None]
    contracts: Mapped[int]
    late: Mapped[int]
    versions: Mapped[int]
    returned: Mapped[int]
    silent: Mapped[int]
    demands: Mapped[int | None]
    listing_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    hundredths: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))

    department: Mapped[Organisation] = relationship()

    @property
    def facts(self) -> Facts:
        """What was counted."""
        return Facts(**{name: getattr(self, name) for name in COUNTED}, demands=self.demands or 0)

    def content_digest(self) -> str:
        """SHA-256 over whose score it is, of which year, by which edition, and all it rests on."""
        counted = {name: getattr(self, name) for name in COUNTED}
        named = {
            "department": self.department_id,
            "year": self.year,
            "edition": self.edition_id,
            "least_firms": self.least_firms,
            "evidence": self.evidence,
            "hundredths": self.hundredths,
        }
        demanded = {"demands": self.demands, "listing_edition": self.listing_edition_id}
        return digest({**counted, **named, **(demanded if self.demands is not None else {})})


append_only(DepartmentYear.__table__)  # type: ignore[arg-type]

"""The audit ledger, samples of it, and who is who."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.accounts.overseeing import organisations_of
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow, Finding
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Invalid
from marketplace.intermediaries import queries as intermediaries
from marketplace.sanctions.models import Case

from ..models import AuditSample

LONGEST_RANGE = 5000


# ---- the audit ledger ----------------------------------------------------------


def events(actor: Actor) -> Select[AuditRow]:
    """What the people of the auditor's area did and what the clock did, newest first.

    The chain is one for the installation, so anybody who audits recomputes all of it; whose deeds
    are listed follows the area.
    """
    return (
        select(AuditRow)
        .where(
            AuditRow.organisation_id.is_(None)
            | AuditRow.organisation_id.in_(organisations_of(actor))
        )
        .order_by(AuditRow.seq.desc())
    )


def event_count() -> int:
    """How many events the ledger holds."""
    return db.session.scalar(select(func.count()).select_from(AuditRow)) or 0


@dataclass(frozen=True)
class Verification:
    """A stretch of the ledger recomputed: its range, its time, and what does not fit."""

    first: int
    last: int
    findings: list[Finding]
    from_at: datetime | None
    to_at: datetime | None


def read_range(first: str, last: str, newest: int) -> tuple[int, int]:
    """A range somebody typed; raises Invalid that says what is wrong with it."""
    numbers = []
    for name, text in (("first", first), ("last", last)):
        cleaned = text.strip()
        if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= 15):
            raise Invalid(_("序号请填写正整数"), field=name, rule="ledger.range")
        numbers.append(int(cleaned))
    begin, end = numbers
    if not 1 <= begin <= newest:
        raise Invalid(
            _("起始序号应在 1 至 %(newest)s 之间", newest=newest),
            field="first",
            rule="ledger.range",
        )
    if end > newest:
        raise Invalid(
            _("截止序号不能大于最新序号 %(newest)s", newest=newest),
            field="last",
            rule="ledger.range",
        )
    if end < begin:
        raise Invalid(_("截止序号不能小于起始序号"), field="last", rule="ledger.range")
    if end - begin >= LONGEST_RANGE:
        raise Invalid(
            _("一次最多校验 %(count)s 条，请缩小范围", count=LONGEST_RANGE),
            field="last",
            rule="ledger.range",
        )
    return begin, end


def verify_range(first: int, last: int) -> Verification:
    """Recompute rows ``first`` to ``last``, both included."""
    findings = list(audit.verify(first, last))
    times = db.session.execute(
        select(func.min(AuditRow.at), func.max(AuditRow.at)).where(
            AuditRow.seq.between(first, last)
        )
    ).one()
    return Verification(first, last, findings, times[0], times[1])


def verifications(limit: int = 10) -> list[AuditRow]:
    """The latest verifications, as the ledger itself keeps them."""
    return list(
        db.session.scalars(
            select(AuditRow)
            .where(AuditRow.action == "ledger.verified")
            .order_by(AuditRow.seq.desc())
            .limit(as_written(limit))
        )
    )


# ---- samples ------------------------------------------------------------------------


def samples(codes: Sequence[str]) -> Select[AuditSample]:
    """Audit samples of these jurisdictions, unfinished ones first, then the newest."""
    return (
        select(AuditSample)
        .where(AuditSample.jurisdiction_code.in_(codes))
        .order_by(AuditSample.signed_at.is_not(None), AuditSample.id.desc())
    )


def people(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of officers by key."""
    keys = [key for key in ids if key is not None]
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(keys)))
    return {row.id: row.name for row in rows}


def offered_codes(case: Case) -> set[str]:
    """What the firm a case is about offers now on the register that serves the case's place."""
    register = accounts.register_of(case.jurisdiction_code)
    firm = intermediaries.firm_of(case.organisation_id, register)
    return {each.item_code for each in intermediaries.offerings(firm.id)} if firm else set()

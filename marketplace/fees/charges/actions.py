"""Judging a file of charges and keeping what came out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import insert

from marketplace.accounts.areas import areas
from marketplace.accounts.permissions import Permission
from marketplace.fees.answering import Answer, answer
from marketplace.fees.rules.bands import ZERO, plain
from marketplace.fees.rules.judging import Gate, Verdict
from marketplace.fees.rules.steps import Wording
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.money import MAX_AMOUNT, to_fen

from .models import Charge, ChargeAudit
from .reading import Charged, read_charges

# what is kept of a judgement must lie within what the database holds
_AMOUNTS = ("low", "high", "ceiling", "floor", "beyond")


def audit_charges(
    content: bytes, file_name: str, title: str, actor: Actor, now: datetime
) -> ChargeAudit:
    """Judge every charge of a file by the editions of its own day and keep the answers.

    Raises BadCells with every cell that cannot be used, Invalid where the file or an amount
    cannot be used at all; then nothing is kept.
    """
    code = actor.jurisdiction or str(current_app.config["JURISDICTION"])
    area = areas().get(code)
    if area is None:
        raise Conflict(_("本单位没有所在地区，不能核对"), rule="charges.place")
    charges = read_charges(content, area, clock.local_day(now))
    rows = [_judged(each) for each in charges]
    made = ChargeAudit(
        title=title or file_name,
        file_name=file_name,
        sha256=sha256_hex(content),
        jurisdiction_code=code,
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        user_id=actor.user_id,
        by_office=actor.may(Permission.SUPERVISION_VIEW),
        row_count=len(rows),
        charged=_sum(row["price"] for row in rows),
        above=_sum(row["beyond"] for row in rows if _above(row) and row["binding"]),
        above_reference=_sum(row["beyond"] for row in rows if _above(row) and not row["binding"]),
        made_at=now,
    )
    db.session.add(made)
    db.session.flush()
    for row in rows:
        row["charge_audit_id"] = made.id
    db.session.execute(insert(Charge), rows)
    audit.record(
        "charges.done",
        actor,
        made,
        now,
        sha256=made.sha256,
        rows=made.row_count,
        above=str(made.above),
    )
    return made


def _above(row: dict[str, Any]) -> bool:
    return row["verdict"] is Verdict.ABOVE_CEILING


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, ZERO)


def _judged(charge: Charged) -> dict[str, Any]:
    try:
        told = answer(charge.pricing, charge.inputs, charge.price, gate=Gate.CONTRACT)
        row = _row(charge, told)
    except Invalid as error:
        raise _refused(charge, error.message, error.rule) from error
    except ArithmeticError as error:
        # more digits than amounts are reckoned with
        raise _refused(charge, _too_large(), "charges.amount") from error
    if any(row[key] is not None and row[key] > MAX_AMOUNT for key in _AMOUNTS):
        raise _refused(charge, _too_large(), "charges.amount")
    return row


def _too_large() -> str:
    return str(_("金额超出可以计算的范围，请核对计费基数、单位和系数"))


def _refused(charge: Charged, reason: str, rule: str | None) -> Invalid:
    message = _("第 %(row)s 行：%(reason)s", row=charge.number, reason=reason)
    return Invalid(message, field="file", rule=rule)


def _row(charge: Charged, told: Answer) -> dict[str, Any]:
    found = charge.pricing
    judged, band = told.judged, told.calculation.band
    return {
        "number": charge.number,
        "item_code": found.item_code,
        "subject": charge.subject,
        "firm": charge.firm,
        "jurisdiction_code": found.jurisdiction_code,
        "day": charge.day,
        "price": charge.price,
        "inputs": charge.inputs,
        "note": charge.note,
        "verdict": judged.verdict,
        "binding": judged.binding,
        "standard_binds": found.binds,
        "freed_by": found.fee.freed_by if found.fee is not None else "",
        "low": _exact(band.low if band else None),
        "high": _exact(band.high if band else None),
        "ceiling": judged.ceiling,
        "floor": judged.floor,
        "beyond": to_fen(judged.by) if judged.decided_by is not None else None,
        "decided_by": _limit(told),
        "readings": [[title, str(to_fen(amount))] for title, amount in judged.readings],
        "reason": _words(judged.reason),
        "steps": [step.as_record() for step in judged.steps],
        "policy_edition_id": found.edition.id if found.edition is not None else None,
        "standard_edition_id": found.standard_edition.id if found.standard_edition else None,
    }


def _exact(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else Decimal(plain(amount, 10))


def _limit(told: Answer) -> dict[str, str] | None:
    """The limit that decided, as it was compared: the price less what it is beyond."""
    judged = told.judged
    limit = judged.decided_by
    if limit is None:
        return None
    below = judged.verdict is Verdict.BELOW_FLOOR
    edge = judged.price + judged.by if below else judged.price - judged.by
    return {
        "source": limit.source.value,
        "title": limit.title,
        "document": limit.document,
        "clause": limit.clause,
        "limit": str(edge),
    }


def _words(reason: Wording | None) -> dict[str, object] | None:
    return None if reason is None else {"text": reason.text, "values": dict(reason.values)}

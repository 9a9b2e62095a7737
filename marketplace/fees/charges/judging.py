"""Judging a file of charges: every row by the editions of its own day. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from marketplace.accounts.areas import Area
from marketplace.fees.answering import Answer, answer
from marketplace.fees.rules.bands import ZERO, plain
from marketplace.fees.rules.judging import Gate, Verdict
from marketplace.fees.rules.steps import Wording
from marketplace.foundation.errors import DomainError, Invalid
from marketplace.foundation.languages import for_storing
from marketplace.foundation.money import MAX_AMOUNT, to_fen

from .reading import BadCells, Charged, read_charges

Progress = Callable[[int, int], None]
_EVERY = 250
# what is kept of a judgement must lie within what the database holds
_AMOUNTS = ("low", "high", "ceiling", "floor", "beyond")


@dataclass
class Outcome:
    """What came of a file: every charge judged, or every bad cell, or why none can be judged.

    ``rows`` are columns of ``charges`` without the audit they belong to. Sums in 元.
    """

    total: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[list[Any]] = field(default_factory=list)
    refusal: str | None = None

    @property
    def sums(self) -> dict[str, Any]:
        """How many charges, the sum charged, what lies above what binds and what informs."""
        above = [row for row in self.rows if row["verdict"] is Verdict.ABOVE_CEILING]
        return {
            "row_count": len(self.rows),
            "charged": _sum(row["price"] for row in self.rows),
            "above": _sum(row["beyond"] for row in above if row["binding"]),
            "above_reference": _sum(row["beyond"] for row in above if not row["binding"]),
        }


@for_storing()
def judge_file(content: bytes, area: Area, today: date, progress: Progress) -> Outcome:
    """Read and judge a file whole. ``progress(done, total)`` is told on the way, in rows; what is
    wrong is told by cell, or by row where an amount is too large to be reckoned with."""
    # its cells, what they mean, and the judging are a third of the work each
    try:
        charges = read_charges(
            content,
            area,
            today,
            lambda step, done, total: progress((step * total + done) // 3, total),
        )
    except BadCells as error:
        return Outcome(problems=[problem.as_record() for problem in error.problems])
    except DomainError as error:
        return Outcome(refusal=error.message)
    total = len(charges)
    found = Outcome(total)
    for number, charge in enumerate(charges):
        if number % _EVERY == 0:
            progress((2 * total + number) // 3, total)
        try:
            found.rows.append(_judged(charge))
        except Invalid as error:
            return Outcome(total, refusal=error.message)
    return found


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

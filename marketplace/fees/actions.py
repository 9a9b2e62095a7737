"""Publishing standards; checking a price and keeping the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import Model, db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.money import to_fen

from . import queries
from .models import FeeStandardEdition, PriceCheck
from .queries import Pricing
from .rules.bands import FEN, ONE, ZERO, round_to, settle
from .rules.calculating import Calculation
from .rules.inputs import PAYER_CLASS
from .rules.judging import Gate, Judgement, Question, judge, judge_discount
from .rules.limits import Commitment, Limit, rounded_ceiling, rounded_floor
from .rules.reading.files import read_standards
from .rules.reading.sections import EditionError
from .rules.steps import Wording


def load_standards(folder: Path, actor: Actor, now: datetime) -> list[FeeStandardEdition]:
    """Publish every standard in ``folder`` that is not stored yet; returns what is new.

    The folder is read whole first: raises EditionError naming file, key and reason, and when a
    file differs from what was published for the same standard and day.
    """
    told = read_standards(folder)
    paths = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    added = []
    for standard in told.values():
        path = paths.get(standard.id)
        if path is None:
            raise EditionError(f"{standard.id}.toml", "id", "文件名应与标准代码相同")
        text = path.read_text(encoding="utf-8")
        sha256 = sha256_hex(text.encode())
        existing = db.session.scalar(
            select(FeeStandardEdition).where(
                FeeStandardEdition.standard_id == standard.id,
                FeeStandardEdition.effective_from == standard.effective_from,
            )
        )
        if existing is not None:
            if existing.sha256 != sha256:
                raise EditionError(
                    path.name, "effective_from", "同一日期的标准已发布，不能修改，只能另发新版"
                )
            continue
        row = FeeStandardEdition(
            standard_id=standard.id,
            title=standard.title,
            document=standard.document,
            issuer=standard.issuer,
            effective_from=standard.effective_from,
            source=text,
            sha256=sha256,
            loaded_at=now,
        )
        db.session.add(row)
        db.session.flush()
        audit.record("fees.standard_published", actor, row, now, sha256=sha256, code=standard.id)
        added.append(row)
    return added


def check_price(
    *,
    stage: str,
    subject: Model | None,
    item_code: str,
    jurisdiction_code: str,
    day: date,
    price: Decimal | None,
    inputs: Mapping[str, str],
    budget: Decimal | None = None,
    commitment_discount: Decimal | None = None,
    commitment: Commitment | None = None,
    payer_class: str | None = None,
    actor: Actor,
    now: datetime,
) -> PriceCheck:
    """Judge a price and keep the answer with the editions and steps it rests on.

    ``stage``: offering, budget, quote, award, contract or amendment. ``day`` is the day whose
    standard counts. ``price`` and ``budget`` in 元; ``commitment_discount`` is the firm's own
    promise off the basic price (0.15 = 15 %), which binds it; at stage offering, without a
    price, the promise itself is judged. ``commitment`` is a promise in another form (an amount
    for a range of bases) and goes before the discount. ``inputs`` are the answers to ``queries.input_fields``.
    Raises Invalid for an input that cannot be used, a price with parts of a fen, or when there
    is nothing to judge.
    """
    found = queries.pricing(item_code, jurisdiction_code, day)
    gate = Gate(stage)
    _check_numbers(price, commitment_discount)
    if price is None:
        if gate is not Gate.OFFERING or commitment_discount is None:
            raise Invalid(_("请填写价格"), field="price", rule="fees.price")
        answer = judge_discount(commitment_discount, gate, item_code, found.standard, found.policy)
        calculation = None
    else:
        calculation = queries.calculation(found, inputs)
        answer = judge(
            Question(
                price,
                gate,
                item_code,
                calculation,
                payer_class=payer_class or inputs.get(PAYER_CLASS) or None,
                commitment=commitment or _promise(commitment_discount),
                budget=budget,
            ),
            found.policy,
        )
    return _store(
        found, gate, subject, price, commitment_discount, inputs, calculation, answer, actor, now
    )


def require_price(
    *,
    stage: str,
    subject: Model | None,
    item_code: str,
    jurisdiction_code: str,
    day: date,
    price: Decimal | None,
    inputs: Mapping[str, str],
    budget: Decimal | None = None,
    commitment_discount: Decimal | None = None,
    commitment: Commitment | None = None,
    payer_class: str | None = None,
    actor: Actor,
    now: datetime,
    field: str = "price",
) -> PriceCheck:
    """``check_price``, and the action may not go on where the answer stops it.

    Raises Invalid at ``field`` with the number and the rule. The attempt is noted for the bureau
    even though the transaction is rolled back.
    """
    check = check_price(
        stage=stage,
        subject=subject,
        item_code=item_code,
        jurisdiction_code=jurisdiction_code,
        day=day,
        price=price,
        inputs=inputs,
        budget=budget,
        commitment_discount=commitment_discount,
        commitment=commitment,
        payer_class=payer_class,
        actor=actor,
        now=now,
    )
    if check.stops:
        audit.note(
            "price.refused",
            actor,
            ("service_items", item_code),
            stage=stage,
            verdict=check.verdict.value,
            price=price,
            limit=(check.decided_by or {}).get("limit"),
            policy_edition=check.policy_edition_id,
            standard_edition=check.standard_edition_id,
        )
        raise Invalid(check.message, field=field, rule=f"fees.{check.verdict.value}")
    return check


def _check_numbers(price: Decimal | None, discount: Decimal | None) -> None:
    if price is not None and (price < ZERO or price != to_fen(price)):
        raise Invalid(_("价格应为不小于 0 的金额，最多两位小数"), field="price", rule="fees.price")
    if discount is not None and not ZERO <= discount < ONE:
        raise Invalid(_("下浮率应在 0 与 100% 之间"), field="discount", rule="fees.discount")


def _promise(discount: Decimal | None) -> Commitment | None:
    """A discount of zero promises nothing: the standard's own float stays open."""
    return Commitment("机构承诺", discount=discount) if discount else None


def _store(
    found: Pricing,
    gate: Gate,
    subject: Model | None,
    price: Decimal | None,
    discount: Decimal | None,
    inputs: Mapping[str, str],
    calculation: Calculation | None,
    answer: Judgement,
    actor: Actor,
    now: datetime,
) -> PriceCheck:
    band = calculation.band if calculation is not None else None
    basic = calculation.basic if calculation is not None else None
    check = PriceCheck(
        stage=gate,
        subject_type=subject.__tablename__ if subject is not None else None,
        subject_id=subject.id if subject is not None else None,
        organisation_id=actor.organisation_id,
        item_code=found.item_code,
        jurisdiction_code=found.jurisdiction_code,
        day=found.day,
        price=price,
        discount=discount,
        inputs={key: str(value) for key, value in inputs.items() if value not in (None, "")},
        verdict=answer.verdict,
        low=_stored(band.low if band else None),
        high=_stored(band.high if band else None),
        basic_low=_stored(basic.low if basic else None),
        basic_high=_stored(basic.high if basic else None),
        ceiling=answer.ceiling if price is not None else None,
        floor=answer.floor if price is not None else None,
        beyond=answer.by if answer.decided_by is not None else None,
        deviation=_stored(answer.deviation),
        decided_by=_limit(answer, found) if answer.decided_by is not None else None,
        binding=answer.binding,
        stops=answer.stops,
        flagged=answer.flagged,
        asks_reason=answer.asks_reason,
        standard_binds=found.binds,
        freed_by=found.fee.freed_by if found.fee is not None else "",
        readings=[
            [title, str(round_to(amount, FEN, "half_up"))] for title, amount in answer.readings
        ],
        missing=[list(pair) for pair in answer.missing],
        reason=_wording(answer.reason),
        steps=[step.as_record() for step in answer.steps],
        policy_edition_id=found.edition.id if found.edition is not None else None,
        standard_edition_id=found.standard_edition.id if found.standard_edition else None,
        standard_id=found.fee.standard if found.fee is not None else None,
        checked_at=now,
    )
    db.session.add(check)
    db.session.flush()
    return check


def _stored(value: Decimal | None) -> Decimal | None:
    """At most ten decimals, which the column holds; every finite result has fewer."""
    if value is None:
        return None
    sign = -ONE if value < ZERO else ONE
    return settle(round_to(abs(value), Decimal("0.0000000001"), "half_up")) * sign


def _limit(answer: Judgement, found: Pricing) -> dict[str, str] | None:
    limit: Limit | None = answer.decided_by
    if limit is None:
        return None
    above = answer.price > limit.amount
    edge = rounded_ceiling(limit.amount, found.policy) if above else rounded_floor(limit.amount)
    return {
        "source": limit.source.value,
        "title": limit.title,
        "document": limit.document,
        "clause": limit.clause,
        "limit": str(edge),
    }


def _wording(reason: Wording | None) -> dict[str, object] | None:
    return None if reason is None else {"text": reason.text, "values": dict(reason.values)}

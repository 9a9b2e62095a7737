"""Checking a price, keeping the answer, and keeping what was refused.

A check is stored with the transaction that asked it. Where it stops the action everything is
rolled back, so the attempt is stored afterwards, by itself, for the bureau.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect, select

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import Model, db, new_public_id
from marketplace.foundation.errors import Invalid
from marketplace.foundation.money import to_fen
from marketplace.foundation.storing import store
from marketplace.foundation.web import later

from . import queries
from .check_facts import facts_of
from .models import LONGEST_REASON, SHORTEST_REASON, ConcludedPrice, PriceCheck
from .queries import Pricing
from .rules.bands import ONE, ZERO, percent
from .rules.inputs import PAYER_CLASS
from .rules.judging import Gate, Question, judge, judge_discount
from .rules.limits import Commitment
from .rules.policy import BasisDate

REASON_FIELD = "deviation_reason"

# where like contracts are looked up: they are shown there and their median is compared with
_WITH_REFERENCE = frozenset({Gate.BUDGET, Gate.AWARD})


@dataclass(frozen=True, kw_only=True)
class PriceQuestion:
    """One price to be checked. Money in 元.

    ``subject``: what the price stands on (an entry, an award); ``matter``: what it belongs to
    (the need, the firm), by which the bureau finds it. ``day`` is the day whose standard counts;
    where the policy names another day as its basis and ``days`` has it, that one counts.
    ``inputs`` are the answers to ``queries.input_fields``. ``commitment`` is the firm's own
    promise, which binds it; ``commitment_discount`` one off the basic price (0.15 = 15 %): at the
    gate offering, without a price, the promise itself is judged. ``reason``: why the price
    deviates, where the parties have said it; ``demands_reason``: without one the action may not
    go on where one is asked (not so where nobody is there to be asked). ``asked_by``: the
    organisation whose price it is, where somebody else's act asks about it.
    """

    stage: Gate
    item_code: str
    jurisdiction_code: str
    day: date
    price: Decimal | None
    inputs: Mapping[str, str]
    subject: Model | None = None
    matter: Model | None = None
    days: Mapping[BasisDate, date] = field(default_factory=dict)
    budget: Decimal | None = None
    commitment: Commitment | None = None
    commitment_discount: Decimal | None = None
    payer_class: str | None = None
    reason: str = ""
    demands_reason: bool = True
    asked_by: int | None = None


def check_price(question: PriceQuestion, actor: Actor, now: datetime) -> PriceCheck:
    """Judge a price and keep the answer with the editions and steps it rests on.

    Raises Invalid for an input that cannot be used, a price with parts of a fen, or when there
    is nothing to judge.
    """
    check = _judged(question, actor, now)
    store(check)
    return check


def look_at_price(question: PriceQuestion, actor: Actor, now: datetime) -> PriceCheck:
    """The answer about a price, kept nowhere: for who is still writing.

    Raises Invalid as ``check_price`` does.
    """
    return _judged(question, actor, now)


def _judged(question: PriceQuestion, actor: Actor, now: datetime) -> PriceCheck:
    """The answer about a price, not kept anywhere yet."""
    found = _pricing(question)
    price, discount = question.price, question.commitment_discount
    _check_numbers(price, discount)
    calculation, reference = None, None
    if price is None:
        if question.stage is not Gate.OFFERING or discount is None:
            raise Invalid(_("请填写价格"), field="price", rule="fees.price")
        answer = judge_discount(
            discount, question.stage, found.item_code, found.standard, found.policy
        )
    else:
        calculation = queries.calculation(found, question.inputs)
        if question.stage in _WITH_REFERENCE:
            reference = queries.reference(found, clock.local_day(now))
        answer = judge(
            Question(
                price,
                question.stage,
                found.item_code,
                calculation,
                payer_class=question.payer_class or question.inputs.get(PAYER_CLASS) or None,
                commitment=question.commitment or _promise(discount),
                budget=question.budget,
                reference=reference,
            ),
            found.policy,
        )
    return _check(
        facts_of(question, found, calculation, answer, reference),
        question.subject,
        question.matter,
        question.asked_by or actor.organisation_id,
        now,
    )


def check_promises(
    question: PriceQuestion,
    promises: Sequence[tuple[Model, Model]],
    actor: Actor,
    now: datetime,
) -> None:
    """``check_price`` for many promises of one discount for one item, given as (subject, matter):
    judged once, kept for each."""
    found, discount = _pricing(question), question.commitment_discount
    _check_numbers(None, discount)
    if discount is None:
        raise Invalid(_("请填写价格"), field="price", rule="fees.price")
    answer = judge_discount(discount, Gate.OFFERING, found.item_code, found.standard, found.policy)
    facts = facts_of(question, found, None, answer, None)
    db.session.add_all(
        [_check(facts, *each, question.asked_by or actor.organisation_id, now) for each in promises]
    )


def _check(
    facts: Mapping[str, Any],
    subject: Model | None,
    matter: Model | None,
    organisation_id: int | None,
    now: datetime,
) -> PriceCheck:
    about: Any = subject
    of: Any = matter
    return PriceCheck(
        **facts,
        subject_type=None if about is None else about.__tablename__,
        subject_id=None if about is None else about.id,
        matter_type=None if of is None else of.__tablename__,
        matter_id=None if of is None else of.id,
        organisation_id=organisation_id,
        refused=False,
        checked_at=now,
    )


def require_price(
    question: PriceQuestion, actor: Actor, now: datetime, field: str = "price"
) -> PriceCheck:
    """``check_price``, and the action may not go on where the answer stops it or asks for a
    reason that nobody has given.

    Raises Invalid with the number and the rule, at ``field`` or at the field of the reason. What
    was stopped is kept for the bureau although the transaction is rolled back.
    """
    check = check_price(question, actor, now)
    if check.stops:
        attempt = _keep_attempt(question, check)
        audit.note(
            "price.refused",
            actor,
            ("service_items", check.item_code),
            stage=check.stage.value,
            verdict=check.verdict.value,
            **_noted_price(check, attempt),
            policy_edition=check.policy_edition_id,
            standard_edition=check.standard_edition_id,
        )
        raise Invalid(check.message, field=field, rule=f"fees.{check.verdict.value}")
    _require_reason(question, check)
    return check


def pass_sealed_price(
    question: PriceQuestion, actor: Actor, now: datetime, field: str = "price"
) -> None:
    """``require_price`` for a price nobody may read yet: of the answer nothing is kept at all,
    neither where it passes nor where it is stopped."""
    check = _judged(question, actor, now)
    if check.stops:
        raise Invalid(check.message, field=field, rule=f"fees.{check.verdict.value}")
    _require_reason(question, check)


def _require_reason(question: PriceQuestion, check: PriceCheck) -> None:
    if check.asks_reason and question.demands_reason and check.deviation_reason is None:
        raise Invalid(
            _(
                "%(deviation)s，超过 %(band)s 须说明理由（%(least)d 至 %(most)d 个字）",
                deviation=check.deviation_sentence,
                band=percent(_band_of(check)),
                least=SHORTEST_REASON,
                most=LONGEST_REASON,
            ),
            field=REASON_FIELD,
            rule="fees.deviation",
        )


def _band_of(check: PriceCheck) -> Decimal:
    """The share beyond which the reason was asked for, by the edition the check cites."""
    edition = queries.edition_of(check)
    own = edition.deviation_band_of(check.item_code)
    return own if abs(check.deviation or ZERO) > own else edition.reference_band


def conclude_price(contract_id: int, check: PriceCheck, price: Decimal, signed_on: date) -> None:
    """Note what a contract was signed at, or changed to (元), among the prices later ones are
    compared with. ``check`` is the contract's own: it has the item, place and basic price."""
    known = db.session.scalar(
        select(ConcludedPrice).where(ConcludedPrice.contract_id == contract_id)
    )
    if known is None:
        known = ConcludedPrice(
            contract_id=contract_id,
            item_code=check.item_code,
            register_code=queries.register_of(check.jurisdiction_code),
            signed_on=signed_on,
        )
        db.session.add(known)
    known.price = price
    known.basic = check.basic_high
    db.session.flush()


def rests_on_present(check: PriceCheck, question: PriceQuestion) -> bool:
    """Whether a check rests on the day, the list and the standard that the question would be
    judged by now: another list may have taken force on the same day."""
    found = _pricing(question)
    edition, standard = found.edition, found.standard_edition
    return (check.day, check.policy_edition_id, check.standard_edition_id) == (
        found.day,
        edition.id if edition is not None else None,
        standard.id if standard is not None else None,
    )


def _pricing(question: PriceQuestion) -> Pricing:
    """What decides the price on the day the policy names as its basis."""
    found = queries.pricing(question.item_code, question.jurisdiction_code, question.day)
    day = question.days.get(found.fee.basis_date) if found.fee is not None else None
    if day is None or day == question.day:
        return found
    return queries.pricing(question.item_code, question.jurisdiction_code, day)


def _check_numbers(price: Decimal | None, discount: Decimal | None) -> None:
    if price is not None and (price < ZERO or price != to_fen(price)):
        raise Invalid(_("价格应为不小于 0 的金额，最多两位小数"), field="price", rule="fees.price")
    if discount is not None and not ZERO <= discount < ONE:
        raise Invalid(_("下浮率应在 0 与 100% 之间"), field="discount", rule="fees.discount")


def _promise(discount: Decimal | None) -> Commitment | None:
    """A discount of zero promises nothing: the standard's own float stays open."""
    return Commitment(discount=discount) if discount else None


def _noted_price(check: PriceCheck, attempt: str) -> dict[str, Any]:
    """What the audit ledger says of a refused price. Of a quote it only keeps a commitment: a
    price must not be read, nor guessed from a digest, before the quotes are closed."""
    facts = {"price": check.price, "limit": (check.decided_by or {}).get("limit")}
    if check.stage is not Gate.QUOTE:
        return facts
    return {"commitment": attempt_commitment(attempt, check)}


def attempt_commitment(attempt: str, check: PriceCheck) -> str:
    """The digest the audit ledger keeps of a refused quote: of its price and the limit it broke,
    under the random id (``attempt``) that the kept attempt goes by once it may be read."""
    limit = (check.decided_by or {}).get("limit")
    fen = None if check.price is None else int(check.price * 100)
    return digest({"attempt": attempt, "fen": fen, "limit": limit})


def _keep_attempt(question: PriceQuestion, check: PriceCheck) -> str:
    """Store the refused check after the answer, in a transaction of its own; returns the public
    id it will have.

    What was new in the refused transaction is gone by then; what stood before is linked.
    """
    attempt = new_public_id()
    columns = [column.key for column in inspect(PriceCheck).column_attrs]
    own = {"id", "public_id", "subject_type", "subject_id", "matter_type", "matter_id"}
    facts = {name: getattr(check, name) for name in columns if name not in own}
    subject, matter = _name_of(question.subject), _name_of(question.matter)

    def keep(_at: datetime) -> None:
        subject_type, subject_id = _again(subject)
        matter_type, matter_id = _again(matter)
        db.session.add(
            PriceCheck(
                **{**facts, "refused": True, "flagged": True},
                public_id=attempt,
                subject_type=subject_type,
                subject_id=subject_id,
                matter_type=matter_type,
                matter_id=matter_id,
            )
        )

    later(keep)
    return attempt


_Name = tuple[type[Model], str] | None


def _name_of(thing: Model | None) -> _Name:
    public_id = getattr(thing, "public_id", None)
    return None if thing is None or public_id is None else (type(thing), public_id)


def _again(name: _Name) -> tuple[str | None, int | None]:
    """Table and key of what is still there, found by its public id: keys are given anew."""
    if name is None:
        return None, None
    kind, public_id = name
    own: Any = kind
    key = db.session.scalar(select(own.id).where(own.public_id == public_id))
    return (None, None) if key is None else (kind.__tablename__, key)

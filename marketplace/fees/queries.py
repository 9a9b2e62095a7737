"""Which standard prices an item on a day, what it asks, what it says. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.queries import lineage
from marketplace.foundation import epoch
from marketplace.foundation.calendar import add_months
from marketplace.foundation.db import db, fetch
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.finding import by_public_id
from marketplace.foundation.money import MAX_AMOUNT, format_yuan
from marketplace.foundation.policy import (
    Edition,
    PolicyEdition,
    PolicyMissing,
    by_id,
    in_force,
)

from .models import ConcludedPrice, FeeStandardEdition, PriceCheck
from .rules.bands import FEN, ZERO, round_to
from .rules.calculating import NO_STANDARD, Calculation, QuantityError, calculate
from .rules.inputs import PAYER_CLASS, InputField, allowed_variants, case_of
from .rules.inputs import input_fields as asked
from .rules.judging import Gate, Question, Verdict, judge
from .rules.limits import Commitment, commitment_ceiling
from .rules.modifiers import UnknownInput
from .rules.policy import FeesPolicy, ItemFee
from .rules.reading.files import read_standard
from .rules.references import Agreed, Reference
from .rules.references import reference as reference_of
from .rules.standards import FeeStandard


@dataclass(frozen=True)
class Pricing:
    """What decides the price of one item in one place on one day. ``fee`` and ``standard`` are
    ``None`` where no standard applies, ``edition`` where no policy is in force."""

    item_code: str
    jurisdiction_code: str
    day: date
    edition: Edition[FeesPolicy] | None
    fee: ItemFee | None
    standard_edition: FeeStandardEdition | None
    standard: FeeStandard | None

    @property
    def policy(self) -> FeesPolicy:
        """The policy in force, or the empty one."""
        return self.edition.values if self.edition is not None else FeesPolicy()

    @property
    def binds(self) -> bool:
        """Whether the standard binds here on this day."""
        return self.fee is not None and self.fee.binds == "binding"


def standard_edition(standard_id: str, day: date) -> FeeStandardEdition | None:
    """The edition of a standard in force on ``day``, if any."""
    return db.session.scalar(
        select(FeeStandardEdition)
        .where(
            FeeStandardEdition.standard_id == standard_id,
            FeeStandardEdition.effective_from <= day,
        )
        .order_by(FeeStandardEdition.effective_from.desc(), FeeStandardEdition.id.desc())
        .limit(1)
    )


def latest_standard(standard_id: str, day: date) -> FeeStandardEdition:
    """The edition in force on ``day`` of a standard that may be shown; raises Missing.

    A trade association's rates are never shown (competition law).
    """
    found = standard_edition(standard_id, day)
    if found is None or figures(found).standing == "association":
        raise Missing(_("没有这份收费标准"), rule="fees.standard")
    return found


def shown_standards(day: date) -> list[FeeStandardEdition]:
    """The newest edition in force on ``day`` of every standard that may be shown, by issuer's
    document; trade associations' rates are left out, and the charges of fee lists' own, which
    stand in their list."""
    rows = db.session.scalars(
        select(FeeStandardEdition)
        .where(
            FeeStandardEdition.effective_from <= day,
            FeeStandardEdition.standard_id.not_like("own\\_%", escape="\\"),
        )
        .order_by(FeeStandardEdition.effective_from, FeeStandardEdition.id)
    )
    newest = {row.standard_id: row for row in rows}
    shown = [row for row in newest.values() if figures(row).standing != "association"]
    return sorted(shown, key=lambda row: (row.title, row.standard_id))


def standards(day: date, ids: Iterable[str]) -> dict[str, FeeStandardEdition]:
    """Those of the standards named that are in force on ``day``, by id."""
    rows = db.session.scalars(
        select(FeeStandardEdition)
        .where(
            FeeStandardEdition.effective_from <= day, FeeStandardEdition.standard_id.in_(set(ids))
        )
        .order_by(FeeStandardEdition.effective_from, FeeStandardEdition.id)
    )
    return {row.standard_id: row for row in rows}


@lru_cache(maxsize=256)
def _read(sha256: str, name: str, source: str) -> FeeStandard:
    return read_standard(name, source.encode())


def figures(edition: FeeStandardEdition) -> FeeStandard:
    """The figures of a stored edition."""
    return _read(edition.sha256, f"{edition.standard_id}.toml", edition.source)


class Library(dict[str, FeeStandard]):
    """The standards in force on a day by id, each fetched when a ref first asks for it."""

    def __init__(self, day: date) -> None:
        super().__init__()
        self.day = day

    def __missing__(self, standard_id: str) -> FeeStandard:
        self[standard_id] = figures(latest_standard(standard_id, self.day))
        return self[standard_id]


def fees_policy(jurisdiction_code: str, day: date) -> Edition[FeesPolicy] | None:
    """The section ``fees`` in force for a place on a day, inherited whole; ``None`` without one."""
    try:
        return in_force(FeesPolicy, lineage(jurisdiction_code), day)
    except PolicyMissing:
        return None


@epoch.remembered
def places_with_rules() -> tuple[str, ...]:
    """The codes of the places below the country that have fee rules of their own."""
    rows = db.session.scalars(
        select(PolicyEdition.jurisdiction)
        .where(PolicyEdition.section == FeesPolicy.SECTION, PolicyEdition.jurisdiction != "000000")
        .distinct()
        .order_by(PolicyEdition.jurisdiction)
    )
    return tuple(rows)


def priced_items(jurisdiction_code: str, day: date) -> frozenset[str]:
    """The items for which a place names a fee standard: only of these is a discount a share."""
    edition = fees_policy(jurisdiction_code, day)
    return frozenset(edition.values.items) if edition is not None else frozenset()


def pricing(item_code: str, jurisdiction_code: str, day: date) -> Pricing:
    """What decides the price of an item."""
    return pricings([item_code], jurisdiction_code, day)[item_code]


def pricings(item_codes: Sequence[str], jurisdiction_code: str, day: date) -> dict[str, Pricing]:
    """What decides the prices of many items, in as many queries as for one."""
    edition = fees_policy(jurisdiction_code, day)
    fees = edition.values.items if edition is not None else {}
    wanted = {code: fees[code] for code in item_codes if code in fees}
    known = standards(day, (fee.standard for fee in wanted.values())) if wanted else {}
    found = {}
    for code in item_codes:
        fee = wanted.get(code)
        row = known.get(fee.standard) if fee is not None else None
        told = figures(row) if row is not None else None
        usable = told is not None and may_price(told)
        found[code] = Pricing(
            code,
            jurisdiction_code,
            day,
            edition,
            fee if usable else None,
            row if usable else None,
            told if usable else None,
        )
    return found


def may_price(standard: FeeStandard) -> bool:
    """Whether a standard may price an intermediary service at all: it has figures, and they are
    neither a public fee nor a trade association's rates."""
    return bool(standard.variants) and standard.standing not in ("public_fee", "association")


def input_fields(
    item_code: str, jurisdiction_code: str, day: date, variant: str | None = None
) -> list[InputField]:
    """What the price check of an item asks, of one variant where it is known already; empty
    where no standard applies."""
    found = pricing(item_code, jurisdiction_code, day)
    if found.fee is None or found.standard is None:
        return []
    return list(asked(found.standard, found.fee, found.policy, item_code, variant))


def calculation(found: Pricing, inputs: Mapping[str, str]) -> Calculation:
    """What the standard says about a person's answers, with every step.

    Raises Invalid naming the input that cannot be used.
    """
    if found.fee is None or found.standard is None:
        return NO_STANDARD
    try:
        case = case_of(found.standard, found.fee, inputs)
        worked = calculate(found.standard, case, Library(found.day))
    except QuantityError as error:
        reason = _(error.reason.text, **dict(error.reason.values))
        raise Invalid(
            _("%(title)s：%(reason)s", title=error.title, reason=reason),
            field=error.key,
            rule="fees.input",
        ) from error
    except UnknownInput as error:
        raise Invalid(
            _("没有“%(value)s”这一选项，请重新选择", value=error.value),
            field=error.key,
            rule="fees.input",
        ) from error
    if worked.band is not None and worked.band.high > MAX_AMOUNT:
        raise Invalid(
            _(
                "按所填数量算出的费用超过 %(most)s 元，请核对数量和单位",
                most=format_yuan(MAX_AMOUNT),
            ),
            rule="fees.input",
        )
    return worked


def listed_price(found: Pricing, inputs: Mapping[str, str], promised: Commitment) -> Decimal | None:
    """What a firm's promise makes of a case, in 元 and never above what binds; None where the
    promise does not reach the case (no standard for a discount, outside the range of an amount).

    Raises Invalid naming the input that cannot be used.
    """
    worked = calculation(found, inputs)
    reached = commitment_ceiling(promised, worked)
    if reached is None:
        return None
    price = round_to(reached[0].amount, FEN, "half_up")
    asked_price = judge(
        Question(
            ZERO,
            Gate.QUOTE,
            found.item_code,
            worked,
            payer_class=inputs.get(PAYER_CLASS) or None,
            commitment=promised,
        ),
        found.policy,
    )
    return price if asked_price.ceiling is None else min(price, asked_price.ceiling)


_AGREED = select(ConcludedPrice.price, ConcludedPrice.basic).where(
    ConcludedPrice.item_code == bindparam("item_code"),
    ConcludedPrice.register_code == bindparam("register_code"),
    ConcludedPrice.signed_on > bindparam("since"),
    ConcludedPrice.signed_on <= bindparam("until"),
)


def register_of(jurisdiction_code: str) -> str:
    """The register whose contracts are compared; a place that belongs to none stands alone."""
    try:
        return accounts.register_of(jurisdiction_code)
    except Missing:
        return jurisdiction_code


def reference(found: Pricing, today: date) -> Reference | None:
    """What contracts of the item in the register were agreed at in the last months, where there
    are enough of them (the numbers are the edition's)."""
    since = add_months(today, -found.policy.reference_months)
    rows = fetch(
        _AGREED,
        item_code=found.item_code,
        register_code=register_of(found.jurisdiction_code),
        since=since,
        until=today,
    )
    agreed = [Agreed(row.price, row.basic) for row in rows]
    least = found.policy.reference_contracts
    return reference_of(agreed, found.standard is not None, least, since, today)


def check(public_id: str) -> PriceCheck:
    """A stored check; raises Missing."""
    return by_public_id(PriceCheck, public_id)


def fee_of(check: PriceCheck) -> ItemFee | None:
    """How the edition that a check cites judges its item: what binds by which basis, what was
    freed by which document and when."""
    return edition_of(check).items.get(check.item_code)


def edition_of(check: PriceCheck) -> FeesPolicy:
    """The fee rules that a check cites; the empty ones where there were none."""
    if check.policy_edition_id is None:
        return FeesPolicy()
    return by_id(FeesPolicy, check.policy_edition_id).values


def checks_of(subject_type: str, subject_id: int) -> list[PriceCheck]:
    """The checks made for one thing, oldest first."""
    return list(
        db.session.scalars(
            select(PriceCheck)
            .where(PriceCheck.subject_type == subject_type, PriceCheck.subject_id == subject_id)
            .order_by(PriceCheck.id)
            .limit(200)
        )
    )


_UNREACHED = (Verdict.NO_STANDARD, Verdict.OUTSIDE_TABLE)


def reasons(check_ids: Iterable[int | None]) -> dict[int, str]:
    """Why prices deviate, by check, as far as it was said."""
    rows = db.session.execute(
        select(PriceCheck.id, PriceCheck.deviation_reason).where(
            PriceCheck.id.in_({key for key in check_ids if key is not None}),
            PriceCheck.deviation_reason.is_not(None),
        )
    )
    return {key: said or "" for key, said in rows}


def watched_checks(
    areas: Sequence[str],
    item_code: str | None = None,
    stage: Gate | None = None,
    verdict: Verdict | None = None,
    kind: Literal["attempt", "deviation", ""] = "",
) -> Select[Any]:
    """What the offices of some areas should look at, newest first: refused attempts, breaches,
    deviations, open readings. A price that no standard reaches is told where it deviates from
    like contracts, or when its verdict is asked for."""
    query = select(PriceCheck).where(PriceCheck.flagged, PriceCheck.jurisdiction_code.in_(areas))
    if item_code:
        query = query.where(PriceCheck.item_code == item_code)
    if stage is not None:
        query = query.where(PriceCheck.stage == stage)
    if verdict is not None:
        query = query.where(PriceCheck.verdict == verdict)
    else:
        query = query.where(or_(PriceCheck.verdict.not_in(_UNREACHED), PriceCheck.asks_reason))
    if kind == "attempt":
        query = query.where(PriceCheck.refused)
    elif kind == "deviation":
        query = query.where(PriceCheck.asks_reason)
    return query.order_by(PriceCheck.id.desc())


def policy_findings(edition: Edition[FeesPolicy], day: date) -> list[str]:
    """What a policy says about standards that do not hold: a standard not loaded or
    that may not price a service, a variant it does not have. Empty when all is well."""
    findings = []
    for code, fee in sorted(edition.values.items.items()):
        row = standard_edition(fee.standard, day)
        if row is None:
            findings.append(f"values.items.{code}.standard:没有收费标准“{fee.standard}”")
            continue
        told = figures(row)
        if not may_price(told):
            findings.append(f"values.items.{code}.standard:“{fee.standard}”不是中介服务的收费标准")
        try:
            allowed_variants(told, fee)
        except UnknownInput as error:
            findings.append(f"values.items.{code}.variants:{error}")
    return findings

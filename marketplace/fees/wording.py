"""The words of a price check: its verdict, its sentence, its steps in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext

from marketplace.foundation.languages import is_english, joined
from marketplace.foundation.money import format_yuan

from .rules.bands import MONEY_UNITS, Band, percent, plain, round_to
from .rules.judging import Gate, Verdict
from .rules.limits import BUDGETED, PROMISED
from .rules.modifiers import Cap, Floor, Rounding, Surcharge
from .rules.references import Reference
from .rules.standards import FeeStandard
from .rules.steps import N_

if TYPE_CHECKING:
    from .charges.models import Charge
    from .models import PriceCheck

TITLES: dict[Verdict, tuple[Any, str]] = {
    Verdict.WITHIN: (_l("在范围内"), "good"),
    Verdict.ABOVE_CEILING: (_l("超过上限"), "bad"),
    Verdict.ROUNDING_ONLY: (_l("仅尾差"), "good"),
    Verdict.BELOW_FLOOR: (_l("低于下限"), "bad"),
    Verdict.NO_STANDARD: (_l("没有收费标准"), "neutral"),
    Verdict.OUTSIDE_TABLE: (_l("标准未作规定"), "neutral"),
    Verdict.NEEDS_INPUT: (_l("资料不全"), "warn"),
    Verdict.AMBIGUOUS: (_l("政策有两种理解"), "warn"),
}


STAGES: dict[Gate, Any] = {
    Gate.OFFERING: _l("承接服务事项"),
    Gate.BUDGET: _l("预算"),
    Gate.QUOTE: _l("报价"),
    Gate.AWARD: _l("中选"),
    Gate.CONTRACT: _l("合同"),
    Gate.AMENDMENT: _l("合同变更"),
}


def title_and_tone(verdict: Verdict, binding: bool) -> tuple[str, str]:
    """A verdict in a few words with its tone; what only informs is never bad."""
    title, tone = TITLES[verdict]
    if verdict is Verdict.ABOVE_CEILING and not binding:
        return _("高于参考标准"), "warn"
    return str(title), tone


@dataclass(frozen=True)
class StepLine:
    """One step for the ledger of steps. ``low`` and ``high`` in 元, ``None`` where the step's
    result is no amount of money."""

    label: str
    detail: str
    low: Decimal | None
    high: Decimal | None
    document: str
    clause: str


def said(wording: Mapping[str, Any] | None) -> str:
    """A stored sentence in the reader's language."""
    if not wording:
        return ""
    text = wording["text"]
    return str(_(text, **{key: amounts(value) for key, value in wording["values"].items()}))


# words that standards write their amounts and quantities in
UNIT_WORDS = (N_("元"), N_("万元"), N_("亿元"))
COUNTED_WORDS = (
    N_("平方米"),
    N_("平方公里"),
    N_("立方米"),
    N_("吨"),
    N_("点"),
    N_("个"),
    N_("份"),
    N_("幅"),
    N_("小时"),
    N_("工时"),
    N_("只·次"),
    N_("平方米·年"),
)
_AMOUNT = re.compile(r"(\d[\d,.]*)(?:–(\d[\d,.]*))?(元|万元|亿元)")


def amounts(text: Any) -> str:
    """Amounts within a text in the reader's language: ``100万元`` is 1,000,000 yuan in English,
    which does not count in tens of thousands."""
    return _AMOUNT.sub(_in_yuan, str(text)) if is_english() else str(text)


def _in_yuan(found: re.Match[str]) -> str:
    low, high, unit = found.groups()
    numbers = [
        Decimal(number.replace(",", "")) * MONEY_UNITS[unit] for number in (low, high) if number
    ]
    return "–".join(f"{_plain(number):,f}" for number in numbers) + " yuan"


def _plain(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize()


def unit(name: str) -> str:
    """A unit in the reader's language, where it has a word of its own there."""
    return str(_(name)) if name else ""


def sentence(check: PriceCheck | Charge) -> str:
    """The verdict of a stored check, or of an audited charge, as one sentence."""
    price = _price(check)
    rule = check.decided_by or {}
    limit = {
        "price": price,
        "limit": format_yuan(Decimal(rule["limit"])) if rule else "",
        "beyond": format_yuan(check.beyond) if check.beyond is not None else "",
        "rule": _rule(rule),
    }
    match check.verdict:
        case Verdict.ABOVE_CEILING if check.discount is not None and check.price is None:
            return _("%(price)s不符合规定：高于%(rule)s允许的上限", **_only(limit, "price", "rule"))
        case Verdict.BELOW_FLOOR if check.discount is not None and check.price is None:
            return _("%(price)s不符合规定：低于%(rule)s允许的下限", **_only(limit, "price", "rule"))
        case Verdict.ABOVE_CEILING if check.binding:
            return _("%(price)s超过上限 %(limit)s 元，超出 %(beyond)s 元（%(rule)s）", **limit)
        case Verdict.ABOVE_CEILING:
            return _(
                "%(price)s高于参考标准 %(limit)s 元，高出 %(beyond)s 元（%(rule)s，仅供参考）",
                **limit,
            )
        case Verdict.BELOW_FLOOR:
            return _("%(price)s低于下限 %(limit)s 元，相差 %(beyond)s 元（%(rule)s）", **limit)
        case Verdict.ROUNDING_ONLY:
            return _(
                "%(price)s与上限 %(limit)s 元只有取整尾差，可以通过",
                **_only(limit, "price", "limit"),
            )
        case Verdict.WITHIN:
            return _("%(price)s在收费标准允许的范围内", price=price)
        case Verdict.AMBIGUOUS:
            values = joined(
                f"{title} {format_yuan(Decimal(amount))}" for title, amount in check.readings
            )
            return _(
                "政策原文有两种理解，尚未选定：%(values)s（元），暂按较高值比较", values=values
            )
        case _:
            return said(check.reason)


def signed_share(share: Decimal) -> str:
    """A distance as a share for a reader, e.g. ``-12.5%``."""
    shown = percent(round_to(abs(share), Decimal("0.0001"), "half_up"))
    return f"-{shown}" if share < 0 else shown


def deviation_sentence(check: PriceCheck) -> str:
    """How far a price lies from the standard's basic price and from like contracts."""
    parts = []
    if check.deviation:
        parts.append(_apart(check.deviation, pgettext("sentence", "基准价")))
    found = check.reference
    if found is not None and found["deviation"] is not None:
        title = _("近期 %(count)d 份同类合同的中位数", count=found["count"])
        parts.append(_apart(Decimal(found["deviation"]), title))
    return joined(parts)


def _apart(share: Decimal, what: str) -> str:
    shown = percent(round_to(abs(share), Decimal("0.0001"), "half_up"))
    if share < 0:
        return str(_("价格比%(what)s低 %(share)s", what=what, share=shown))
    return str(_("价格比%(what)s高 %(share)s", what=what, share=shown))


@dataclass(frozen=True)
class Compared:
    """Like contracts for a reader: quartiles in 元 where the case has a basic price, and as shares
    of it where shares were compared (0.82 = 82 %)."""

    count: int
    since: date
    until: date
    amounts: tuple[Decimal, ...] | None
    shares: tuple[Decimal, ...] | None
    deviation: str | None


def compared(kept: Mapping[str, Any] | None) -> Compared | None:
    """What like contracts were agreed at, from what a check has kept."""
    if not kept:
        return None
    quartiles = tuple(Decimal(each) for each in kept["quartiles"])
    amounts = tuple(Decimal(each) for each in kept["amounts"]) if kept["amounts"] else None
    deviation = kept["deviation"]
    return Compared(
        count=kept["count"],
        since=date.fromisoformat(kept["since"]),
        until=date.fromisoformat(kept["until"]),
        amounts=amounts,
        shares=quartiles if kept["measure"] == "share" else None,
        deviation=None if deviation is None else signed_share(Decimal(deviation)),
    )


def compare(found: Reference | None, basic: Band | None = None) -> Compared | None:
    """What like contracts were agreed at, for a case with this basic price or for none yet."""
    if found is None:
        return None
    quartiles = (found.lower, found.median, found.upper)
    return Compared(
        count=found.count,
        since=found.since,
        until=found.until,
        amounts=found.amounts(basic),
        shares=quartiles if found.measure == "share" else None,
        deviation=None,
    )


SOURCES = {
    "standard": N_("收费标准"),
    "layer": N_("本地政策"),
    "commitment": PROMISED,
    "budget": N_("预算"),
}


@dataclass(frozen=True)
class LimitLine:
    """One ceiling in 元; ``decides``: it is the lowest, or the one that was broken."""

    source: str
    title: str
    ground: str
    amount: Decimal
    binding: bool
    decides: bool


def rests_on(document: str) -> str:
    """What a limit or a step rests on: a document by its own name, a promise or a budget in the
    reader's language."""
    return str(_(document)) if document in (PROMISED, BUDGETED) else document


def ground(document: str, clause: str) -> str:
    """The document and the clause of a limit for a reader."""
    return " ".join(each for each in (rests_on(document), clause) if each)


def limit_lines(check: PriceCheck) -> list[LimitLine]:
    """Every ceiling of a stored check in the order of the rules, the deciding one marked."""
    kept = check.limits or []
    lowest = min((Decimal(each["limit"]) for each in kept), default=None)
    broken = check.decided_by if check.verdict.value == "above_ceiling" else None
    sources = [SOURCES[each["source"]] for each in kept]
    return [
        LimitLine(
            source=str(_(source)),
            title="" if each["title"] == each["document"] else each["title"],
            ground=ground(each["document"], each["clause"]),
            amount=Decimal(each["limit"]),
            binding=each["binding"],
            decides=each == broken if broken is not None else Decimal(each["limit"]) == lowest,
        )
        for each, source in zip(kept, sources, strict=True)
    ]


def _only(values: Mapping[str, str], *keys: str) -> dict[str, str]:
    return {key: values[key] for key in keys}


def _price(check: PriceCheck | Charge) -> str:
    if check.price is None:
        return str(_("下浮率 %(rate)s ", rate=percent(check.discount or Decimal(0))))
    return str(_("价格 %(amount)s 元", amount=format_yuan(check.price)))


def _rule(rule: Mapping[str, Any]) -> str:
    if not rule:
        return ""
    return ground(rule["document"], rule["clause"]) or str(rule["title"])


def step_lines(steps: Iterable[Mapping[str, Any]]) -> list[StepLine]:
    """Stored steps as lines of a ledger."""
    lines = []
    for step in steps:
        money = step["out_unit"] in MONEY_UNITS
        factor = MONEY_UNITS.get(step["out_unit"], Decimal(1))
        low, high = (Decimal(number) * factor for number in step["out"])
        lines.append(
            StepLine(
                label=said(step),
                detail=_(
                    "%(taken)s → %(given)s", taken=_span(step, "in"), given=_span(step, "out")
                ),
                low=low if money else None,
                high=high if money else None,
                document=rests_on(step["document"]),
                clause=step["clause"],
            )
        )
    return lines


def _span(step: Mapping[str, Any], side: str) -> str:
    low, high = step[side]
    unit = step[f"{side}_unit"]
    return amounts(f"{low}{unit}" if low == high else f"{low}–{high}{unit}")


def bounds(standard: FeeStandard) -> list[str]:
    """The surcharges, floors, caps and roundings of a standard, a line each, with the variants
    they hold for."""
    lines = []
    for modifier in standard.modifiers:
        match modifier:
            case Surcharge(_key, title, rate):
                line = _("%(title)s：每项加收 %(rate)s", title=title, rate=percent(rate.high))
            case Floor(amount):
                line = _("不足 %(amount)s 的按此计", amount=_amount(amount, standard.fee_unit))
            case Cap(amount):
                line = _("最高不超过 %(amount)s", amount=_amount(amount, standard.fee_unit))
            case Rounding(amount):
                line = _("按文件取整到 %(unit)s", unit=_amount(amount, standard.fee_unit))
            case _other:
                continue
        titles = [standard.by_code[code].title for code in modifier.only]
        if titles:
            line = _("%(which)s：%(line)s", which=joined(titles), line=line)
        lines.append(line)
    return lines


def _amount(number: Decimal, fee_unit: str) -> str:
    return amounts(plain(number) + fee_unit)

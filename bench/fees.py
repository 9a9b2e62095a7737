"""`scripts/bench fees`: what one price costs, beside a hand-written function of the same formula.

Everything is measured in turns within one run and the fastest turn of each counts, so that the
ratios hold on a busy machine too. The rows per standard: the formula written by hand, the
engine's amount alone, the engine's amount with every step, a whole price check (quantities,
coefficients, float, ceiling, floor, verdict) without and with its steps.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from config import ROOT
from marketplace.fees.rules.calculating import Case, Quantity, calculate
from marketplace.fees.rules.judging import Gate, Question, judge
from marketplace.fees.rules.policy import FeesPolicy, ItemFee
from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.standards import FeeStandard, Tabled
from marketplace.fees.rules.steps import StepLog
from marketplace.fees.rules.tables import Interpolated, Progressive

STANDARDS = ROOT / "marketplace" / "editions" / "standards"
AMOUNT_MOST, STEPS_MOST, CHECKS_LEAST = 2, 8, 20_000
PROGRESSIVE = [Decimal(x) for x in ("80", "320.5", "777", "3456.78", "8888", "45678.12", "234567")]
INTERPOLATED = [
    Decimal(x) for x in ("580", "820.5", "1777", "3456.78", "8888", "45678.12", "234567")
]
POLICY = FeesPolicy(
    items={
        "zbdl": ItemFee(
            standard="zbdl_1980",
            binds="reference",
            price_form="market",
            freed_by="发改价格〔2015〕299号",
            freed_on=date(2015, 3, 1),
        ),
        "jsjl": ItemFee(
            standard="jl_670", binds="binding", price_form="government_guided", legal_basis="目录"
        ),
    }
)
PRICE = Decimal("300000.00")


@dataclass(frozen=True)
class Row:
    """One line of the report: microseconds of one call, and how many times the hand-written
    function's."""

    standard: str
    what: str
    microseconds: float
    times_by_hand: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when the ratios and the number of checks hold."""
    parser = argparse.ArgumentParser(prog="scripts/bench fees", description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--calls", type=int, default=70, help="calls in a turn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    options = parser.parse_args(arguments)
    if options.turns < 1 or options.calls < 1:
        parser.error("--turns and --calls at least 1")
    rows = measure(options.turns, options.calls)
    failures = judged(rows)
    for row in rows:
        rate = f"{1e6 / row.microseconds:>12,.0f}/s"
        print(f"{row.standard:<10} {row.what:<28} {row.microseconds:>8.2f} µs {rate}"
              f" {row.times_by_hand:>7.2f}×")  # fmt: skip
    for failure in failures:
        print(failure)
    if options.json:
        text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", "utf-8")
    return 1 if failures else 0


def judged(rows: Sequence[Row]) -> list[str]:
    """What does not hold, in words; empty when all is well."""
    found = []
    for row in rows:
        where = f"{row.standard}: {row.what}"
        if row.what == "amount" and row.times_by_hand > AMOUNT_MOST:
            found.append(f"{where} takes more than {AMOUNT_MOST}× the hand-written function")
        if row.what == "amount with steps" and row.times_by_hand > STEPS_MOST:
            found.append(f"{where} takes more than {STEPS_MOST}× the hand-written function")
        if row.what == "check" and 1e6 / row.microseconds < CHECKS_LEAST:
            found.append(f"{where} makes fewer than {CHECKS_LEAST:,} a second")
    return found


def measure(turns: int, calls: int) -> list[Row]:
    """The report: every function of both standards in turns, the fastest turn of each."""
    standards = read_standards(STANDARDS)
    rows = []
    for standard, item, bases in (
        (standards["zbdl_1980"], "zbdl", PROGRESSIVE),
        (standards["jl_670"], "jsjl", INTERPOLATED),
    ):
        asked = functions(standard, item)
        best = dict.fromkeys(asked, float("inf"))
        for _ in range(turns):
            for what, function in asked.items():
                best[what] = min(best[what], _seconds(function, bases, calls))
        hand = best["by hand"]
        rows += [Row(standard.id, w, t * 1e6, t / hand) for w, t in best.items()]
    return rows


def _seconds(function: Callable[[Decimal], object], bases: Sequence[Decimal], calls: int) -> float:
    rounds = max(1, calls // len(bases))
    began = time.perf_counter()
    for _ in range(rounds):
        for base in bases:
            function(base)
    return (time.perf_counter() - began) / rounds / len(bases)


def functions(standard: FeeStandard, item: str) -> dict[str, Callable[[Decimal], object]]:
    """What is measured for a standard; each takes a base in 万元."""
    code, choices = {
        "zbdl": ("works", {"scope": ("full",)}),
        "jsjl": ("official", {"specialty": ("building_municipal",), "complexity": ("II",)}),
    }[item]
    formula = standard.by_code[code].formula
    assert isinstance(formula, Tabled)
    key, priced = standard.quantities[0].key, formula.priced

    def told(base: Decimal) -> object:
        log = StepLog(standard.document, "附件")
        return priced.told(base, log), log.steps

    def check(base: Decimal, explain: bool = False) -> object:
        case = Case(({key: Quantity(base, "万元")},), code, choices)
        calculation = calculate(standard, case, explain=explain)
        return judge(Question(PRICE, Gate.QUOTE, item, calculation), POLICY)

    return {
        "by hand": by_hand(formula),
        "amount": priced.amount,
        "amount with steps": told,
        "check": check,
        "check with steps": lambda base: check(base, explain=True),
    }


def by_hand(formula: Tabled) -> Callable[[Decimal], Decimal]:
    """The formula as one would write it for this one table, in plain decimals."""
    match formula.table:
        case Progressive(brackets):
            rates = [(b.upto, b.rate.low) for b in brackets if b.rate is not None]

            def progressive(base: Decimal) -> Decimal:
                total = over = Decimal(0)
                for upto, rate in rates:
                    if upto is None or base <= upto:
                        return total + (base - over) * rate
                    total += (upto - over) * rate
                    over = upto
                return total

            return progressive
        case Interpolated(points):
            line = [(x, y.low) for x, y in points]

            def interpolated(base: Decimal) -> Decimal:
                x0, y0 = line[0]
                for x1, y1 in line[1:]:
                    if base <= x1:
                        return y0 + (y1 - y0) * (base - x0) / (x1 - x0)
                    x0, y0 = x1, y1
                raise ValueError(base)

            return interpolated
    raise ValueError(formula.table)

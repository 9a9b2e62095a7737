"""The benchmark measures what it says: the hand-written functions are the engine's formulas."""

from __future__ import annotations

from bench import fees
from marketplace.fees.rules.reading.files import read_standards


def test_the_functions_measured_agree() -> None:
    standards = read_standards(fees.STANDARDS)
    for name, item, bases in (
        ("zbdl_1980", "zbdl", fees.PROGRESSIVE),
        ("jl_670", "jsjl", fees.INTERPOLATED),
    ):
        asked = fees.functions(standards[name], item)
        for base in bases:
            amount = asked["amount"](base)
            told, steps = asked["amount with steps"](base)
            assert amount == told
            assert steps[-1].given == told
            assert abs(asked["by hand"](base) - amount.low) < fees.Decimal("1E-20")
            assert asked["check"](base).steps == ()
            assert len(asked["check with steps"](base).steps) >= 3


def test_what_does_not_hold_is_said() -> None:
    rows = fees.measure(turns=1, calls=7)
    assert len(rows) == 10
    assert all(row.microseconds > 0 for row in rows)
    slow = [
        fees.Row("jl_670", "amount", 3.0, 2.5),
        fees.Row("jl_670", "amount with steps", 9.0, 8.5),
        fees.Row("jl_670", "check", 60.0, 60.0),
        fees.Row("jl_670", "check", 40.0, 60.0),
    ]
    assert len(fees.judged(slow)) == 3

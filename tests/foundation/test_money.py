"""Amounts read strictly and written in capitals."""

from decimal import Decimal

import pytest

from marketplace.foundation.money import capitals, format_wan, format_yuan, parse_yuan, to_fen


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", "0"), ("128000", "128000"), ("128,000.50", "128000.50"), (" 7.1 ", "7.1")],
)
def test_reads_what_people_type(text: str, amount: str) -> None:
    assert parse_yuan(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "1e5", "1.005", "１２３", "٣", "NaN", "1_000", "0x10", "1.2.3", "99999999999999"],
)
def test_refuses_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError):
        parse_yuan(text)


def test_rounds_half_up_to_the_fen() -> None:
    assert to_fen(Decimal("0.005")) == Decimal("0.01")
    assert to_fen(Decimal("2.674999")) == Decimal("2.67")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("20", "贰拾元整"),
        ("1010", "壹仟零壹拾元整"),
        ("10203.45", "壹万零贰佰零叁元肆角伍分"),
        ("100000", "壹拾万元整"),
        ("10000000.01", "壹仟万元零壹分"),
        ("100200003", "壹亿零贰拾万零叁元整"),
        ("123456789012.30", "壹仟贰佰叁拾肆亿伍仟陆佰柒拾捌万玖仟零壹拾贰元叁角整"),
        ("1234500000000", "壹万贰仟叁佰肆拾伍亿元整"),
    ],
)
def test_capitals_of_contracts(amount: str, text: str) -> None:
    assert capitals(Decimal(amount)) == text


def test_formats() -> None:
    assert format_yuan(Decimal("1234567.8")) == "1,234,567.80"
    assert format_wan(Decimal("12345.60")) == "1.23456"
    assert format_wan(Decimal("20000")) == "2"

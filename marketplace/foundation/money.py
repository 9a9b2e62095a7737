"""Money: exact ``Decimal`` yuan, read strictly, rounded only where a rule says how."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
WAN = Decimal(10000)
MAX_AMOUNT = Decimal("9999999999999.99")
_AMOUNT = re.compile(r"\d{1,13}(\.\d{1,2})?")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"


def to_fen(amount: Decimal) -> Decimal:
    """Round yuan half-up to the fen."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def parse_yuan(text: str) -> Decimal:
    """Read an amount in yuan typed by a person; raises ValueError for anything but digits.

    Thousands separators and spaces are allowed; exponents, signs, more than two decimals and
    non-ASCII digits are not.
    """
    cleaned = text.replace(",", "").replace("，", "").strip()
    if not cleaned.isascii() or not _AMOUNT.fullmatch(cleaned):
        raise ValueError(text)
    return Decimal(cleaned)


def format_yuan(amount: Decimal) -> str:
    """``12345.6`` → ``12,345.60``."""
    return f"{to_fen(amount):,}"


def format_wan(amount: Decimal) -> str:
    """Yuan as 万元 without trailing zeros: ``12345.6`` → ``1.23456``."""
    text = format(amount / WAN, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def capitals(amount: Decimal) -> str:
    """Yuan in the capital figures of contracts: ``10203.45`` → ``壹万零贰佰零叁元肆角伍分``."""
    if amount < 0 or amount > MAX_AMOUNT:
        raise ValueError("amount out of range")
    fen_total = int(to_fen(amount) * 100)
    yuan, jiao, fen = fen_total // 100, fen_total // 10 % 10, fen_total % 10
    text = _whole(yuan) + "元" if yuan else ""
    if not jiao and not fen:
        return (text or "零元") + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif yuan:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            high, rest = divmod(number, size)
            gap = "零" if rest and rest < size // 10 else ""
            return _whole(high) + unit + gap + (_whole(rest) if rest else "")
    return _thousand(number)


def _thousand(number: int) -> str:
    out = ""
    zero = False
    for unit, size in (("仟", 1000), ("佰", 100), ("拾", 10), ("", 1)):
        digit = number // size % 10
        if digit:
            out += ("零" if zero and out else "") + _DIGITS[digit] + unit
            zero = False
        else:
            zero = True
    return out

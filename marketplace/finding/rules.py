"""How words are made comparable: folding, readings, pieces, bands. No database, no web."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

_TRADITIONAL = Path(__file__).with_name("data") / "traditional.txt"
_NOT_A_WORD = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[a-z]+")
_LONGEST_SYLLABLE = 6
_MOST_WAYS = 24
_MOST_STEPS = 400

# promised days, each band up to and with its end; None: longer
DAYS_BANDS: tuple[int | None, ...] = (5, 10, 20, 30, None)
# the part of the standard that is taken off, in %, each band from its beginning on
PRICE_BANDS = (30, 20, 10, 0)
FIXED = "fixed"


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    pairs = _TRADITIONAL.read_text(encoding="utf-8").split()
    return {ord(pair[0]): pair[1] for pair in pairs}


def fold(words: str) -> str:
    """Words as they are compared: simplified characters, lower case, full-width letters and
    figures as plain ones, nothing but letters and figures (brackets, dots and blanks left out)."""
    plain = unicodedata.normalize("NFKC", words).lower().translate(_simplified())
    return _NOT_A_WORD.sub("", plain)


def terms(words: str) -> list[str]:
    """What stands between blanks, folded, each once."""
    found = (fold(each) for each in words.split())
    return list(dict.fromkeys(each for each in found if each))


@lru_cache(maxsize=4096)
def reading(folded: str) -> str:
    """How folded words are read: a syllable without tone for each character, a blank between
    (重庆 is ``chong qing``); what has no reading stands for itself.

    The dictionary of readings is 57 MB in memory, so only processes that write load it.
    """
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(folded, errors=list)  # type: ignore[arg-type]
    if len(syllables) != len(folded):
        syllables = [syllable for each in folded for syllable in lazy_pinyin(each)[:1] or [each]]
    return " ".join(syllables)


def initials(read: str) -> str:
    """The first letters of a reading: ``chong qing`` is ``cq``."""
    return "".join(syllable[0] for syllable in read.split())


def is_letters(folded: str) -> bool:
    """Whether words may be pinyin or initials."""
    return _LETTERS.fullmatch(folded) is not None


def syllables_of(letters: str, known: Sequence[str] | frozenset[str]) -> Iterator[tuple[str, ...]]:
    """The ways to read letters as syllables that are ``known``; the last may be a beginning of
    one (``qinghec`` is ``qing he c``). At most 24 ways, longer syllables first."""
    found = steps = 0
    open_ways: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while open_ways and found < _MOST_WAYS and steps < _MOST_STEPS:
        steps += 1
        at, way = open_ways.pop()
        rest = letters[at : at + _LONGEST_SYLLABLE]
        if at == len(letters):
            found += 1
            yield way
            continue
        whole = [length for length in range(1, len(rest) + 1) if rest[:length] in known]
        is_last = at + len(rest) == len(letters)
        if is_last and rest not in known and any(each.startswith(rest) for each in known):
            found += 1
            yield (*way, rest)
        open_ways.extend((at + length, (*way, rest[:length])) for length in whole)


def days_band(days: int) -> str:
    """The band promised days fall in, by its end (``10``: 6 to 10 days), ``more`` above all."""
    for end in DAYS_BANDS:
        if end is not None and days <= end:
            return str(end)
    return "more"


def price_band(discount_hundredths: int | None) -> str:
    """The band of a discount in hundredths of a percent, by its beginning in %; ``fixed`` for a
    price in yuan, which is no part of a standard."""
    if discount_hundredths is None:
        return FIXED
    return next(str(start) for start in PRICE_BANDS if discount_hundredths >= start * 100)

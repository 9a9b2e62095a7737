"""What each published edition is to one place."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.foundation.editions import Standing, standing_of
from marketplace.foundation.showing import show_size

EDITIONS = [
    (1, "000000", date(2024, 1, 1)),
    (2, "379900", date(2025, 1, 1)),
    (3, "379900", date(2026, 1, 1)),
    (4, "379900", date(2027, 1, 1)),
    (5, "379921", date(2026, 6, 1)),
]


def test_an_edition_is_in_force_here_or_above_replaced_or_to_come() -> None:
    county = standing_of(EDITIONS, ("379921", "379900", "000000"), date(2026, 11, 23))
    assert county == {
        1: Standing.ABOVE,
        2: Standing.REPLACED,
        3: Standing.ABOVE,
        4: Standing.COMING,
        5: Standing.HERE,
    }
    before = standing_of(EDITIONS, ("379921", "379900", "000000"), date(2026, 5, 31))
    assert (before[3], before[5]) == (Standing.HERE, Standing.COMING), "inherited, until its own"
    assert {str(each.title) for each in before.values()} == {
        "本地现行",
        "上级现行",
        "已被替代",
        "尚未施行",
    }


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 KB"),
        (1, "1 KB"),
        (1024, "1 KB"),
        (1025, "2 KB"),
        (1024**2 - 1, "1024 KB"),
        (1024**2, "1 MB"),
        (1024**2 * 3 // 2, "1.5 MB"),
        (2 * 1024**3, "2 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_people_count_in(size: int, shown: str) -> None:
    assert show_size(size) == shown

"""The search part of the bench: a small register, asked in every way."""

from __future__ import annotations

import pytest

from bench import searching


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_every_search_is_answered_within_its_queries(engine: str) -> None:
    rows = searching.measure(engine, firms=40, seconds=0.2)
    assert len(rows) == 2 * 7 + 2
    for row in rows:
        assert row.answers > 0, row.asked
        assert row.queries <= searching.AT_MOST_QUERIES
        assert row.queries or row.asked.startswith("floor")

"""The rating part of the bench: a small ledger that the product's own checks find sound."""

from __future__ import annotations

import pytest

from bench import ratings


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_a_small_ledger_replays_without_a_difference(engine: str) -> None:
    replay, effect, floor = ratings.measure(engine, firms=20, processes=2)
    assert replay.what.startswith("replay of 1,")  # fifty entries and a little more for each firm
    assert replay.seconds > floor.seconds
    assert 0 < (effect.cpu or 0) < 1

"""Real actions in any order keep every invariant, on both engines."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.market import Market

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def profile(examples: int, steps: int, derandomize: bool = True) -> settings:
    """So many examples of so many steps; the quick ones are always the same."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=derandomize,
        database=None,
        deadline=None,
        print_blob=not derandomize,
        phases=[Phase.generate] if derandomize else [Phase.generate, Phase.shrink],
        suppress_health_check=_CALM,
    )


QUICK = {"sqlite": (4, 20), "postgresql": (1, 20)}


def test_everything_holds_whatever_is_done(market: type[Market], engine_name: str) -> None:
    run_state_machine_as_test(market, settings=profile(*QUICK[engine_name]))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_everything_holds_for_a_long_time(market: type[Market], engine_name: str) -> None:
    examples = 60 if engine_name == "sqlite" else 15
    run_state_machine_as_test(market, settings=profile(examples, 60, derandomize=False))

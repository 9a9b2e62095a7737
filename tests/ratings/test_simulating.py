"""The simulated world: always the same, attackers as stated, figures as documented."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from config import ROOT
from marketplace.foundation.crypto import digest
from marketplace.ratings import simulating
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.simulating import make_world, run, tau_b
from tests.ratings.rules.builders import SHIPPED

NONE, FIFTH = Decimal(0), Decimal("0.2")


def test_one_seed_gives_one_world_and_attackers_leave_the_rest_as_it_is() -> None:
    honest, attacked = make_world(NONE, 1), make_world(FIFTH, 1)
    assert len(honest.quality) == 200
    assert honest.attackers == frozenset()
    assert attacked.quality == honest.quality
    own = [each for each in attacked.contracts if each.owner < simulating.OWNERS]
    assert own == list(honest.contracts)
    counts = Counter(each.firm for each in honest.contracts)
    assert set(counts) == set(range(200))
    assert min(counts.values()) >= 3
    assert len({each.owner for each in honest.contracts}) == 60
    world = [[each.firm, each.owner, each.day, each.value] for each in honest.contracts]
    assert digest(world)[:16] == "51575076cffe64d7"


def test_half_the_attackers_have_ten_friends_half_one_friend_with_twenty_marks() -> None:
    world = make_world(FIFTH, 7)
    assert len(world.attackers) == 40
    kinds: Counter[tuple[int, int]] = Counter()
    for firm in world.attackers:
        friends = Counter(
            each.owner
            for each in world.contracts
            if each.firm == firm and each.owner >= simulating.OWNERS
        )
        kinds[len(friends), sum(friends.values())] += 1
        assert all(each.value == 100 for each in world.contracts if each.owner >= simulating.OWNERS)
    assert kinds == {(10, 10): 20, (1, 20): 20}


def test_good_firms_are_late_less_often_and_marked_better() -> None:
    world = make_world(NONE, 3)
    good, bad = [], []
    for each in world.contracts:
        (good if world.quality[each.firm] > 500 else bad).append(each)
    for value in (
        lambda them: sum(each.late_working_days == 0 for each in them) / len(them),
        lambda them: sum(each.value for each in them) / len(them),
    ):
        assert value(good) > value(bad)


def test_kendalls_tau_b_with_ties() -> None:
    assert tau_b([1, 2, 3, 4], [1, 2, 3, 4]) == 1
    assert tau_b([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    # five concordant pairs, none discordant, one tied: 5 / √(6 × 5)
    assert tau_b([1, 2, 3, 4], [1, 2, 2, 3]) == Decimal("0.9129")
    assert tau_b([1, 1], [1, 2]) == 0


BEFORE, PRESENT = SHIPPED["000000/rating-2024-01-01"], SHIPPED["000000/rating-2026-07-01"]
MARGIN = Decimal("0.05")


def _figures(policy: RatingPolicy, seed: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    calm, attacked = run(policy, NONE, seed), run(policy, FIFTH, seed)
    return calm.ours, calm.plain_mean, attacked.ours, attacked.plain_mean


@pytest.mark.parametrize("seed", range(1, 11))
def test_the_edition_in_force_reaches_both_bars(seed: int) -> None:
    ours, plain, attacked, plain_attacked = _figures(PRESENT, seed)
    assert ours >= plain - MARGIN
    assert attacked >= plain_attacked + MARGIN
    # the table of the documents
    text = (ROOT / "docs" / "simulation.md").read_text("utf-8")
    assert f"| {seed} | {ours} | {plain} | {attacked} | {plain_attacked} |" in text


def test_the_edition_of_2024_reached_neither() -> None:
    ours, plain, attacked, plain_attacked = figures = _figures(BEFORE, 1)
    assert ours < plain - MARGIN
    assert attacked < plain_attacked + MARGIN
    text = (ROOT / "docs" / "simulation.md").read_text("utf-8")
    assert f"| {' | '.join(map(str, figures))} |" in text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_command_rates_the_world_under_the_edition_in_force_or_another(
    app: Flask, tmp_path: Path, advance: Callable[[timedelta], None]
) -> None:
    runner, file = app.test_cli_runner(), tmp_path / "out.json"
    ran = ["ratings", "simulate", "--attackers", "0.2", "--seed", "1", "--json", str(file)]
    done = runner.invoke(args=ran)
    assert done.exit_code == 0, done.output
    told = json.loads(file.read_text("utf-8"))
    assert (told["ours"], told["plain_mean"]) == ("0.6939", "0.7475")
    shipped = ROOT / "marketplace/editions/policies/000000/rating-2026-07-01.toml"
    assert runner.invoke(args=[*ran, "--edition", str(shipped)]).exit_code == 0
    told = json.loads(file.read_text("utf-8"))
    # from its own day on it is the one in force
    advance(timedelta(days=130))
    assert runner.invoke(args=ran).exit_code == 0
    assert json.loads(file.read_text("utf-8")) == told
    assert Decimal(told["ours"]) >= Decimal(told["plain_mean"]) + MARGIN
    trial = tmp_path / "rating-2026-04-01.toml"
    trial.write_text("no toml", "utf-8")
    assert runner.invoke(args=[*ran, "--edition", str(trial)]).exit_code == 2
    assert runner.invoke(args=["ratings", "simulate", "--attackers", "2"]).exit_code == 2

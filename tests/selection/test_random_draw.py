"""The draw computation against the golden vectors, and the properties it must have."""

import hashlib
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.selection.methods import random_draw
from marketplace.selection.methods.random_draw import DrawInputError, Entrant
from tests.selection.vectors import VECTORS

SECRET = VECTORS["secret"][0]["secret"]
NEED = "XQ20261122-0007"


def entrants_of(pairs: list[list[str]]) -> list[Entrant]:
    return [Entrant(code, contribution) for code, contribution in pairs]


def many_entrants(count: int) -> list[Entrant]:
    return [
        Entrant(f"91370000MA3G{i:06d}", hashlib.sha256(str(i).encode()).hexdigest())
        for i in range(count)
    ]


@pytest.mark.parametrize("vector", VECTORS["secret"])
def test_secret_is_derived_as_published(vector: dict) -> None:
    master = bytes.fromhex(vector["master_key"])
    made = random_draw.draw_secret(master, vector["need"], vector["attempt"])
    assert made == vector["secret"]


def test_secrets_of_need_and_attempt_cannot_run_together() -> None:
    secrets = [vector["secret"] for vector in VECTORS["secret"]]
    assert len(set(secrets)) == len(secrets)


@pytest.mark.parametrize("vector", VECTORS["commitment"])
def test_commitment(vector: dict) -> None:
    assert random_draw.commitment(vector["secret"]) == vector["commitment"]


@pytest.mark.parametrize("vector", VECTORS["list"])
def test_list_bytes_and_hash(vector: dict) -> None:
    chosen = entrants_of(vector["entrants"])
    assert random_draw.list_bytes(chosen).decode() == vector["bytes"]
    assert random_draw.list_hash(chosen) == vector["sha256"]


@pytest.mark.parametrize("vector", VECTORS["draw"])
def test_draw_vector(vector: dict) -> None:
    drawn = random_draw.draw(
        vector["need"],
        vector["attempt"],
        entrants_of(vector["entrants"]),
        vector["secret"],
        vector["public_value"],
    )
    stream = random_draw.blocks(drawn.seed)
    assert drawn.commitment == vector["commitment"]
    assert drawn.list_hash == vector["list_sha256"]
    assert drawn.seed == vector["seed"]
    assert [f"{next(stream):064x}" for _ in vector["blocks"]] == vector["blocks"]
    assert list(drawn.ranking) == vector["order"]


@pytest.mark.parametrize("vector", VECTORS["next_below"])
def test_rejected_blocks(vector: dict) -> None:
    stream = iter([int(block, 16) for block in vector["blocks"]])
    assert random_draw.next_below(stream, vector["bound"]) == vector["number"]
    assert len(vector["blocks"]) - len(list(stream)) == vector["used"]


@pytest.mark.parametrize("vector", VECTORS["receipt"])
def test_receipt_bytes(vector: dict) -> None:
    entrant = Entrant(vector["code"], vector["contribution"])
    for need in (vector["need"], vector["need"] + "#tie-3"):
        made = random_draw.receipt_bytes(need, vector["attempt"], entrant, vector["at"])
        assert made.decode() == vector["bytes"]


@given(st.permutations(many_entrants(9)))
def test_order_of_input_makes_no_difference(shuffled: list[Entrant]) -> None:
    drawn = random_draw.draw(NEED, 1, shuffled, SECRET, "lottery:pl5:26312:0,0,7,1,7")
    assert drawn == random_draw.draw(
        NEED, 1, many_entrants(9), SECRET, "lottery:pl5:26312:0,0,7,1,7"
    )


def test_every_input_changes_the_seed() -> None:
    listed = many_entrants(5)
    other_contribution = [Entrant(listed[0].credit_code, "0" * 64), *listed[1:]]
    seeds = [
        random_draw.draw(*given).seed
        for given in (
            (NEED, 1, listed, SECRET, "value"),
            (NEED + "x", 1, listed, SECRET, "value"),
            (NEED, 2, listed, SECRET, "value"),
            (random_draw.tie_id(NEED, 1), 1, listed, SECRET, "value"),
            (random_draw.tie_id(NEED, 2), 1, listed, SECRET, "value"),
            (NEED, 1, listed[1:], SECRET, "value"),
            (NEED, 1, other_contribution, SECRET, "value"),
            (NEED, 1, listed, "0" * 64, "value"),
            (NEED, 1, listed, SECRET, "Value"),
            (NEED, 1, listed, SECRET, ""),
        )
    ]
    assert len(set(seeds)) == len(seeds)


def test_every_place_is_equally_likely_for_seven_firms() -> None:
    """Chi-square over 21,000 draws, first and last place; 22.5 is the 0.1 % limit at 6 degrees."""
    listed = many_entrants(7)
    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for attempt in range(1, 21_001):
        ranking = random_draw.draw(NEED, attempt, listed, SECRET, "").ranking
        first[ranking[0]] += 1
        last[ranking[-1]] += 1
    for counts in (first, last):
        assert sum((counts[each.credit_code] - 3000) ** 2 / 3000 for each in listed) < 22.5


def test_a_hundred_thousand_entrants_are_ranked_in_seconds() -> None:
    listed = many_entrants(100_000)
    begun = time.monotonic()
    ranking = random_draw.draw(NEED, 1, listed, SECRET, "").ranking
    assert time.monotonic() - begun < 10
    assert len(set(ranking)) == 100_000


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("entrants", lambda: random_draw.list_hash([])),
        ("entrants", lambda: random_draw.list_hash(many_entrants(1) * 2)),
        ("credit_code", lambda: random_draw.list_hash([Entrant("9137", "0" * 64)])),
        ("contribution", lambda: random_draw.list_hash([Entrant("9" * 18, "A" * 64)])),
        ("contribution", lambda: random_draw.list_hash([Entrant("9" * 18, "0" * 63 + "\n")])),
        ("secret", lambda: random_draw.commitment(SECRET.upper())),
        ("need", lambda: random_draw.draw("a\nb", 1, many_entrants(2), SECRET, "")),
        ("need", lambda: random_draw.draw("a#tie-0", 1, many_entrants(2), SECRET, "")),
        ("need", lambda: random_draw.draw_secret(b"k" * 32, "a#tie-1", 1)),
        ("master_key", lambda: random_draw.draw_secret(b"short", "a", 1)),
        ("attempt", lambda: random_draw.draw(NEED, 0, many_entrants(2), SECRET, "")),
        ("attempt", lambda: random_draw.draw(NEED, True, many_entrants(2), SECRET, "")),
        ("public_value", lambda: random_draw.draw(NEED, 1, many_entrants(2), SECRET, "a\nb")),
    ],
)
def test_what_cannot_enter_a_draw_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(DrawInputError) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field

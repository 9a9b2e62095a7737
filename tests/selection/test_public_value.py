"""The written forms of a lottery's issue and of a ceremony's numbers."""

import pytest

from marketplace.selection.methods.public_value import (
    CeremonyNumber,
    ceremony_value,
    lottery_value,
    number_commitment,
)
from marketplace.selection.methods.random_draw import DrawInputError
from tests.selection.vectors import VECTORS

DIGITS = "904625697166532776746648320380"


@pytest.mark.parametrize("vector", VECTORS["lottery"])
def test_lottery_vector(vector: dict) -> None:
    assert lottery_value(vector["game"], vector["issue"], vector["numbers"]) == vector["value"]


@pytest.mark.parametrize("vector", VECTORS["ceremony"])
def test_ceremony_vector(vector: dict) -> None:
    numbers = [CeremonyNumber(row["by"], row["number"]) for row in vector["numbers"]]
    assert ceremony_value(numbers) == vector["value"]
    assert ceremony_value(reversed(numbers)) == vector["value"]
    for row, number in zip(vector["numbers"], numbers, strict=True):
        made = number_commitment(vector["need"], vector["attempt"], number)
        assert made == row["commitment"]


def test_unordered_numbers_have_one_written_form() -> None:
    one = lottery_value("ssq", "2026134", [[30, 2, 5, 11, 17, 23], [8]])
    assert one == lottery_value("ssq", "2026134", [[2, 5, 11, 17, 23, 30], [8]])


def test_ordered_digits_keep_their_order() -> None:
    assert lottery_value("fc3d", "2026312", [[9, 0, 0]]) != lottery_value(
        "fc3d", "2026312", [[0, 0, 9]]
    )


@pytest.mark.parametrize(
    ("field", "game", "issue", "numbers"),
    [
        ("game", "ssc", "2026134", [[1]]),
        ("issue", "ssq", "26134", [[1, 2, 3, 4, 5, 6], [7]]),
        ("issue", "ssq", "２０２６１３４", [[1, 2, 3, 4, 5, 6], [7]]),
        ("numbers", "ssq", "2026134", [[1, 2, 3, 4, 5, 6]]),
        ("numbers", "ssq", "2026134", [[1, 2, 3, 4, 5], [7]]),
        ("numbers", "ssq", "2026134", [[1, 2, 3, 4, 5, 5], [7]]),
        ("numbers", "ssq", "2026134", [[1, 2, 3, 4, 5, 34], [7]]),
        ("numbers", "ssq", "2026134", [[0, 2, 3, 4, 5, 6], [7]]),
        ("numbers", "pl5", "26312", [[0, 0, 7, 1, 10]]),
    ],
)
def test_a_wrong_issue_is_refused_by_name(
    field: str, game: str, issue: str, numbers: list[list[int]]
) -> None:
    with pytest.raises(DrawInputError) as refused:
        lottery_value(game, issue, numbers)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "numbers"),
    [
        ("participant", []),
        ("participant", [CeremonyNumber("bureau", DIGITS)]),
        ("participant", [CeremonyNumber("owner", DIGITS), CeremonyNumber("owner", DIGITS)]),
        ("participant", [CeremonyNumber("own er", DIGITS)]),
        ("number", [CeremonyNumber("owner", "42")]),
        ("number", [CeremonyNumber("owner", "0x" + DIGITS)]),
    ],
)
def test_a_ceremony_that_makes_no_value_is_refused(
    field: str, numbers: list[CeremonyNumber]
) -> None:
    with pytest.raises(DrawInputError) as refused:
        ceremony_value(numbers)
    assert refused.value.field == field


def test_a_copied_commitment_is_worth_nothing_to_another() -> None:
    """Bound to need, attempt and participant: the same number commits differently."""
    made = {
        number_commitment("N1", 1, CeremonyNumber("owner", DIGITS)),
        number_commitment("N1", 1, CeremonyNumber("bureau", DIGITS)),
        number_commitment("N1", 2, CeremonyNumber("owner", DIGITS)),
        number_commitment("N2", 1, CeremonyNumber("owner", DIGITS)),
    }
    assert len(made) == 4

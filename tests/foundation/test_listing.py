"""The order of a list as its reader chose it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Jurisdiction
from marketplace.foundation.db import db
from marketplace.foundation.listing import Sorting, in_order, read_sorting


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("price", Sorting("price")),
        ("-price", Sorting("price", descending=True)),
        ("secret", Sorting()),
        ("--price", Sorting()),
        ("", Sorting()),
    ],
)
def test_only_named_columns_order_a_list(asked: str, order: Sorting) -> None:
    assert read_sorting({"sort": asked}, "price", "day") == order


def test_a_second_click_turns_the_order_round() -> None:
    assert Sorting("price").next_of("price") == "-price"
    assert Sorting("price", descending=True).next_of("price") == "price"
    assert Sorting("price", descending=True).next_of("day") == "day"


def test_rows_without_a_value_stand_last_both_ways(app: Flask) -> None:
    columns = {"parent": Jurisdiction.parent_code}
    with app.app_context():
        for sorting in (Sorting("parent"), Sorting("parent", descending=True)):
            query = in_order(select(Jurisdiction), sorting, columns, (Jurisdiction.code,))
            parents = [row.parent_code for row in db.session.scalars(query)]
            known = [code for code in parents if code is not None]
            assert parents[-1] is None
            assert None not in parents[: len(known)]
            assert known == sorted(known, reverse=sorting.descending)

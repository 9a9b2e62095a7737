"""The item list in the database, on both engines."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.catalogue import actions, queries
from marketplace.catalogue.models import CatalogueEdition, ServiceItem
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.transactions import transaction
from tests.catalogue.test_item_list import FILE, TEXT

# the first edition, in force until the next one of the city
DAY = date(2024, 6, 3)
LISTED = TEXT.count("[[items]]")


def test_items_in_force(app: Flask) -> None:
    with app.app_context():
        item = queries.item("jsjl", DAY)
        assert item.department_code == "zjj"
        assert queries.meets(item, [("工程监理资质", "甲级")])
        assert not queries.meets(item, [("工程监理资质", "丙级")])
        assert len(queries.items(DAY, ("379921", "379900"))) == LISTED
        assert queries.items(DAY, ("370000",)) == []
        assert queries.items(date(2023, 12, 31)) == []
        assert queries.names(DAY)["zbdl"] == "招标代理"
        with pytest.raises(Missing):
            queries.item("nothing", DAY)


def test_loading_twice_changes_nothing_and_editing_is_refused(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        with transaction():
            actions.load_edition(FILE, CLOCK, clock.now())
        mine = select(CatalogueEdition.id).where(
            CatalogueEdition.jurisdiction_code == "379900",
            CatalogueEdition.effective_from == date(2024, 1, 1),
        )
        listed = select(func.count(ServiceItem.id)).where(ServiceItem.edition_id.in_(mine))
        assert db.session.scalar(listed) == LISTED
        changed = tmp_path / "list.toml"
        changed.write_text(TEXT.replace("statutory_days = 45", "statutory_days = 60"), "utf-8")
        with pytest.raises(actions.ListRefused, match="另发新版"), transaction():
            actions.load_edition(changed, CLOCK, clock.now())


def test_a_new_edition_takes_over_on_its_day(app: Flask, tmp_path: Path) -> None:
    later = tmp_path / "later.toml"
    text = TEXT.replace("effective_from = 2024-01-01", "effective_from = 2025-04-01", 1)
    later.write_text(text.replace("statutory_days = 45", "statutory_days = 60"), "utf-8")
    with app.app_context(), transaction():
        actions.load_edition(later, CLOCK, clock.now())
        assert queries.item("zbdl", DAY).statutory_days == 45
        assert queries.item("zbdl", date(2025, 4, 1)).statutory_days == 60
        own = select(func.count(CatalogueEdition.id)).where(
            CatalogueEdition.jurisdiction_code == "379900"
        )
        assert db.session.scalar(own) == 3


def test_nothing_is_half_loaded(app: Flask, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    text = TEXT.replace("effective_from = 2024-01-01", "effective_from = 2025-04-01", 1)
    broken.write_text(text.replace('code = "aqpj"', "code = 5"), "utf-8")
    with app.app_context():
        with (
            pytest.raises(actions.ListRefused, match=r"broken\.toml：items\.5\.code"),
            transaction(),
        ):
            actions.load_edition(broken, CLOCK, clock.now())
        own = select(func.count(CatalogueEdition.id)).where(
            CatalogueEdition.jurisdiction_code == "379900"
        )
        assert db.session.scalar(own) == 2

"""Locking a row a second time keeps what the transaction has changed."""

from __future__ import annotations

from flask import Flask

from marketplace.foundation.db import db, lock
from marketplace.foundation.transactions import transaction
from tests.factories import accounts


def test_a_second_lock_keeps_what_was_changed_under_the_first(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm().organisation
            key = firm.id
            lock(firm).name = "青河改名测绘有限公司"
            assert lock(firm).name == "青河改名测绘有限公司"
        assert db.session.get_one(type(firm), key).name == "青河改名测绘有限公司"

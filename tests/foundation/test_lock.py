"""Locking a row a second time keeps what the transaction has changed."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Membership
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


def test_a_row_loaded_along_with_another_can_be_locked(app: Flask) -> None:
    with app.app_context(), transaction():
        person = accounts.firm().user
        membership = db.session.scalars(
            select(Membership)
            .where(Membership.user_id == person.id)
            .options(joinedload(Membership.organisation, innerjoin=False))
            .execution_options(populate_existing=True)
        ).one()
        assert lock(membership).user_id == person.id

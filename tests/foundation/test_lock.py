"""Locking a row a second time keeps what the transaction has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import sleep

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Membership
from marketplace.foundation import clock
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


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_whoever_waited_for_another_transaction_reads_the_clock_again(app: Flask) -> None:
    """A bare UPDATE waits for whoever holds the row: the time before it is not the time after."""
    rename = text("UPDATE organisations SET name = :name WHERE id = :key")
    with app.app_context():
        with transaction():
            key = accounts.firm().organisation.id
        engine, held, done = db.engine, Event(), Event()

    def hold_the_row() -> None:
        with engine.begin() as other:
            other.execute(rename, {"name": "青河先改测绘有限公司", "key": key})
            held.set()
            done.wait(10)
            sleep(0.4)

    with (
        ThreadPoolExecutor(1) as threads,
        app.test_request_context("/", method="POST"),
        transaction(),
    ):
        holder = threads.submit(hold_the_row)
        assert held.wait(10)
        before = clock.now()
        assert clock.now() - before < timedelta(seconds=0.2)
        done.set()
        db.session.execute(rename, {"name": "青河后改测绘有限公司", "key": key})
        after = clock.now()
        holder.result()
    assert after - before >= timedelta(seconds=0.4), "the reading is older than the wait"

"""What every page says of its bureau is never older than the editions it is remembered under."""

from __future__ import annotations

from threading import Thread

from flask import Flask

from marketplace.accounts import queries
from marketplace.accounts.models import Organisation
from marketplace.foundation import epoch
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories.accounts import CITY

RENAMED = "青河市政务服务中心"


def _rename(app: Flask, office_id: int) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Organisation, office_id).name = RENAMED


def test_an_office_renamed_meanwhile_is_not_remembered_by_its_old_name(app: Flask) -> None:
    with app.app_context():
        office = queries.bureau(CITY)
        other = Thread(target=_rename, args=(app, office.id))
        other.start()
        other.join()
        epoch.read()  # as after a lock: on PostgreSQL the new number, the old object still at hand
        queries.site(CITY)
        assert office.name != RENAMED
    with app.app_context():
        assert queries.site(CITY).bureau_name == RENAMED

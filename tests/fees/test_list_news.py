"""Firms are told what a newly published fee list changes for what they promise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select

from config import ROOT
from marketplace.accounts.areas import areas
from marketplace.accounts.models import Jurisdiction
from marketplace.fees.lists import documents
from marketplace.fees.lists import queries as lists
from marketplace.fees.lists.tasks import keep_files
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.tasks import failures
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import list_news
from marketplace.intermediaries.list_news import tell_of_lists
from marketplace.intermediaries.models import ListTelling
from marketplace.notifications.models import Delivery, Message
from tests.factories import intermediaries
from tests.factories.fee_lists import OWN
from tests.fees.offices import Office, today

MIGRATIONS = str(ROOT / "migrations")


def test_firms_are_told_what_changes_for_them_and_what_to_mend(
    app: Flask, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_news, "BATCH", 1)
    with app.app_context(), transaction():
        firms = [intermediaries.listed(("jsjl",)) for _n in range(2)]
        for number, firm in enumerate(firms):
            firm.organisation.email = f"firm{number}@example.invalid"
        other = intermediaries.listed(("hpwj",)).organisation.id
        told = [firm.organisation.id for firm in firms]
    rows = [row for row in office.template() if row["code"] != "jsjl"]
    fixed = {
        **OWN, "code": "jsjl", "name": "建设工程监理", "low": Decimal(1), "high": Decimal(1),
        "unit": "%", "per": "工程造价",
    }  # fmt: skip
    day = today(app) + timedelta(days=9)
    edition = office.publish([*rows, fixed], day)
    with app.app_context():
        assert tell_of_lists() == 2
        assert tell_of_lists() == 0
        sent = db.session.scalars(select(Message).where(Message.key.like("fee_list:%"))).all()
        assert sorted(each.organisation_id for each in sent) == sorted(told)
        assert other not in told
        (message, _same) = sent
        date = f"{day.year}年{day.month}月{day.day}日"
        assert message.subject.endswith(f"涉及贵单位的 1 项承诺，其中 1 项须在 {date} 前修改")
        assert f"自 {date} 起施行" in message.body
        assert "建设工程监理（修改）" in message.body
        assert "低于下限，须修改" in message.body
        assert f"new={edition}" in message.link
        mailed = select(Delivery.message_id).where(Delivery.message_id.in_([m.id for m in sent]))
        assert len(db.session.scalars(mailed).all()) == 2
        done = db.session.scalars(select(ListTelling)).one()
        assert (done.firms, done.next_check_at) == (2, None)
    assert office.public.get(message.link).status_code == 200


def test_a_promise_within_the_new_list_need_not_be_mended(app: Flask, office: Office) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(("jsjl",))
    rows = office.template()
    for row in rows:
        if row["code"] == "jsjl":
            row["remarks"] = "按年度调整"
    office.publish(rows, today(app) + timedelta(days=9))
    with app.app_context():
        assert tell_of_lists() == 1
        body = db.session.scalars(select(Message.body).where(Message.key.like("fee_list:%"))).one()
        assert "备注由“空”改为“按年度调整”" in body
        assert "不必修改" in body
        assert "须修改" not in body.replace("不必修改", "")


def breaking(office: Office) -> list[dict[str, Any]]:
    rows = [row for row in office.template() if row["code"] != "jsjl"]
    fixed = {
        **OWN, "code": "jsjl", "name": "建设工程监理", "low": Decimal(1), "high": Decimal(1),
        "unit": "%", "per": "工程造价",
    }  # fmt: skip
    return [*rows, fixed]


def news() -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.key.like("fee_list:%"))))


def test_a_list_in_force_already_is_to_be_kept_at_once(app: Flask, office: Office) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(("jsjl",))
    office.publish(breaking(office), today(app))
    with app.app_context():
        assert tell_of_lists() == 1
        (message,) = news()
        assert message.subject.endswith("其中 1 项请立即修改")
        assert "请立即修改；清单已经施行" in message.body
        assert "日前修改" not in message.subject + message.body


def test_a_list_that_cannot_be_told_of_rests_and_holds_up_no_other(
    app: Flask, office: Office
) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(("jsjl",))
        shipped = lists.edition_for("379900", clock.today())
        assert shipped is not None
        assert shipped.fee_list is None
        db.session.add(
            ListTelling(policy_edition_id=shipped.id, told_to=0, firms=0, next_check_at=clock.now())
        )
    office.publish(breaking(office), today(app) + timedelta(days=9))
    with app.app_context():
        assert tell_of_lists() == 1
        assert len(news()) == 1
        with transaction():
            (failure,) = failures(clock.now())
        assert (failure.work, failure.attempts) == ("list_tellings", 1)
        assert tell_of_lists() == 0
        assert failure.attempts == 1, "it rests"


def test_a_file_that_cannot_be_made_holds_up_no_other(
    app: Flask, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    editions = [
        office.publish(office.template(), today(app) + timedelta(days=days)) for days in (8, 9)
    ]
    well = documents.made

    def made(edition_id: int, kind: str) -> tuple[str, bytes]:
        if edition_id == editions[0]:
            raise OSError("no space left")
        return well(edition_id, kind)

    monkeypatch.setattr(documents, "made", made)
    with app.app_context():
        assert keep_files() == 2
        with transaction():
            failed = {each.work for each in failures(clock.now())}
        assert failed == {"fee_list_files.xlsx", "fee_list_files.pdf"}


def test_every_register_hears_of_the_list_it_goes_by(app: Flask) -> None:
    with app.app_context():
        with transaction():
            db.session.add(
                Jurisdiction(code="379929", name="试验县", parent_code="379900", is_register=True)
            )
        told: dict[int, list[str]] = {}
        for area in areas().values():
            if area.is_register:
                found = lists.edition_for(area.code, clock.today())
                assert found is not None
                told.setdefault(found.id, []).append(area.code)
        for edition_id, codes in told.items():
            assert list_news._registers(lists.edition(edition_id)) == codes
        assert ["379900", "379929"] in told.values()


def test_an_upgrade_tells_of_no_list_that_is_old(app: Flask, office: Office) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(("jsjl",))
    before = office.template()
    office.publish(breaking(office), today(app))
    coming = office.publish(before, today(app) + timedelta(days=9))
    with app.app_context():
        db.session.remove()
        flask_migrate.downgrade(directory=MIGRATIONS, revision="0017")
        flask_migrate.upgrade(directory=MIGRATIONS)
        assert tell_of_lists() == 1
        (message,) = news()
        assert f"new={coming}" in message.link

"""Firms are told what a newly published fee list changes for what they promise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import list_news
from marketplace.intermediaries.list_news import tell_of_lists
from marketplace.intermediaries.models import ListTelling
from marketplace.notifications.models import Delivery, Message
from tests.factories import intermediaries
from tests.factories.fee_lists import OWN
from tests.fees.offices import Office, today


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

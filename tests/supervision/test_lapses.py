"""The list of firms without any valid certificate: kept by the clock, gone on with by officers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.intermediaries import queries
from marketplace.intermediaries.leaving.models import CertificateLapse
from marketplace.intermediaries.leaving.tasks import keep_lapses
from marketplace.intermediaries.models import Qualification
from marketplace.notifications.models import Message
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.filing import SignIn, made, one, read, send

DESK = "/supervision/lapses"


def test_who_has_no_certificate_left_is_listed_asked_and_let_go(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    def cast() -> list[Any]:
        party, other = firms.listed(("hjjc",)), firms.listed(("hjjc",))
        for row in queries.all_qualifications(party.firm.id):
            row.valid_until = date(2026, 3, 9)
        officers = [
            people.officer(Role.BUREAU_OPERATOR),
            people.officer(Role.BUREAU_APPROVER),
            people.officer(Role.BUREAU_OPERATOR, city="379800"),
        ]
        return [party, other, *officers]

    def kept(step: timedelta) -> None:
        advance(step)
        with app.app_context():
            keep_lapses()

    party, other, operator, approver, elsewhere = made(app, cast)
    bureau, name = sign_in_as(operator.user), party.organisation.name
    assert "目前没有列入本表的机构" in read(bureau, DESK)
    kept(timedelta(days=8))
    page = read(bureau := sign_in_as(operator.user), DESK)
    assert name in page
    assert other.organisation.name not in page
    assert "2026年3月10日 起" in page
    with app.app_context():
        assert catalogue.item("hjjc", clock.today(), [people.CITY]).name in page
    assert "要求补办资质或者启动移出" in read(bureau, "/workspace")
    assert "无有效资质的机构（1 家）" in read(bureau, "/supervision/departures")

    # its own file says which items it takes no orders for
    assert "资质未核验或已到期，暂不接单" in read(sign_in_as(party.user), "/firm")
    assert "暂不接单" not in read(sign_in_as(other.user), "/firm")

    # asked to renew, once, by an officer of that register
    ask = f"{DESK}/{one(app, CertificateLapse.public_id)}/renewal"
    send(sign_in_as(elsewhere.user), ask, 404)
    send(sign_in_as(approver.user), ask, 403)
    send(bureau, ask)
    assert "已要求补办，期限至" in send(bureau, ask, 409)
    assert "已要求补办" in read(bureau, DESK)
    assert "要求补办资质" not in read(bureau, "/workspace")
    with app.app_context():
        row = db.session.scalars(select(CertificateLapse)).one()
        assert row.renew_by is not None
        due = row.renew_by
        subjects = set(db.session.scalars(select(Message.subject)))
        assert f"请于 {clock.written(due)} 前补办资质" in subjects
        assert db.session.scalars(
            select(AuditRow.action).where(AuditRow.action.like("certificate_lapses.%"))
        ).all() == ["certificate_lapses.found", "certificate_lapses.reminded"]

    # nothing came: back among what waits, the form for the removal is begun
    with app.app_context():
        ahead = due - clock.now() + timedelta(minutes=1)
    advance(ahead)
    bureau = sign_in_as(operator.user)
    assert "逾期未补办资质，启动移出" in read(bureau, "/workspace")
    begun = read(bureau, f"/supervision/firms/{party.firm.public_id}/removal")
    assert "2026年03月10日起，登记的资质均已过期" in begun
    assert "已要求补办，逾期未补办" in begun

    # a certificate that is valid again takes it off, by itself
    def renewed() -> None:
        for row in db.session.scalars(
            select(Qualification).where(Qualification.firm_id == party.firm.id)
        ):
            row.valid_until = date(2028, 3, 9)

    made(app, renewed)
    kept(timedelta(days=1))
    assert "目前没有列入本表的机构" in read(sign_in_as(operator.user), DESK)
    assert one(app, CertificateLapse.ended_at) is not None

"""The day a certificate ends, and its renewal; the yearly self-check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import queries
from marketplace.intermediaries.file import queries as filing
from marketplace.intermediaries.file.models import SelfCheck, SelfCheckStatus
from marketplace.intermediaries.models import Firm, Qualification
from marketplace.notifications.models import Message
from marketplace.selection import queries as selection
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories import selection as needs
from tests.factories.filing import SignIn, made, one, read, send

ORDERED = "暂不接单"


def test_a_certificate_ends_at_midnight_and_its_renewal_brings_the_listing_back(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    def cast() -> list[Any]:
        party = firms.listed(("hjjc",))
        for row in queries.all_qualifications(party.firm.id):
            row.valid_until = date(2026, 3, 9)
            row.next_check_at = clock.now()
        return [
            party,
            people.officer(Role.BUREAU_OPERATOR),
            needs.open_need(item_code="hjjc", days_wanted=5),
        ]

    party, operator, need = made(app, cast)
    firm = sign_in_as(party.user)
    public = f"/firms/{party.organisation.public_id}"

    def serves() -> list[bool]:
        with app.app_context():
            found = db.session.get_one(type(need), need.id)
            now = clock.now()
            answer = selection.eligibility(found, party.organisation.id, now)
            refused = [each.rule for each in answer.refusals]
            return [
                refused == [],
                bool(queries.listings(people.CITY, "hjjc", now)),
                ORDERED not in app.test_client().get(public).text,
            ]

    advance(timedelta(hours=1))
    with app.app_context():
        assert "资质将于 7 天后到期" in list(db.session.scalars(select(Message.subject)))
    assert "更新即将到期的资质" in read(firm, "/firm")
    assert "更新即将到期的资质" in read(firm, "/workspace")
    advance(timedelta(days=7, hours=13, minutes=59))  # 9 March, 23:59 in Shanghai
    assert serves() == [True, True, True]
    advance(timedelta(minutes=1))
    with app.app_context():
        assert clock.now() >= datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    assert serves() == [False, False, False]
    advance(timedelta(hours=10))
    with app.app_context():
        assert "资质已到期" in list(db.session.scalars(select(Message.subject)))

    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    address = f"/firm/qualifications/{one(app, Qualification.public_id)}/renewal"
    old = one(app, Qualification.number)
    assert "原证书有效期至" in read(firm, address)
    paper = {
        "type": one(app, Qualification.type),
        "grade": "",
        "number": old,
        "issuer": "发证机关",
        "valid_from": "2026-03-01",
    }
    assert "已过有效期" in send(firm, address, 422, **paper, valid_until="2026-03-09")
    send(firm, address, **paper, valid_until="2030-12-31")
    assert "已经登记换证" in send(firm, address, 409, **paper, valid_until="2030-12-31")
    assert "换证待核验" in read(firm, "/firm/qualifications")
    assert "更新已到期的资质" not in read(firm, "/firm")
    assert serves() == [False, False, False], "not before an officer has verified it"
    file = f"/supervision/applications/{one(app, Firm.public_id)}"
    send(officer, f"{file}/qualifications/{one(app, Qualification.public_id)}")
    assert serves() == [True, True, True]
    with app.app_context():
        first, second = db.session.scalars(select(Qualification).order_by(Qualification.id)).all()
        assert first.ended_at == second.verified_at
        assert second.renews_id == first.id
    assert f"接替 {old}" in read(firm, "/firm/qualifications")


def yes(**more: str) -> dict[str, str]:
    points = ("licence", "qualifications", "practitioners", "decoupling", "commitments")
    return {
        **dict.fromkeys(points, "holds"),
        **{f"{point}_note": "" for point in points},
        **more,
    }


@pytest.fixture
def last_year(app: Flask, advance: Callable[[timedelta], None]) -> Any:
    """A firm listed in 2026, on 31 May 2027."""

    def cast() -> list[Any]:
        return [firms.listed(), people.officer(Role.BUREAU_OPERATOR)]

    party, operator = made(app, cast)
    advance(timedelta(days=455, hours=3))
    return party, operator


def test_a_firm_checks_itself_once_a_year(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None], last_year: Any
) -> None:
    party, operator = last_year
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    assert "下一次自查" in read(firm, "/firm/self-check")
    send(firm, "/firm/self-check", 404, **yes())
    advance(timedelta(days=1))
    advance(timedelta(minutes=1))
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    assert "完成年度自查" in read(firm, "/firm")
    desk, last = "/supervision/self-checks", "2027年6月30日 24:00"
    for reader, page in ((firm, "/firm"), (firm, "/firm/self-check"), (officer, desk)):
        assert last in read(reader, page), page
        assert "7月1日 00:00" not in read(reader, page), page
    assert "完成年度自查" in read(firm, "/workspace")
    assert "逐项确认" in read(firm, "/firm/self-check")
    assert "待自查" in read(officer, desk)
    advance(timedelta(days=28))
    with app.app_context():
        told = list(db.session.scalars(select(Message.subject)))
    assert "2027 年度自查将于 15 天后到期" in told
    assert "2027 年度自查将于 3 天后到期" in told
    advance(timedelta(days=2))
    firm, officer = sign_in_as(party.user), sign_in_as(operator.user)
    assert one(app, SelfCheck.status) is SelfCheckStatus.OVERDUE
    assert one(app, Firm.paused) is False, "the default edition does not pause"
    assert "督促完成年度自查" in read(officer, "/supervision")
    assert "逾期未自查" in read(officer, desk)
    changed = yes(practitioners="changed")
    assert "请写明有何变化" in send(firm, "/firm/self-check", 422, **changed)
    send(firm, "/firm/self-check", **yes(practitioners="changed", practitioners_note="一人离职"))
    send(firm, "/firm/self-check", 404, **yes())
    assert "一人离职" in read(firm, "/firm/self-check")
    assert "一人离职" in read(officer, desk)
    now, before, later = [read(officer, f"{desk}?year={year}") for year in (2027, 2026, 2028)]
    assert "上一年度" not in now, "nothing was asked before"
    assert "下一年度" not in now
    assert "该年度没有自查" in before
    assert "下一年度" in before
    assert "2028 年度尚未开始" in later
    assert "查看 2027 年度" in later
    assert "下一年度" not in later
    assert "上一年度" not in later
    for year in (0, 10_000, 10**30):
        assert officer.get(f"{desk}?year={year}").status_code == 404
    with app.app_context():
        assert filing.waiting_check(db.session.scalars(select(Firm.id)).one()) is None


def test_an_edition_may_pause_who_did_not_check_itself(
    app: Flask,
    sign_in_as: SignIn,
    advance: Callable[[timedelta], None],
    last_year: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    party, _operator = last_year
    real = policy.by_id

    def pausing(section: Any, edition_id: int) -> Any:
        found = real(section, edition_id)
        if section.SECTION != "file":
            return found
        return replace(found, values=replace(found.values, self_check_pauses=True))

    monkeypatch.setattr(policy, "by_id", pausing)
    advance(timedelta(days=2))
    advance(timedelta(days=30))
    firm = sign_in_as(party.user)
    assert one(app, Firm.paused) is True
    assert "暂停接单" in read(firm, "/firm")
    assert "自查" in send(firm, "/firm", 409, capacity="")
    send(firm, "/firm/self-check", **yes())
    assert one(app, Firm.paused) is False


def test_the_numbers_are_an_editions(app: Flask) -> None:
    with app.app_context(), transaction():
        edition = filing.file_policy(people.CITY, clock.today())
        assert edition.values.recheck.name == "before"
        assert edition.values.self_check_pauses is False


def test_a_certificate_may_end_on_the_last_day_there_is(app: Flask, sign_in_as: SignIn) -> None:
    party = made(app, firms.listed)
    paper = {"type": "安全评价机构资质", "number": "AP-9", "issuer": "甲", "grade": ""}
    days = {"valid_from": "2024-01-01", "valid_until": "9999-12-31"}
    firm = sign_in_as(party.user)
    send(firm, "/firm/qualifications", **paper, **days)
    assert one(app, Qualification.valid_until) == date.max
    assert "AP-9" in read(firm, "/firm")

"""Pages of choosing a firm: right answers for the right people, clear refusals for others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import DrawSource, Need, NeedStatus, SelectionMethod
from marketplace.selection import queries
from marketplace.selection.models import DrawAnnulment, Entry
from marketplace.selection.rules.wording import Sentence
from tests.factories import accounts, projects, selection
from tests.factories.accounts import Party

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
ENTRY = {"price": "36000", "contribution": "ab" * 32, "agree": "y"}


def public_id(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(Need)).one().public_id


def entries(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Entry.public_id).order_by(Entry.id)))


def opened(app: Flask, **changes: object) -> tuple[Party, list[Party]]:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms: list[Party] = list(selection.firms(3))
        selection.open_need(owner, **changes)
    return owner, firms


def drawn(app: Flask, advance: Advance) -> tuple[Party, list[Party]]:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms: list[Party] = list(selection.firms(3))
        selection.entered_need(owner=owner, entrants=firms)
    advance(timedelta(days=1, hours=13))
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))
    return owner, firms


def test_a_firm_enters_and_reads_its_receipt(app: Flask, sign_in_as: SignIn) -> None:
    _owner, firms = opened(app)
    address = f"/needs/{public_id(app)}/enter"
    browser = sign_in_as(firms[0].user)
    page = browser.get(address).get_data(as_text=True)
    prefilled = re.search(r'name="contribution"[^>]*value="([0-9a-f]{64})"', page)
    assert prefilled
    other = re.search(r'name="contribution"[^>]*value="([0-9a-f]{64})"', browser.get(address).text)
    assert other
    assert other[1] != prefilled[1], "every form brings a value of its own"
    answer = browser.post(address, data={**ENTRY, "idempotency_key": "one"})
    assert answer.status_code == 303
    again = browser.post(address, data={**ENTRY, "idempotency_key": "one"})
    assert again.headers["Location"] == answer.headers["Location"]
    assert len(entries(app)) == 1
    receipt = browser.get(answer.headers["Location"])
    assert receipt.status_code == 200
    assert "zjcs-receipt/1" in receipt.text
    assert "ab" * 32 in receipt.text
    assert browser.get("/firm/entries").status_code == 200


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"price": ""}, "请填写报价"),
        ({"price": "-1"}, "请填写以元为单位的数字"),
        ({"price": "0"}, "报价应大于 0"),
        ({"price": "1e5"}, "请填写以元为单位的数字"),
        ({"price": "40000.01"}, "报价高于预算"),
        ({"contribution": "AB" * 32}, "64 位小写十六进制"),
        ({"contribution": "１" * 64}, "64 位小写十六进制"),
        ({"agree": None}, "请确认后提交"),
        ({"winner": "1"}, "不认识的字段"),
    ],
)
def test_a_wrong_form_is_422_with_its_field(
    app: Flask, sign_in_as: SignIn, changed: dict[str, str | None], words: str
) -> None:
    _owner, firms = opened(app)
    data = {name: value for name, value in {**ENTRY, **changed}.items() if value is not None}
    answer = sign_in_as(firms[0].user).post(f"/needs/{public_id(app)}/enter", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert entries(app) == []


def test_a_firm_that_may_not_enter_reads_why(app: Flask, sign_in_as: SignIn) -> None:
    opened(app)
    with app.app_context(), transaction():
        unlisted = accounts.firm()
    browser = sign_in_as(unlisted.user)
    address = f"/needs/{public_id(app)}/enter"
    page = browser.get(address)
    assert page.status_code == 200
    assert "完成入驻并上架后再报名" in page.text
    assert 'name="price"' not in page.text
    assert browser.post(address, data=ENTRY).status_code == 403


def test_an_item_a_firm_lacks_is_told_by_name(app: Flask) -> None:
    lacking = Sentence("未承接服务事项：%(items)s", {"items": "hpwj、stbc"})
    with app.test_request_context():
        said = queries.said(lacking)
    assert said == "未承接服务事项：环境影响评价文件编制、水土保持方案编制"


def test_after_closing_nobody_is_offered_the_form(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    _owner, firms = opened(app)
    address = f"/needs/{public_id(app)}/enter"
    browser = sign_in_as(firms[0].user)
    assert 'name="price"' in browser.get(address).text
    advance(timedelta(days=30))
    page = sign_in_as(firms[0].user).get(address).text
    assert "报名已截止" in page
    assert 'name="price"' not in page
    assert sign_in_as(firms[0].user).post(address, data=ENTRY).status_code == 409


def test_entrants_are_hidden_from_everybody_until_closing(
    app: Flask, sign_in_as: SignIn, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = selection.firms(3)
        selection.entered_need(owner=owner, entrants=firms)
        officers = [
            accounts.officer(role)
            for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER, Role.SUPERVISOR, Role.AUDITOR)
        ]
        names = [firm.organisation.name for firm in firms]
    need = public_id(app)
    people = [client, sign_in_as(owner.user), *(sign_in_as(each.user) for each in officers)]
    for browser in people:
        for address in (f"/results/{need}", f"/owner/needs/{need}/selection", f"/needs/{need}"):
            page = browser.get(address).text
            assert not [name for name in names if name in page]
    assert "已有 3 家报名" in client.get(f"/results/{need}").text
    assert queries_commitment(app) in client.get(f"/results/{need}").text
    assert client.get(f"/results/{need}/proof.json").status_code == 404
    advance(timedelta(days=1, hours=8, minutes=1))
    page = client.get(f"/results/{need}").text
    assert all(name in page for name in names)
    assert "36,000" not in page, "prices come with the result"


def queries_commitment(app: Flask) -> str:
    with app.app_context():
        return queries.live_round(db.session.scalars(select(Need)).one()).commitment


def test_other_parties_entries_and_needs_are_not_found(
    app: Flask, sign_in_as: SignIn, client: FlaskClient
) -> None:
    _owner, firms = opened(app)
    need = public_id(app)
    sign_in_as(firms[0].user).post(f"/needs/{need}/enter", data=ENTRY)
    entry = entries(app)[0]
    rival = sign_in_as(firms[1].user)
    with app.app_context(), transaction():
        stranger = accounts.owner()
    outsider = sign_in_as(stranger.user)
    assert rival.get(f"/entries/{entry}").status_code == 404
    assert rival.post(f"/entries/{entry}/withdraw", data={}).status_code == 404
    assert outsider.get(f"/owner/needs/{need}/selection").status_code == 404
    assert outsider.post(f"/owner/needs/{need}/publish", data={}).status_code == 404
    assert outsider.get(f"/entries/{entry}").status_code == 403
    assert client.get(f"/entries/{entry}").status_code == 302
    assert client.post(f"/entries/{entry}/withdraw").status_code == 401


def test_an_approver_publishes_from_the_selection_page(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        projects.submitted(owner)
    need = public_id(app)
    browser = sign_in_as(owner.user)
    assert "审批并发布" in browser.get(f"/owner/needs/{need}/selection").text
    assert browser.post(f"/owner/needs/{need}/publish", data={}).status_code == 303
    assert browser.post(f"/owner/needs/{need}/publish", data={}).status_code == 409
    with app.app_context():
        assert db.session.scalars(select(Need)).one().status is NeedStatus.PUBLISHED


def test_the_result_page_and_the_proof(app: Flask, client: FlaskClient, advance: Advance) -> None:
    _owner, firms = drawn(app, advance)
    need = public_id(app)
    page = client.get(f"/results/{need}")
    assert page.status_code == 200
    assert "在线核验" in page.text
    assert "lottery:kl8:2026062:" in page.text
    assert "36,000.00" in page.text
    answer = client.get(f"/results/{need}/proof.json")
    assert answer.mimetype == "application/json"
    proof = json.loads(answer.data)
    assert sorted(proof["order"]) == sorted(each["code"] for each in proof["entrants"])
    assert len(proof["order"]) == len(firms)
    verify = client.get(f"/verify?need={need}").text
    assert "verify-draw.js" in verify
    assert client.get("/verify?need=nobody0000000").status_code == 404
    assert client.get("/verify").status_code == 200
    client.set_cookie("lang", "en")
    assert client.get(f"/results/{need}").status_code == 200


def test_the_winner_accepts_on_its_page_and_reads_the_letter(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    owner, firms = drawn(app, advance)
    advance(timedelta(days=1))
    with app.app_context():
        award = queries.award_of(db.session.scalars(select(Need)).one())
        assert award is not None
        winner_id, award_id = award.organisation_id, award.public_id
        entry_id, name = award.entry.public_id, award.organisation.name
    with app.app_context():
        winner = next(firm for firm in firms if db.session.merge(firm.organisation).id == winner_id)
        loser = next(firm for firm in firms if db.session.merge(firm.organisation).id != winner_id)
    browser, rival = sign_in_as(winner.user), sign_in_as(loser.user)
    assert "接受中选" in browser.get(f"/entries/{entry_id}").text
    assert rival.post(f"/awards/{award_id}/accept", data={}).status_code == 404
    assert rival.get(f"/awards/{award_id}/letter.pdf").status_code == 404
    short = browser.post(f"/awards/{award_id}/decline", data={"reason": "不"})
    assert short.status_code == 422
    assert browser.post(f"/awards/{award_id}/accept", data={}).status_code == 303
    assert browser.post(f"/awards/{award_id}/accept", data={}).status_code == 409
    letter = sign_in_as(owner.user).get(f"/awards/{award_id}/letter.pdf")
    text = re.sub(r"\s", "", PdfReader(BytesIO(letter.data)).pages[0].extract_text())
    assert "中选通知书" in text
    assert name in text
    assert "叁万陆仟元整" in text


def test_officers_enter_the_lottery_without_seeing_each_others_numbers(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        selection.entered_need(3)
        one, two = (accounts.officer(role) for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER))
    advance(timedelta(days=1, hours=13))
    first, second = sign_in_as(one.user), sign_in_as(two.user)
    numbers = " ".join(str(number) for number in selection.KL8[0])
    data = {"day": "2026-03-03", "issue": "2026062", "numbers": numbers, "source": "网站公告"}
    assert first.post("/supervision/lottery", data={**data, "issue": "x"}).status_code == 422
    assert first.post("/supervision/lottery", data={**data, "numbers": "1 2"}).status_code == 422
    assert first.post("/supervision/lottery", data=data).status_code == 303
    page = second.get("/supervision/lottery").text
    assert "其他人已登记 1 份" in page
    assert "2026062" not in page
    # typed as a Chinese keyboard gives it
    typed = {**data, "numbers": numbers.replace(" ", "，")}
    assert second.post("/supervision/lottery", data=typed).status_code == 303
    assert "2026062" in second.get("/supervision/lottery").text
    advance(timedelta(seconds=1))
    with app.app_context():
        assert db.session.scalars(select(Need)).one().status is NeedStatus.AWARDED


def test_the_ceremony_page_takes_commitments_and_numbers(
    app: Flask, sign_in_as: SignIn, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        selection.entered_need(3, owner=owner, draw_source=DrawSource.CEREMONY)
    address = f"/needs/{public_id(app)}/ceremony"
    assert client.get(address).status_code == 404, "no list, no ceremony"
    advance(timedelta(days=1, hours=8, minutes=1))
    browser = sign_in_as(owner.user)
    assert "提交承诺" in browser.get(address).text
    assert client.post(address, data={"number": "1" * 30}).status_code == 401
    assert browser.post(address, data={"number": "42"}).status_code == 422
    assert browser.post(address, data={"number": "1" * 30}).status_code == 303
    assert "1" * 30 not in client.get(address).text, "sealed until it is revealed"
    advance(timedelta(minutes=30))
    wrong = browser.post(address, data={"number": "2" * 30})
    assert wrong.status_code == 422
    assert "与提交承诺时的数字不一致" in wrong.text
    assert browser.post(address, data={"number": "1" * 30}).status_code == 303
    assert "1" * 30 in client.get(address).text


def test_annulment_pages(app: Flask, sign_in_as: SignIn, advance: Advance) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        operator, superior = (
            accounts.officer(role) for role in (Role.BUREAU_OPERATOR, Role.SUPERVISOR)
        )
    address = f"/supervision/needs/{public_id(app)}/annulment"
    bureau, above = sign_in_as(operator.user), sign_in_as(superior.user)
    reason = "经核查，名单摘要公布时系统时间与标准时间相差超过允许范围"
    assert above.post(address, data={"reason": reason}).status_code == 403
    assert bureau.post(address, data={"reason": "名单有误"}).status_code == 422
    assert bureau.post(address, data={"reason": reason}).status_code == 303
    assert reason in above.get(address).text
    with app.app_context():
        proposed = db.session.scalars(select(DrawAnnulment)).one().public_id
    assert bureau.post(f"/supervision/annulments/{proposed}/approve", data={}).status_code == 403
    assert above.post("/supervision/annulments/1/approve", data={}).status_code == 404
    assert above.post(f"/supervision/annulments/{proposed}/approve", data={}).status_code == 303
    assert above.post(f"/supervision/annulments/{proposed}/approve", data={}).status_code == 409
    assert "历次抽取" in above.get(f"/results/{public_id(app)}").text


def test_only_a_draw_asks_for_a_contribution(app: Flask, sign_in_as: SignIn) -> None:
    _owner, firms = opened(app, method=SelectionMethod.DIRECT_PICK)
    address = f"/needs/{public_id(app)}/enter"
    browser = sign_in_as(firms[0].user)
    page = browser.get(address).text
    assert "随机贡献值" not in page
    filled = re.search(r'name="contribution" value="([0-9a-f]{64})"', page)
    assert filled is not None
    data = {"price": "36000", "contribution": filled[1], "agree": "y"}
    assert browser.post(address, data=data).status_code == 303
    assert len(entries(app)) == 1

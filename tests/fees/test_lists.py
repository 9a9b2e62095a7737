"""Fee lists: imported by cell, laid before another officer, in force from their day on."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import pypdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from werkzeug.test import TestResponse

from marketplace.accounts.permissions import Role
from marketplace.fees import queries as fees
from marketplace.fees.lists import actions, importing, queries
from marketplace.fees.lists.models import (
    FeeList,
    FeeListImport,
    FeeListRow,
    ImportStatus,
    ListStatus,
)
from marketplace.fees.lists.rules import Change, Effect
from marketplace.fees.lists.tasks import read_uploads
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Verdict
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Refused
from marketplace.foundation.policy import PolicyEdition
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import PublicNotice
from tests.factories import accounts as people
from tests.factories import intermediaries
from tests.factories.fee_lists import OWN, file_of, letter, many, rows_in
from tests.factories.fees import CITY, price_check

DESK = "/supervision/fee-lists"


class Office:
    """The drafter, the approver and the public, each at a browser."""

    def __init__(self, app: Flask, sign_in_as: Callable[..., FlaskClient]) -> None:
        self.app = app
        with app.app_context():
            with transaction():
                made = [
                    people.officer(role).user
                    for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
                ]
            drafter, approver = made
        self.drafter, self.approver = sign_in_as(drafter), sign_in_as(approver)
        self.public = app.test_client()

    def template(self) -> list[dict[str, Any]]:
        """The rows of the downloaded template."""
        answer = self.drafter.get(f"{DESK}/template.xlsx")
        assert answer.status_code == 200
        with self.app.test_request_context():
            return rows_in(answer.data)

    def upload(self, content: bytes, name: str = "清单.xlsx", to: str = "") -> str:
        """Upload a file; the address of its page."""
        answer = self.drafter.post(
            f"{DESK}/import{to}",
            data={"file": (io.BytesIO(content), name)},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def read(self, content: bytes) -> tuple[str, str]:
        """Upload a file and let it be read; the address and the page that tells what came of it."""
        address = self.upload(content)
        with self.app.app_context():
            assert read_uploads() == 1
            assert read_uploads() == 0
        return address, self.drafter.get(address).text

    def draft(self, rows: list[dict[str, Any]], day: date) -> str:
        """A draft made of a file, with its head; the address of its page."""
        address, page = self.read(file_of(rows))
        assert "待确认" in page
        made = self.drafter.post(f"{address}/confirm")
        assert made.status_code == 303, made.text
        page_address = made.headers["Location"].removesuffix("/facts")
        self.facts(page_address, day)
        return page_address

    def facts(self, address: str, day: date, status: int = 303) -> str:
        """State the head of a draft."""
        answer = self.drafter.post(
            f"{address}/facts",
            data={
                "title": "青河市收费目录清单（测试版）",
                "document": "青河发改价〔2026〕12号",
                "legal_basis": "山东省定价目录",
                "effective_from": day.isoformat(),
            },
        )
        assert answer.status_code == status, answer.text
        return answer.text

    def submit(self, address: str) -> None:
        """Lay a draft before the approver."""
        answer = self.drafter.post(f"{address}/submit")
        assert answer.status_code == 303, answer.text

    def seen(self, address: str) -> dict[str, str]:
        """What the approve button of a list sends along."""
        found = re.search(r'name="seen"[^>]*value="(\w{64})"', self.approver.get(address).text)
        assert found is not None
        return {"seen": found[1]}

    def approve(self, address: str) -> TestResponse:
        """Approve a list as its page shows it."""
        return self.approver.post(f"{address}/approve", data=self.seen(address))

    def publish(self, rows: list[dict[str, Any]], day: date) -> int:
        """A list in force from ``day`` on; the key of its edition."""
        address = self.draft(rows, day)
        self.submit(address)
        answer = self.approve(address)
        assert answer.status_code == 303, answer.text
        found = re.search(r"/fees/lists/(\d+)", self.drafter.get(address).text)
        assert found is not None
        return int(found[1])


@pytest.fixture
def office(app: Flask, sign_in_as: Callable[..., FlaskClient]) -> Office:
    return Office(app, sign_in_as)


def today(app: Flask) -> date:
    with app.app_context():
        return clock.today()


def test_the_list_in_force_reads_back_as_itself(app: Flask, office: Office) -> None:
    rows = office.template()
    assert "jsjl" in {row["code"] for row in rows}
    _address, page = office.read(file_of(rows))
    assert "待确认" in page
    shown = re.search(r"不变 <b>(\d+)</b>", page)
    assert shown is not None
    assert int(shown[1]) == len(rows)
    assert "没有符合条件的差别" in page


def test_bad_cells_are_told_by_cell_and_nothing_is_saved(app: Flask, office: Office) -> None:
    rows = many(60)
    spoilt = {f"{letter('high')}{line}": "面议" for line in range(2, 22)}
    spoilt |= {f"{letter('price_form')}{line}": "协商" for line in range(12, 32)}
    _address, page = office.read(file_of(rows, **spoilt))
    assert "共 40 格有误，没有保存任何内容" in page
    for cell in spoilt:
        assert f">{cell}<" in page
    assert "第 12 行" in page
    assert "应为数字，得到“面议”" in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(FeeList)) == 0
        found = db.session.scalars(select(FeeListImport)).one()
        assert len(found.problems) == 40
        assert found.rows == []


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"code": "a b"}, "code", "应为 2 到 20 位字母"),
        ({"standard": "jl_999"}, "standard", "没有收费标准“jl_999”"),
        ({"standard": "jl_670", "high": 3}, "high", "不能再填自定收费"),
        ({"standard": "jl_670", "variants": "official、x"}, "variants", "没有“x”这一类"),
        ({"low": 3, "high": 2, "unit": "元", "per": "项"}, "low", "最低收费 3 高于最高收费 2"),
        ({"high": 2}, "unit", "须填写单位"),
        ({"high": 101, "unit": "%", "per": "造价"}, "high", "不得超过百分之百"),
        ({"binds": "binding"}, "binds", "市场调节价不能设为有约束力"),
        ({"high": 2, "unit": "元", "per": "项"}, "freed_by", "仅供参考的须写明放开文件"),
        ({"freed_by": "某文件"}, "freed_on", "须写明放开日期"),
        ({"high": Decimal("1e300"), "unit": "元", "per": "项"}, "high", "不得大于 10000000000000"),
        ({"low": Decimal("1e14"), "high": 2}, "low", "不得大于 10000000000000"),
        ({"price_form": "government_set"}, "price_form", "须填写收费标准或自定收费"),
        ({**OWN, "freed_by": "某文件"}, "freed_by", "已放开的收费不能设为有约束力"),
        ({**OWN, "freed_on": date(2016, 1, 1)}, "freed_on", "已放开的收费不能设为有约束力"),
    ],
)
def test_what_the_cells_of_a_row_must_say_together(
    app: Flask, office: Office, changes: dict[str, Any], key: str, words: str
) -> None:
    row = {"code": "abc", "name": "甲", "price_form": "market", "binds": "reference"}
    with app.test_request_context():
        outcome = importing.read_file(
            file_of([row | changes]), queries.published_standards(clock.today()), lambda *_n: None
        )
        told = [Problem.from_record(record) for record in outcome.problems]
        assert any(p.letter == letter(key) and words in p.message for p in told), told


def test_a_published_list_prices_from_its_day_and_an_old_check_stays(
    app: Flask, office: Office, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context(), transaction():
        before = price_check()
        kept = before.public_id
        old_edition = before.policy_edition_id
    rows = [row for row in office.template() if row["code"] != "sgts"]
    for row in rows:
        if row["code"] == "jsjl":
            row |= {"standard": None, "variants": None, "high": Decimal("0.5"), "unit": "%"}
            row |= {"per": "工程造价", "price_form": "government_guided", "binds": "binding"}
            row |= {"legal_basis": "青河发改价〔2026〕12号", "freed_by": None, "freed_on": None}
    day = today(app) + timedelta(days=3)
    edition = office.publish([*rows, OWN], day)
    page = office.public.get(f"/fees/lists/{edition}").text
    assert "尚未施行" in page
    assert "防水检测" in page
    assert "每平方米 1.5 至 2 元" in page
    assert "不在事项清单内，任何部门不得作为审批条件" in page
    with app.app_context():
        assert fees.fees_policy(CITY, clock.today()).id == old_edition  # type: ignore[union-attr]
        notice = db.session.scalars(
            select(PublicNotice).where(PublicNotice.kind == "fee_list")
        ).one()
        assert "取消 1 项" in notice.body
        assert clock.local_day(notice.ends_at) == day
        address = f"/notices/{notice.public_id}"
    assert "青河市收费目录清单（测试版）公布" in office.public.get(address).text
    advance(timedelta(days=4))
    assert ">现行<" in office.public.get(f"/fees/lists/{edition}").text.replace("\n", "").replace(
        " ", ""
    )
    with app.app_context():
        with transaction():
            after = price_check(inputs={"amount": "50000000", "unit": "元"}, price=Decimal(300_000))
        assert after.policy_edition_id == edition
        assert after.verdict is Verdict.ABOVE_CEILING
        assert after.ceiling == Decimal(250_000)
        assert after.stops
        assert after.standard_id == f"own_{CITY}_jsjl"
        stored = db.session.scalars(select(PriceCheck).where(PriceCheck.public_id == kept)).one()
        assert stored.policy_edition_id == old_edition
        assert old_edition is not None
        kept_values, new_values = (
            {key: value for key, value in row.content.items() if key != "items"}
            for row in (db.session.get_one(PolicyEdition, key) for key in (old_edition, edition))
        )
        assert kept_values
        assert new_values == kept_values
        assert fees.pricing("sgts", CITY, clock.today()).fee is None
    assert office.public.get(f"/fees/lists/{old_edition}").status_code == 200


def test_only_another_officer_approves_and_only_what_was_compared(
    app: Flask, office: Office, sign_in_as: Callable[..., FlaskClient]
) -> None:
    day = today(app) + timedelta(days=5)
    rows = office.template()
    one, two = office.draft([*rows, OWN], day), office.draft(rows[:-1], day)
    assert office.drafter.post(f"{one}/approve").status_code == 403
    assert office.approver.post(f"{one}/approve").status_code == 409
    for address in (one, two):
        assert office.drafter.post(f"{address}/submit").status_code == 303
    assert office.drafter.post(f"{one}/rows/fswt/remove").status_code == 409
    page = office.approver.get(one).text
    assert "防水检测" in page
    assert "批准并公布" in page
    assert office.approver.post(f"{one}/return", data={"reason": "少"}).status_code == 422
    assert office.approve(two).status_code == 303
    # the list it was compared with is another one now, and its day is taken
    refused = office.approve(one)
    assert refused.status_code == 422
    assert "这一天已有一版清单施行" in refused.text
    reason = {"reason": "施行日期已有另一版，请改期"}
    assert office.approver.post(f"{one}/return", data=reason).status_code == 303
    assert "施行日期已有另一版" in office.drafter.get(one).text
    assert "修改退回的收费目录清单" in office.drafter.get("/workspace").text
    office.facts(one, today(app) - timedelta(days=1), 422)
    office.facts(one, day + timedelta(days=1))
    assert office.drafter.post(f"{one}/submit").status_code == 303
    with app.app_context(), transaction():
        found = db.session.scalars(
            select(FeeList).where(FeeList.status == ListStatus.SUBMITTED)
        ).one()
        found.base_edition_id = None
    refused = office.approve(one)
    assert refused.status_code == 409
    assert "请退回重新比对" in refused.text
    assert office.drafter.post(f"{one}/withdraw").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PolicyEdition).where(
            PolicyEdition.jurisdiction == CITY, PolicyEdition.section == "fees")) == 2  # fmt: skip
        with transaction():
            elsewhere = people.officer(Role.BUREAU_OPERATOR, city="379800").user
    assert sign_in_as(elsewhere).get(one).status_code == 404


def test_a_drafter_who_has_become_an_approver_does_not_approve_it(
    app: Flask, office: Office
) -> None:
    address = office.draft([OWN], today(app) + timedelta(days=5))
    assert office.drafter.post(f"{address}/submit").status_code == 303
    with app.app_context(), transaction():
        found = db.session.scalars(select(FeeList)).one()
        risen = Actor(user_id=found.hands[0], name="甲", jurisdiction=CITY)
        for act in (actions.approve_list, actions.return_list):
            with pytest.raises(Refused, match="须由另一人办理"):
                act(found, "改期再报", risen, clock.now())
        assert found.status is ListStatus.SUBMITTED


def dearer(high: int) -> dict[str, Any]:
    """The charge of its own at another price."""
    return {**OWN, "high": Decimal(high)}


def test_lists_of_a_place_take_force_in_the_order_they_are_approved(
    app: Flask, office: Office
) -> None:
    first, rows = today(app), office.template()
    office.publish([*rows, OWN], first + timedelta(days=1))
    early = office.draft([*rows, dearer(3)], first + timedelta(days=10))
    late = office.draft([*rows, OWN], first + timedelta(days=40))
    for address in (early, late):
        office.submit(address)
    assert office.approve(late).status_code == 303
    refused = office.approve(early)
    assert refused.status_code == 422
    assert "施行日期须晚于这一天" in refused.text
    assert office.approver.post(f"{early}/return", data={"reason": "请改期再报"}).status_code == 303
    assert "施行日期须晚于这一天" in office.facts(early, first + timedelta(days=39), 422)
    office.facts(early, first + timedelta(days=41))
    office.submit(early)
    assert office.approve(early).status_code == 303
    with app.app_context():
        for after, high in ((10, 2), (40, 2), (41, 3)):
            day = first + timedelta(days=after)
            (standard,) = fees.standards(day, [f"own_{CITY}_fswt"]).values()
            listed = queries.edition_for(CITY, day)
            assert listed is not None
            (row,) = (row for row in queries.rows_of_edition(listed) if row.code == "fswt")
            assert row.charge is not None
            assert row.charge.high == high
            assert f'high = "{high}"' in standard.source
    # a new draft begins after the last of them
    made = office.drafter.post(f"{DESK}/new").headers["Location"].removesuffix("/facts")
    with app.app_context():
        draft = db.session.scalars(
            select(FeeList).where(FeeList.public_id == made.rsplit("/", 1)[1])
        ).one()
        assert draft.effective_from > first + timedelta(days=41)


def test_two_lists_approved_at_once_are_not_both_published(app: Flask, office: Office) -> None:
    first, rows = today(app), office.template()
    early = office.draft([*rows, dearer(3)], first + timedelta(days=10))
    late = office.draft([*rows, OWN], first + timedelta(days=40))
    for address in (early, late):
        office.submit(address)
    seen, held = {each: office.seen(each) for each in (early, late)}, Event()

    def approve_slowly() -> None:
        with app.app_context(), transaction():
            found = db.session.scalars(
                select(FeeList).where(FeeList.public_id == late.rsplit("/", 1)[1])
            ).one()
            actions.approve_list(found, seen[late]["seen"], CLOCK, clock.now())
            held.set()
            time.sleep(0.5)

    with ThreadPoolExecutor(1) as threads:
        holder = threads.submit(approve_slowly)
        assert held.wait(10)
        refused = office.approver.post(f"{early}/approve", data=seen[early])
        holder.result()
    assert refused.status_code == 422
    assert "施行日期须晚于这一天" in refused.text
    with app.app_context():
        published = select(FeeList).where(FeeList.status == ListStatus.PUBLISHED)
        assert len(db.session.scalars(published).all()) == 1


def test_an_approval_holds_for_what_the_approver_saw(app: Flask, office: Office) -> None:
    address = office.draft([*office.template(), OWN], today(app) + timedelta(days=5))
    office.submit(address)
    before = office.seen(address)
    assert (
        office.approver.post(f"{address}/return", data={"reason": "请删去一项"}).status_code == 303
    )
    assert office.drafter.post(f"{address}/rows/fswt/remove").status_code == 303
    office.submit(address)
    for sent in ({}, before):
        refused = office.approver.post(f"{address}/approve", data=sent)
        assert refused.status_code == 409
        assert "清单在您查看之后已经变化" in refused.text
    # the page that refuses shows the list as it is, and what it shows can be approved
    now = re.search(r'name="seen"[^>]*value="(\w{64})"', refused.text)
    assert now is not None
    answer = office.approver.post(f"{address}/approve", data={"seen": now[1]})
    assert answer.status_code == 303


def test_a_published_list_never_changes(app: Flask, office: Office) -> None:
    office.publish([*office.template(), OWN], today(app) + timedelta(days=5))
    office.draft([dearer(3) | {"code": "fswt2"}], today(app) + timedelta(days=9))
    published = "(SELECT id FROM fee_lists WHERE published_at IS NOT NULL)"
    changes = [
        "UPDATE fee_lists SET published_at = NULL WHERE published_at IS NOT NULL",
        f"UPDATE fee_lists SET title = 'x' WHERE id = {published}",
        f"DELETE FROM fee_lists WHERE id = {published}",
        "UPDATE fee_list_rows SET name = 'x' WHERE code = 'fswt'",
        "DELETE FROM fee_list_rows WHERE code = 'fswt'",
        f"UPDATE fee_list_rows SET list_id = {published} WHERE code = 'fswt2'",
        "UPDATE fee_list_rows SET list_id = (SELECT list_id FROM fee_list_rows "
        "WHERE code = 'fswt2') WHERE code = 'fswt'",
    ]
    refusal = "a published fee list never changes"
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            refusal += "|is append-only"
            changes += ["TRUNCATE fee_list_rows", "TRUNCATE fee_lists CASCADE"]
        for change in changes:
            with pytest.raises(DatabaseError, match=refusal), transaction():
                db.session.execute(text(change))
        # a draft is still worked on
        with transaction():
            db.session.execute(text("UPDATE fee_list_rows SET name = 'x' WHERE code = 'fswt2'"))


def test_whoever_uploaded_a_list_does_not_approve_it(
    app: Flask, office: Office, sign_in_as: Callable[..., FlaskClient]
) -> None:
    address, _page = office.read(file_of([OWN]))
    with app.app_context(), transaction():
        colleague = people.officer(Role.BUREAU_OPERATOR).user
    assert sign_in_as(colleague).post(f"{address}/confirm").status_code == 303
    with app.app_context():
        found = db.session.scalars(select(FeeListImport)).one()
        assert found.fee_list is not None
        assert len(found.fee_list.hands) == 2
        assert found.uploaded_by in found.fee_list.hands


def test_an_upload_let_go_is_told_as_such_and_never_read_again(app: Flask, office: Office) -> None:
    draft = office.draft([OWN], today(app) + timedelta(days=5))
    address = office.upload(file_of([OWN]), to=f"?list={draft.rsplit('/', 1)[1]}")
    assert office.drafter.post(f"{address}/discard").status_code == 303
    page = office.drafter.get(address).text
    assert "这次导入已放弃，没有保存任何内容" in page
    assert "导入的内容已成为清单" not in page
    assert f"/import?list={draft.rsplit('/', 1)[1]}" in page
    with app.app_context():
        with transaction():
            found = db.session.scalars(
                select(FeeListImport).where(FeeListImport.status == ImportStatus.DISCARDED)
            ).one()
            importing.note_progress(found.id, 1, 2, CLOCK, clock.now())
            assert (found.done, found.next_check_at) == (0, None)
            found.next_check_at = clock.now()
        assert read_uploads() == 0
        assert db.session.get_one(FeeListImport, found.id).next_check_at is None


def test_a_title_is_one_line(app: Flask, office: Office) -> None:
    address = office.draft([*office.template(), OWN], today(app) + timedelta(days=5))
    head = {
        "title": "青河市\n收费目录清单", "document": "青河发改价〔2026〕12号",
        "legal_basis": "山东省定价目录\n青河市定价目录",
        "effective_from": (today(app) + timedelta(days=5)).isoformat(),
    }  # fmt: skip
    refused = office.drafter.post(f"{address}/facts", data=head)
    assert refused.status_code == 422
    assert refused.text.count("只能填写一行，请删除换行") == 2, (
        "summary and field, of the title only"
    )
    # one that was kept before this was asked
    with app.app_context(), transaction():
        found = db.session.scalars(select(FeeList)).one()
        found.title = head["title"]
    office.submit(address)
    assert office.approve(address).status_code == 303
    with app.app_context():
        edition = queries.newest_of(CITY)
    assert edition is not None
    for kind in ("xlsx", "pdf"):
        assert office.public.get(f"/fees/lists/{edition.id}/list.{kind}").status_code == 200


def test_editions_of_a_place_no_register_serves_are_compared(app: Flask, office: Office) -> None:
    with app.app_context():
        old, new = queries.editions(["000000"])[0], queries.edition_for(CITY, clock.today())
    assert new is not None
    for one, two in ((new.id, old.id), (old.id, old.id)):
        page = office.public.get(f"/fees/lists/compare?old={one}&new={two}")
        assert page.status_code == 200
    assert "0 家机构的 0 项承诺" in page.text


def test_rows_are_edited_on_pages_under_the_same_rules(app: Flask, office: Office) -> None:
    made = office.drafter.post(f"{DESK}/new")
    address = made.headers["Location"].removesuffix("/facts")
    form = {
        "code": "fswt", "name": "防水检测", "price_form": "government_guided", "binds": "binding",
        "high": "2", "unit": "元", "per": "平方米", "basis_date": "award",
    }  # fmt: skip
    refused = office.drafter.post(f"{address}/rows/new", data=form)
    assert refused.status_code == 422
    assert 'id="legal_basis-error"' in refused.text
    form["legal_basis"] = "青河发改价〔2026〕12号"
    assert office.drafter.post(f"{address}/rows/new", data=form).status_code == 303
    assert office.drafter.post(f"{address}/rows/new", data=form).status_code == 422
    assert "每平方米不超过 2 元" in office.drafter.get(f"{address}?view=rows&q=fswt").text
    form |= {"high": "3", "low": "3"}
    assert office.drafter.post(f"{address}/rows/fswt", data=form).status_code == 303
    assert "每平方米 3 元" in office.drafter.get(f"{address}?view=rows&q=fswt").text
    assert office.drafter.post(f"{address}/rows/jsjl/remove").status_code == 303
    page = office.drafter.get(f"{address}?change=dropped").text
    assert "不再列入清单" in page
    assert office.drafter.get(f"{address}/rows/jsjl").status_code == 404


def test_exports_carry_the_head_of_the_document(app: Flask, office: Office) -> None:
    with app.app_context():
        found = queries.edition_for(CITY, clock.today())
        assert found is not None
    page = office.public.get("/fees/lists").text
    assert f"/fees/lists/{found.id}" in page
    sheet = office.public.get(f"/fees/lists/{found.id}/list.xlsx")
    with app.test_request_context():
        rows = rows_in(sheet.data)
        assert {row["code"] for row in rows} == {r.code for r in queries.rows_of_edition(found)}
    pdf = office.public.get(f"/fees/lists/{found.id}/list.pdf").data
    told = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    for words in (found.sha256, "青河市", "施行日期", "工程监理"):
        assert words in told
    assert office.public.get("/fees/lists/999999").status_code == 404


def test_two_editions_side_by_side_name_the_firms_touched(app: Flask, office: Office) -> None:
    with app.app_context():
        with transaction():
            name = intermediaries.listed(("jsjl",)).organisation.name
            other = intermediaries.listed(("hpwj",)).organisation.name
        old = queries.edition_for(CITY, clock.today())
        assert old is not None
    rows = [row for row in office.template() if row["code"] != "jsjl"]
    new = office.publish([*rows, OWN], today(app) + timedelta(days=2))
    page = office.public.get(f"/fees/lists/compare?old={new}&new={old.id}").text
    assert name in page
    assert other not in page
    assert "1 家机构的 1 项承诺" in page
    assert "从宽" in page
    assert office.public.get(f"/fees/lists/compare?old={new}").status_code == 422
    assert office.public.get(f"/fees/lists/compare?old={new}&new=999999").status_code == 404


def test_what_a_change_means_for_whom(app: Flask) -> None:
    from dataclasses import replace

    from marketplace.fees.lists.rules import Charge, ListRow, compare

    free = ListRow("aa", "甲")
    priced = replace(free, charge=Charge(None, Decimal(3), "元", "项"), legal_basis="某文件")
    bound = replace(priced, binds="binding", price_form="government_set")
    cheap = replace(bound, charge=Charge(None, Decimal(2), "元", "项"))
    for old, new, effect in (
        (free, priced, Effect.TIGHTER),
        (priced, bound, Effect.TIGHTER),
        (bound, cheap, Effect.TIGHTER),
        (cheap, bound, Effect.LOOSER),
        (bound, priced, Effect.LOOSER),
        (bound, replace(bound, remarks="x"), Effect.OTHER),
    ):
        (found,) = compare([old], [new])
        assert found.change is Change.CHANGED
        assert found.effect is effect, (old, new)
    (dropped,) = compare([bound], [])
    assert (dropped.change, dropped.effect) == (Change.DROPPED, Effect.LOOSER)


def test_five_thousand_rows_in_less_than_ten_seconds(app: Flask, office: Office) -> None:
    content = file_of(many(5000))
    begun = time.perf_counter()
    address, page = office.read(content)
    read = time.perf_counter() - begun
    assert "共 5000 行" in page
    made = office.drafter.post(f"{address}/confirm")
    assert made.status_code == 303
    assert time.perf_counter() - begun < 10, read
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(FeeListRow)) == 5000

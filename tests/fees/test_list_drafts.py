"""Drafting and importing fee lists: by cell, whole or not at all."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts.permissions import Role
from marketplace.fees.lists import importing, queries
from marketplace.fees.lists.models import (
    FeeList,
    FeeListImport,
    FeeListRow,
    ImportStatus,
)
from marketplace.fees.lists.tasks import read_uploads
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people
from tests.factories.fee_lists import OWN, file_of, letter, many
from tests.fees.offices import DESK, Office, today


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

"""Audits of real charges: every row judged on its own day, bad cells told and nothing kept."""

from __future__ import annotations

import html
import io
import re
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
import python_calamine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from marketplace.accounts.permissions import Role
from marketplace.fees import hourly
from marketplace.fees.charges import actions, queries, tasks
from marketplace.fees.charges.models import Charge, ChargeAudit, ChargeUpload, UploadStatus
from marketplace.fees.charges.tasks import judge_uploads
from marketplace.fees.rules.judging import Verdict
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow, record
from marketplace.foundation.db import db
from marketplace.foundation.errors import TooMany
from marketplace.foundation.files import StoredFile
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.transactions import transaction
from tests.factories import accounts
from tests.factories.charges import (
    DAY,
    agency,
    audited,
    charge_file,
    given,
    judged,
    supervision,
)
from tests.factories.fee_lists import OWN, file_of
from tests.locks import transactions_timed


def officer() -> Actor:
    """A bureau's officer."""
    with transaction():
        return accounts.officer(Role.BUREAU_OPERATOR).actor


def verdicts(found: ChargeAudit) -> list[Verdict]:
    return [each.verdict for each in queries.every_charge(found)]


def test_every_verdict_with_what_it_rests_on(app: Flask) -> None:
    rows = [
        supervision("361200"),
        supervision("361200.01"),
        supervision("371200"),
        supervision("200000"),
        agency("300000"),
        agency("200000", variant=None),
        {"item": "aqpj", "price": Decimal(5), "day": DAY, "firm": "安"},
        supervision("1", base=Decimal(100)),
        agency("150000", place="单县", payer_class="工业和现代服务业"),
        agency("1", place="单县"),
    ]
    with app.app_context():
        found = audited(rows, officer())
        within, rounding, above, below, reference, *rest = queries.every_charge(found)
        assert [each.verdict for each in (within, rounding, above, below, reference)] == [
            Verdict.WITHIN, Verdict.ROUNDING_ONLY, Verdict.ABOVE_CEILING,
            Verdict.BELOW_FLOOR, Verdict.ABOVE_CEILING,
        ]  # fmt: skip
        assert [each.verdict for each in rest][:3] == [
            Verdict.NEEDS_INPUT, Verdict.NO_STANDARD, Verdict.OUTSIDE_TABLE,
        ]  # fmt: skip
        assert rest[3].verdict in (Verdict.AMBIGUOUS, Verdict.NEEDS_INPUT)
        assert rest[4].verdict is Verdict.NEEDS_INPUT
        assert (above.beyond, above.binding) == (Decimal(10_000), True)
        assert above.decided_by is not None
        assert above.decided_by["limit"] == "361200.00"
        assert "超出 10,000.00 元" in above.message
        assert (reference.beyond, reference.binding) == (Decimal(29_400), False)
        assert "仅供参考" in reference.message
        assert above.steps[0]["document"] == "发改价格[2007]670号"
        assert above.policy_edition is not None
        assert above.standard_edition is not None
        assert (found.above, found.above_reference) == (Decimal(10_000), Decimal(29_400))
        assert found.charged == sum((row["price"] for row in rows), Decimal(0))
        by_firm = {row.name: row for row in queries.totals(found, "firm")}
        assert by_firm["众信建设监理有限公司"].above == Decimal(10_000)
        assert by_firm["恒建工程管理咨询有限公司"].informed == Decimal(29_400)
        counted = {(v, b): n for v, b, n in queries.counts(found)}
        assert counted[Verdict.ABOVE_CEILING, True] == 1
        assert sum(counted.values()) == len(rows)


def test_each_row_is_judged_on_its_own_day_and_place(app: Flask) -> None:
    with app.app_context():
        found = audited(
            [
                agency("300000"),
                agency("300000", place="安平县（演示）"),
                agency("300000", day=date(2023, 5, 1)),
                supervision("1", item=None, standard="jl_670", variant="official"),
            ],
            officer(),
        )
        city, county, before, alone = queries.every_charge(found)
        assert (city.standard_binds, county.standard_binds) == (False, True)
        assert county.binding
        assert before.verdict is Verdict.NO_STANDARD
        assert (alone.item_code, alone.standard_binds) == ("", False)
        assert alone.verdict is Verdict.WITHIN


def test_several_lots_and_agreed_factors_stand_among_the_conditions(app: Flask) -> None:
    with app.app_context():
        lots = agency("1", conditions="其他标段的计费基数=6000 6000")
        factors = supervision("1", conditions="约定的系数=0.5")
        found = queries.every_charge(audited([lots, factors], officer()))
        assert found[0].high == Decimal(270_600) * 3
        assert found[1].high == Decimal(361_200) / 2


BAD = [
    ({"item": "没有的事项"}, "A2", "没有的事项"),
    ({"item": None}, "A2", "至少填写一项"),
    ({"place": "月球"}, "C2", "月球"),
    ({"unit": "平方米"}, "F2", "万元"),
    ({"day": clock, "price": Decimal(1)}, "H2", "不能晚于今天"),
    ({"price": None}, "G2", "不能为空"),
    ({"firm": None}, "I2", "不能为空"),
    ({"conditions": "颜色=红"}, "J2", "没有“颜色”这项条件"),
    ({"conditions": "工程复杂程度=X"}, "J2", "应为"),
    ({"conditions": "工程复杂程度"}, "J2", "名称=内容"),
    ({"conditions": "约定的系数=一半"}, "J2", "请填写数字"),
    ({"variant": "乱写", "item": "zbdl", "conditions": None}, "D2", "工程招标"),
    ({"item": None, "standard": "不存在号"}, "B2", "没有“不存在号”"),
    ({"standard": "jl_670"}, "B2", "不能再填收费标准"),
]


@pytest.mark.parametrize(("change", "cell", "words"), BAD, ids=[row[1] + row[2] for row in BAD])
def test_a_bad_cell_is_told_and_nothing_is_kept(
    app: Flask, change: dict[str, Any], cell: str, words: str
) -> None:
    with app.app_context():
        if change.get("day") is clock:
            change = {**change, "day": clock.today() + timedelta(days=1)}
        rows = [supervision("300000", **change), supervision("300000")]
        told = judged(charge_file(rows), officer())
        assert (told.status, told.problem_count) == (UploadStatus.FAULTY, 1)
        (problem,) = (Problem.from_record(record) for record in told.problems)
        assert problem.cell == cell
        assert words in problem.reason
        assert db.session.scalar(select(func.count(ChargeAudit.id))) == 0


def test_a_trade_associations_rates_judge_nothing(app: Flask) -> None:
    rows = [supervision("1", item=None, standard="jl_sd19", conditions=None)]
    with app.app_context():
        assert judged(charge_file(rows), officer()).problem_count == 1


def test_rows_and_audits_never_change(app: Flask) -> None:
    with app.app_context():
        audited([supervision("300000")], officer())
        for table, change in (("charges", "price = 1"), ("charge_audits", "above = 1")):
            with pytest.raises(DBAPIError), transaction():
                db.session.execute(text(f"UPDATE {table} SET {change}"))
            db.session.rollback()
        assert db.session.scalar(select(Charge.price)) == Decimal(300_000)


def test_amounts_beyond_what_is_kept_are_told_by_row(app: Flask) -> None:
    factors = "约定的系数=" + " ".join(["999999999999999999"] * 9)
    with app.app_context():
        for row, reason in (
            (supervision("1", base=Decimal(10**13), unit="亿元"), "第 3 行：按所填数量算出的费用"),
            (supervision("1", conditions=factors), "第 3 行：金额超出可以计算的范围"),
        ):
            told = judged(charge_file([supervision("300000"), row]), officer())
            assert (told.refusal or "").startswith(reason)
        cells = judged(charge_file([supervision("1", base=Decimal(10**13 + 1))]), officer())
        assert [Problem.from_record(record).cell for record in cells.problems] == ["E2"]
        assert db.session.scalar(select(func.count(ChargeAudit.id))) == 0


def upload(client: FlaskClient, content: bytes, name: str = "收费.xlsx") -> Any:
    data = {"file": (io.BytesIO(content), name), "title": ""}
    return client.post("/fees/charges", data=data, content_type="multipart/form-data")


def judge(app: Flask, client: FlaskClient, content: bytes, name: str = "收费.xlsx") -> Any:
    """Upload a file and let it be judged; what its page answers."""
    taken = upload(client, content, name)
    assert taken.status_code == 303, taken.text
    with app.app_context():
        assert judge_uploads() == 1
    return client.get(taken.headers["Location"])


def test_from_upload_to_export(app: Flask, sign_in_as: Any) -> None:
    with app.app_context(), transaction():
        officer = accounts.officer(Role.BUREAU_OPERATOR)
        superior = accounts.officer(Role.SUPERVISOR)
        auditor = accounts.officer(Role.AUDITOR)
        owner, other = accounts.owner(), accounts.owner()
    client = sign_in_as(officer.user)
    spoilt = charge_file([supervision("300000", unit="斤"), supervision("1", price="x")])
    bad = judge(app, client, spoilt).text
    assert "共 2 格有误，没有保存任何内容" in bad
    assert ">F2<" in bad
    assert ">G3<" in bad
    assert "有错误" in client.get("/fees/charges").text
    assert upload(client, b"not a workbook").status_code == 422
    rows = [supervision("371200"), agency("300000"), agency("200000"), supervision("200000")]
    wrong = upload(client, charge_file(rows), "收费.xls")
    assert (wrong.status_code, "只接受 XLSX 格式的文件" in wrong.text) == (422, True)
    done = judge(app, client, charge_file(rows), "收\u202e费\x01.xlsx")
    assert done.status_code == 303
    address = done.headers["Location"]
    page = client.get(address).text
    assert "10,000.00" in page
    assert "29,400.00" in page
    only = client.get(f"{address}?verdict=above_ceiling-binding").text
    assert f"{address}/2" in only
    assert f"{address}/3" not in only
    one = client.get(f"{address}/2").text
    assert "超出 10,000.00 元" in one
    assert "直线内插" in one
    again = re.search(r'href="(/fees\?[^"]+)"[^>]*>在测算页面打开', one)
    assert again is not None
    calculator = client.get(html.unescape(again[1]))
    assert calculator.status_code == 200
    assert "相差 10,000.00 元" in calculator.text
    assert ">收费.xlsx<" in page
    assert client.get(f"{address}/9").status_code == 404
    beyond = 2**63
    for far in (
        f"{address}/{beyond}",
        f"/fees/lists/{beyond}",
        f"/fees/lists/{beyond - 1}",
        f"/fees/lists/compare?old={beyond}&new={beyond}",
        f"/policies/{beyond}",
    ):
        assert client.get(far).status_code == 404, far
    for reader in (superior, auditor):
        assert sign_in_as(reader.user).get(address).status_code == 200
    assert sign_in_as(owner.user).get(address).status_code == 404
    party = sign_in_as(other.user)
    own = judge(app, party, charge_file(rows[:1])).headers["Location"]
    assert party.get(own).status_code == 200
    assert client.get(own).status_code == 404

    answer = client.post(f"{address}/export.xlsx")
    assert answer.status_code == 200, answer.text
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.sheet_names == ["核对明细", "按事项", "按机构"]
    grid = book.get_sheet_by_name("核对明细").to_python()
    head = next(n for n, row in enumerate(grid) if "结论" in row)
    columns = {title: n for n, title in enumerate(grid[head])}
    first = grid[head + 1]
    assert (first[columns["结论"]], first[columns["相差（元）"]]) == ("超过上限", 10000)
    assert first[columns["超出比例"]].endswith("%")
    below = grid[head + 4]
    assert (below[columns["结论"]], below[columns["超出比例"]]) == ("低于下限", "")
    assert below[columns["相差（元）"]] > 0
    assert {row[0]: row[1] for row in grid[:head]}["高出参考合计（元）"] == "29400"
    totals = book.get_sheet_by_name("按机构").to_python()
    assert [row[4] for row in totals[1:]] == [10000, 0]


def test_the_template_can_be_filled_in_and_sent_back(app: Flask, sign_in_as: Any) -> None:
    with app.app_context(), transaction():
        officer = accounts.officer(Role.BUREAU_OPERATOR)
    client = sign_in_as(officer.user)
    book = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(client.get("/fees/charges/template.xlsx").data)
    )
    assert book.sheet_names == ["收费明细", "填写说明"]
    guide = book.get_sheet_by_name("填写说明").to_python()
    told = {row[0]: row for row in guide if row[0]}
    assert told["jsjl"][4] == "建筑安装工程费"
    assert "工程复杂程度=" in told["jsjl"][6]


def test_totals_are_exact_to_the_fen(app: Flask) -> None:
    # more fen together than a float tells apart
    rows = [supervision("9999999999999.99")] * 11 + [supervision("300000")]
    with app.app_context():
        found = audited(rows, officer())
        (total,) = queries.totals(found, "firm")
        assert total.above == found.above == 11 * (Decimal("9999999999999.99") - 361_200)
        assert total.informed == 0


def test_totals_left_out_are_told(
    app: Flask, sign_in_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_TOTALS", 2)
    with app.app_context():
        with transaction():
            officer = accounts.officer(Role.BUREAU_OPERATOR)
        firms = [supervision("371200", firm=f"第{n}号机构") for n in range(3)]
        two = audited(firms[:2], officer.actor).public_id
        three = audited(firms, officer.actor)
        address = f"/fees/charges/{three.public_id}"
    client = sign_in_as(officer.user)
    assert client.get(address).text.count("只列出前 2 项") == 1
    assert "只列出前" not in client.get(f"/fees/charges/{two}").text


def long_file(count: int) -> bytes:
    """Charges of many days, half of them of what binds."""
    days = [date(2024, 1, 1) + timedelta(days=n % 700) for n in range(count)]
    return charge_file(
        [
            (supervision if n % 2 else agency)("300000", day=day, firm=f"第{n % 40}号机构")
            for n, day in enumerate(days)
        ]
    )


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_long_file_is_judged_without_holding_up_who_writes(app: Flask) -> None:
    held: list[float] = []
    with app.app_context():
        actor = officer()
        content = long_file(5000)
        with transactions_timed(app, held):
            began = time.process_time()
            told = judged(content, actor)
            assert time.process_time() - began < 20
        assert told.audit is not None
        assert told.audit.row_count == told.done == 5000
        assert len(held) > 20
        # measured 30 to 70 ms; stored all at once 0.9 s, judged inside too for seconds
        assert max(held) < 0.25, sorted(held)[-5:]


def test_who_goes_on_after_a_killed_reader_stores_what_is_missing(
    app: Flask, sign_in_as: Any, monkeypatch: pytest.MonkeyPatch, advance: Any
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    with app.app_context(), transaction():
        someone = accounts.officer(Role.BUREAU_OPERATOR)
        found = given(charge_file([supervision(str(300000 + n)) for n in range(5)]), someone.actor)
        address = f"/fees/charges/uploads/{found.public_id}"
    put_rows, calls = actions.put_rows, []

    def killed(claim: Any, rows: Any, now: Any) -> bool:
        calls.append(claim)
        if len(calls) == 2:
            raise SystemExit
        return put_rows(claim, rows, now)

    client = sign_in_as(someone.user)
    with app.app_context():
        monkeypatch.setattr(actions, "put_rows", killed)
        with pytest.raises(SystemExit):
            judge_uploads()
        monkeypatch.setattr(actions, "put_rows", put_rows)
        (half,) = db.session.scalars(select(ChargeAudit))
        assert db.session.scalar(select(func.count(Charge.id))) == 2
        assert judge_uploads() == 0
        half_way = half.public_id
    # nobody sees half an audit
    assert client.get(f"/fees/charges/{half_way}").status_code == 404
    assert "正在核对" in client.get(address).text
    assert half_way not in client.get("/fees/charges").text
    advance(actions.GONE_AFTER)
    there = client.get(address)
    assert there.status_code == 303
    assert "全部 5 笔" in client.get(there.headers["Location"]).text
    with app.app_context():
        numbers = db.session.scalars(select(Charge.number).order_by(Charge.number)).all()
        assert numbers == [2, 3, 4, 5, 6]
        # the one that was thought dead has no say any more
        with transaction():
            assert put_rows(calls[0], [], clock.now()) is False


def unreadable() -> bytes:
    """Packed like a workbook, and none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "<workbook/>")
    return out.getvalue()


def test_a_file_that_kills_its_readers_is_given_up(app: Flask, advance: Any) -> None:
    with app.app_context():
        actor = officer()
        with transaction():
            found = given(unreadable(), actor)
        assert judge_uploads() == 1
        assert "无法读取" in (found.refusal or "")
        with transaction():
            found = given(charge_file([supervision("300000")]), actor)
            found.attempts = actions.ATTEMPTS
        assert judge_uploads() == 0
        assert (found.status, found.audit) == (UploadStatus.FAULTY, None)
        assert "多次核对失败" in (found.refusal or "")


def test_more_than_the_most_rows_are_refused(app: Flask) -> None:
    with app.app_context():
        told = judged(charge_file([agency("1")] * 5001), officer())
        assert "5000" in (told.refusal or "")


def test_a_file_with_bad_cells_everywhere_says_how_many(
    app: Flask, sign_in_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_PROBLEMS", 3)
    with app.app_context(), transaction():
        someone = accounts.officer(Role.BUREAU_OPERATOR)
    page = judge(app, sign_in_as(someone.user), charge_file([agency("1", unit="斤")] * 5)).text
    assert "共 5 格有误" in page
    assert "只列前 3 项" in page
    assert page.count(">F") == 3


def test_a_person_uploads_and_exports_so_many_files_an_hour(
    app: Flask, sign_in_as: Any, advance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(app.config["SETTINGS"], uploads_per_hour=2, exports_per_hour=2)
    monkeypatch.setitem(app.config, "SETTINGS", few)
    with app.app_context(), transaction():
        one, two = (accounts.officer(Role.BUREAU_OPERATOR) for _n in range(2))
    client, other = sign_in_as(one.user), sign_in_as(two.user)
    content = charge_file([supervision("371200")])
    address = judge(app, client, content).headers["Location"]
    sheet = {"file": (io.BytesIO(file_of([OWN])), "清单.xlsx")}
    lists = "/supervision/fee-lists/import"
    assert client.post(lists, data=sheet).status_code == 303
    for refused in (
        upload(client, content),
        client.post(lists, data={"file": (io.BytesIO(file_of([OWN])), "清单.xlsx")}),
    ):
        assert refused.status_code == 429
        assert "每人一小时内最多上传 2 份文件" in refused.text
    assert upload(other, content).status_code == 303
    for _n in range(2):
        assert client.post(f"{address}/export.xlsx").status_code == 200
    refused = client.post(f"{address}/export.xlsx")
    assert refused.status_code == 429
    assert "每人一小时内最多导出 2 份文件" in refused.text
    assert other.post(f"{address}/export.xlsx").status_code == 200
    advance(timedelta(minutes=61))
    client = sign_in_as(one.user)
    assert client.post(f"{address}/export.xlsx").status_code == 200
    assert upload(client, content).status_code == 303


def test_two_uploads_at_once_count_as_two(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(app.config["SETTINGS"], uploads_per_hour=2)
    monkeypatch.setitem(app.config, "SETTINGS", few)
    with app.app_context(), transaction():
        actor = accounts.officer(Role.BUREAU_OPERATOR).actor
        file = given(charge_file([supervision("371200")]), actor)
        file_id = file.id
    ready = Barrier(2)

    def take(_n: int) -> str:
        with app.app_context():
            ready.wait()
            try:
                with transaction():
                    now = clock.now()
                    hourly.check_upload(actor, now)
                    time.sleep(0.3)
                    found = db.session.get_one(StoredFile, file_id)
                    actions.upload_charges(found, "", actor, now)
            except TooMany:
                return "refused"
            return "taken"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, range(2))) == ["refused", "taken"]


def test_two_exports_at_once_count_as_two(
    app: Flask, sign_in_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(app.config["SETTINGS"], exports_per_hour=2)
    monkeypatch.setitem(app.config, "SETTINGS", few)
    with app.app_context(), transaction():
        officer_of = accounts.officer(Role.BUREAU_OPERATOR)
        user, actor = officer_of.user, officer_of.actor
    client = sign_in_as(user)
    address = judge(app, client, charge_file([supervision("371200")])).headers["Location"]
    assert client.get(f"{address}/export.xlsx").status_code == 405
    assert f'action="{address}/export.xlsx"' in client.get(address).text
    assert client.post(f"{address}/export.xlsx").status_code == 200
    gate = Barrier(2)

    def export(_n: int) -> str:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    now = hourly.check_export(actor, clock.now())
                    time.sleep(0.3)
                    audit = db.session.scalars(select(ChargeAudit)).one()
                    record(hourly.EXPORTED, actor, audit, now)
            except TooMany:
                return "refused"
            return "made"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(export, range(2))) == ["made", "refused"]
    with app.app_context():
        noted = select(func.count(AuditRow.seq)).where(AuditRow.action == hourly.EXPORTED)
        assert db.session.scalar(noted) == 2


def test_an_upload_is_not_finished_by_other_rules_than_it_was_begun_with(
    app: Flask, monkeypatch: pytest.MonkeyPatch, advance: Any
) -> None:
    """The sums agree, the rows that were stored were judged otherwise."""
    monkeypatch.setattr(tasks, "BATCH", 2)
    with app.app_context(), transaction():
        someone = accounts.officer(Role.BUREAU_OPERATOR)
        given(charge_file([supervision(str(300000 + n)) for n in range(5)]), someone.actor)
    put_rows, calls = actions.put_rows, []

    def killed(claim: Any, rows: Any, now: Any) -> bool:
        calls.append(claim)
        if len(calls) == 2:
            raise SystemExit
        changed = [row | {"standard_edition_id": None} for row in rows]
        return put_rows(claim, changed, now)

    with app.app_context():
        monkeypatch.setattr(actions, "put_rows", killed)
        with pytest.raises(SystemExit):
            judge_uploads()
        monkeypatch.setattr(actions, "put_rows", put_rows)
    advance(actions.GONE_AFTER)
    with app.app_context():
        judge_uploads()
        found = db.session.scalars(select(ChargeUpload)).one()
        assert found.status is UploadStatus.FAULTY
        assert found.refusal is not None
        assert "收费标准有变化" in found.refusal
        assert db.session.scalar(select(func.count(Charge.id))) == 2

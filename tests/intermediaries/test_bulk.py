"""A register kept in a spreadsheet is taken over: told by cell, mended, confirmed by another
officer, carried out in pieces, found by the public, and written out again."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts.models import Invitation, Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, files
from marketplace.foundation.audit import AuditRow, verify
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.bulk import exporting, taking
from marketplace.intermediaries.bulk.models import (
    ImportRow,
    ImportStatus,
    RegisterExport,
    RegisterImport,
    RowState,
)
from marketplace.intermediaries.bulk.standing import known
from marketplace.intermediaries.models import Firm, Offering, Practitioner, Qualification
from marketplace.notices.models import PublicNotice
from marketplace.notifications.models import Letter
from marketplace.ratings.models import RatingEntry
from marketplace.supervision.invariants import structure
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.registers import DESK, Bureau, certificate, file_of, firm

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def bureau(app: Flask, sign_in_as: SignIn) -> Bureau:
    return Bureau(app, sign_in_as)


def kinds(app: Flask) -> list[str]:
    """The kinds of certificates the items ask for."""
    with app.app_context():
        return list(known(people.CITY, clock.today()).certificates)


def made(app: Flask, build: Callable[[], bytes]) -> bytes:
    with app.app_context():
        return build()


def codes(count: int) -> list[str]:
    return [people.new_credit_code() for _ in range(count)]


def counts(app: Flask) -> dict[str, int]:
    tables = (Organisation, Firm, Qualification, Practitioner, Offering, PublicNotice)
    with app.app_context():
        return {
            each.__tablename__: db.session.scalar(select(func.count()).select_from(each)) or 0
            for each in tables
        }


def test_from_the_template_to_the_search_and_back_into_a_file(
    app: Flask, bureau: Bureau, sign_in_as: SignIn
) -> None:
    """The journey of the officers, the public and a firm, through the pages."""
    template = bureau.operator.get(f"{DESK}/template.xlsx")
    assert template.status_code == 200
    assert "怎样填写" in bureau.operator.get(f"{DESK}/imports/new").text
    one, two, three = codes(3)
    kind, wrong = kinds(app)[0], three[:-1] + ("A" if three[-1] != "A" else "B")
    rows = [
        firm(one, "承接甲环境咨询有限公司", email="jia@example.cn", agent_name="甲经办"),
        firm(two, "承接乙环境咨询有限公司"),
        firm(wrong, "承接丙环境咨询有限公司"),
    ]
    papers = [certificate(one, "ZS-承接-1", kind), certificate(two, "ZS-承接-2", kind)]
    people_ = [{"credit_code": one, "name": "钱执业", "profession": "工程师", "number": "PX-1"}]
    items = [{"credit_code": one, "item": "环境影响评价文件编制", "discount": 15}]
    before = counts(app)

    # with an error: told by cell, nothing written, the file comes back marked
    with app.app_context():
        name = known(people.CITY, clock.today()).items["hpwj"][0]
    items[0]["item"] = name
    address, page = bureau.read(made(app, lambda: file_of(rows, papers, people_, items)))
    assert "机构 表第 4 行 A 列" in page
    assert "校验码不符" in page
    assert counts(app) == before
    marked = bureau.operator.get(f"{address}/errors.xlsx")
    assert marked.status_code == 200
    with zipfile.ZipFile(io.BytesIO(marked.data)) as archive:
        assert any("comments" in entry for entry in archive.namelist())
    assert "文件中还有错误" in bureau.submit(address, 422)

    # mended: submitted, confirmed by another, never by whoever uploaded it
    rows[2] = firm(three, "承接丙环境咨询有限公司")
    address, page = bureau.read(made(app, lambda: file_of(rows, papers, people_, items)))
    assert "每一格都符合要求" in page
    bureau.submit(address)
    assert bureau.operator.post(f"{address}/confirm").status_code == 403
    assert "确认承接原名录" in bureau.approver.get("/workspace").text
    bureau.confirm(address)
    assert counts(app) == before
    page = bureau.approver.get(address).text
    assert '<progress class="progress" id="progress" value="0" max="3">' in page
    bureau.work()
    page = bureau.operator.get(address).text
    assert "已承接 3 家" in page

    # listed with where it came from, found in the search, one notice for all
    found = bureau.public.get("/firms?q=承接甲").text
    assert "承接甲环境咨询有限公司" in found
    shown = bureau.public.get(re.findall(r'href="(/firms/[0-9a-z]{13})"', found)[0]).text
    assert "承接原名录（青政服〔2025〕12号）" in shown
    assert "尚未评级" in shown
    assert "暂停接单" in shown
    with app.app_context():
        notice = db.session.scalars(select(PublicNotice)).one()
        assert "3 家" in notice.body
        row = db.session.scalars(
            select(Firm).join(Organisation).where(Organisation.credit_code == one)
        ).one()
        assert row.checked_by != row.decided_by
        assert row.paused
        assert db.session.scalar(select(Qualification.verified_at).limit(1)) is None
        assert db.session.scalar(select(func.count()).select_from(RatingEntry)) == 0
        steps = db.session.scalars(
            select(StatusChange).where(
                StatusChange.subject_type == "firms", StatusChange.subject_id == row.id
            )
        ).all()
        assert [(each.to_status, each.reason) for each in steps] == [
            ("listed", "承接原名录：青政服〔2025〕12号")
        ]
        assert list(verify()) == []
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 1
        assert db.session.scalars(select(Letter.address)).all() == ["jia@example.cn"]

    # who registers by himself is told where to go
    refused = bureau.public.post(
        "/register?side=firm",
        data={
            "name": "承接甲环境咨询有限公司",
            "kind": "company",
            "credit_code": one,
            "phone": "0399-6667777",
            "agreed": "y",
            "legal_representative": "李承接",
            "login": "jia-self",
            "person_name": "甲自荐",
            "password": people.PASSWORD,
            "password_again": people.PASSWORD,
        },
    )
    assert refused.status_code in (409, 422)
    assert "请向管理机构申请认领" in refused.text

    # claimed: invited at the window, the account opened, the commitment signed, orders taken
    unclaimed = bureau.operator.get(f"{DESK}/unclaimed").text
    links = re.findall(rf'href="({DESK}/unclaimed/[0-9a-z]+)"', unclaimed)
    assert len(links) == 3
    shown = bureau.operator.post(links[0], data={"name": "甲经办", "email": ""}).text
    link = re.search(r"(/invitations/[\w-]+)", shown)
    assert link is not None
    claimant = app.test_client()
    opened = claimant.post(
        link[1],
        data={
            "login": "jia-admin",
            "password": people.PASSWORD,
            "password_again": people.PASSWORD,
        },
    )
    assert opened.status_code == 303, opened.text
    with app.app_context():
        user = db.session.scalars(select(User).where(User.login == "jia-admin")).one()
    own = sign_in_as(user)
    page = own.get("/firm").text
    assert "核对承接的档案，签署入驻承诺" in page
    assert "目前没有要办的事" not in page
    assert 'name="paused"' not in page, "what is refused is not offered"
    assert "核对承接的档案" in own.get("/workspace").text
    assert own.post("/firm", data={"capacity": "3"}).status_code == 409
    page = own.get("/firm/claim").text
    for told in ("ZS-承接-1", "钱执业", "PX-1", name, "下浮 15%"):
        assert told in page, told
    both = own.post("/firm/claim", data={})
    assert both.status_code == 422
    assert "请作出脱钩声明" in both.text
    assert "请阅读并勾选入驻承诺" in both.text
    assert own.post("/firm/claim", data={"decoupled": "y"}).status_code == 422
    assert own.post("/firm/claim", data={"committed": "y", "decoupled": "y"}).status_code == 303
    with app.app_context():
        again = db.session.get_one(Firm, row.id)
        assert (again.paused, again.committed_by) == (False, user.id)
    assert "已签署入驻承诺" in own.get("/firm/claim").text
    page = own.get("/firm").text
    assert "签署入驻承诺</a>" not in page
    assert 'name="paused"' in page

    # written out: with a purpose that is kept, and read in again as the same
    assert bureau.operator.post(f"{DESK}/export", data={"kind": "xlsx"}).status_code == 422
    file = bureau.operator.post(f"{DESK}/export", data={"kind": "xlsx", "reason": "年度核对名录"})
    assert file.status_code == 200
    assert file.headers["Content-Disposition"].isascii()
    _address, page = bureau.read(file.data)
    assert "每一格都符合要求" in page
    assert re.search(r"已在册，相同（家）</dt><dd>3</dd>", page)
    assert re.search(r"新增（家）</dt><dd>0</dd>", page)
    with app.app_context():
        assert db.session.scalars(select(RegisterExport.reason)).all() == ["年度核对名录"]
        assert db.session.scalar(select(func.count()).where(AuditRow.action == "register.exported"))
    assert "年度核对名录" in bureau.approver.get(DESK).text
    assert "甲经办".encode() not in file.data
    text = bureau.public.get("/data/firms.csv")
    assert text.status_code == 200
    told = list(csv.reader(io.StringIO(text.get_data(as_text=True).lstrip("\ufeff"))))
    assert {line[1] for line in told[1:]} == {row["name"] for row in rows}
    _address, page = bureau.read(text.data, "firms.csv")
    assert re.search(r"已在册，相同（家）</dt><dd>3</dd>", page)
    assert counts(app)["firms"] == before["firms"] + 3


def test_every_kind_of_fault_is_told_by_its_cell(app: Flask, bureau: Bureau) -> None:
    """Numbers a spreadsheet spoils, doubled rows, days, strangers, hidden rows, joined cells."""
    good = codes(9)
    kind = kinds(app)[0]
    with app.app_context(), transaction():
        taken = firms.listed(("hpwj",))
        barred = people.firm("在册未入驻有限公司")
        firms.drafted(("hpwj",), party=barred)
        standing = taken.organisation.credit_code or ""
        drafting = barred.organisation.credit_code or ""

    def spoil(book: Any, pages: dict[str, Any]) -> None:
        pages["机构"].set_row(4, None, None, {"hidden": True})
        pages["资质"].merge_range("D8:D9", "ZS-合并", None)

    def build() -> bytes:
        rows = [
            firm(good[0], "甲" * 121),  # 2
            firm(good[1].lower().replace("9", "９", 1), "全角小写也认", kind="机关"),  # 3
            firm("9.13706E+17", "科学记数"),  # 4
            firm(good[2], "隐藏行"),  # 5
            firm(good[3], "重复", legal_identity="379902198501010011"),  # 6
            firm(good[3], "重复"),  # 7
            firm(drafting, "申请中"),  # 8
            firm(standing, "名称不同"),  # 9
            firm(good[4], ""),  # 10
            firm(good[5], "资质不全"),  # 11
            firm(913706123456789012, "数字代码"),  # 12
            firm("11370600MB1234567X", "校验码错"),  # 13
            firm(good[6], "好的"),  # 14
        ]
        papers = [
            certificate(good[5], "ZS1", kind, valid_until=date(2023, 1, 1)),  # 2
            certificate(good[5], "ZS2", kind, valid_until=date(2025, 1, 1)),  # 3
            certificate(good[5], "ZS3", "不存在的资质"),  # 4
            certificate(good[5], 123, kind),  # 5
            certificate(good[8], "ZS4", kind),  # 6 nobody's
            certificate(good[5], "ZS5", kind, valid_from="2026-02-30"),  # 7
            certificate(good[5], "", kind),  # 8, joined
            certificate(good[5], "", kind),  # 9
        ]
        people_ = [
            {"credit_code": good[5], "name": "甲", "profession": "工程师", "number": "同号"},
            {"credit_code": good[6], "name": "乙", "profession": "工程师", "number": "同号"},
        ]
        items = [
            {"credit_code": good[6], "item": "没有的事项"},
            {"credit_code": good[6], "item": "hpwj", "promised_days": 999, "discount": 100},
        ]
        return file_of(rows, papers, people_, items, spoil)

    _address, page = bureau.read(made(app, build))
    cells = dict(
        re.findall(
            r'<th scope="row" class="tight">([^<]*行 [A-Z] 列)</th>\s*<td[^>]*>[^<]*</td>\s*<td[^>]*>([^<]*)<',
            page,
        )
    )
    for place, words in (
        ("机构 表第 2 行 B 列", "最多 120 个字"),
        ("机构 表第 3 行 C 列", "不在可选范围内"),
        ("机构 表第 4 行 A 列", "科学记数法"),
        ("机构 表第 5 行 A 列", "隐藏"),
        ("机构 表第 6 行 F 列", "身份证件号码校验未通过"),
        ("机构 表第 7 行 A 列", "与第 6 行重复"),
        ("机构 表第 8 行 A 列", "其他记录"),
        ("机构 表第 10 行 B 列", "不能为空"),
        ("机构 表第 12 行 A 列", "数字位数过多"),
        ("机构 表第 13 行 A 列", "校验码不符"),
        ("资质 表第 2 行 G 列", "不能早于发证日期"),
        ("资质 表第 3 行 G 列", "已过有效期"),
        ("资质 表第 4 行 B 列", "不在可选范围内"),
        ("资质 表第 5 行 D 列", "数值格式"),
        ("资质 表第 6 行 A 列", "没有这个统一社会信用代码"),
        ("资质 表第 7 行 F 列", "没有“2026-02-30”这一天"),
        ("资质 表第 9 行 D 列", "不能为空"),
        ("执业人员 表第 3 行 D 列", "与第 2 行重复"),
        ("承接事项 表第 2 行 B 列", "不在可选范围内"),
        ("承接事项 表第 3 行 C 列", "不得大于 99.99"),
        ("承接事项 表第 3 行 D 列", "超过该事项的法定时限"),
    ):
        assert words in cells.get(place, ""), (place, words, cells.get(place))
    assert "合并单元格" in page
    # the full-width digit alone was no fault
    assert "机构 表第 3 行 A 列" not in cells
    assert re.search(r"已在册，不同（家）</dt><dd>1</dd>", page)


def test_killed_half_way_it_goes_on_without_doubling_anything(
    app: Flask, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies inside a piece leaves that piece undone; stopped, the rest waits."""
    monkeypatch.setattr(taking, "PIECE", 4)
    many = codes(10)
    rows = [firm(code, f"分批第{place}有限公司") for place, code in enumerate(many)]
    address, _page = bureau.read(made(app, lambda: file_of(rows)))
    bureau.submit(address)
    bureau.confirm(address)
    with app.app_context():
        key = db.session.scalars(select(RegisterImport.id)).one()

    def piece(size: int) -> int:
        with app.app_context(), transaction():
            return taking.take_piece(key, clock_actor(), clock.now(), size)

    assert piece(4) == 4

    class Killed(BaseException):
        pass

    def die(*_what: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(taking, "_invite", die)
        with pytest.raises(Killed):
            piece(4)
    with app.app_context():
        states = db.session.scalars(select(ImportRow.state).order_by(ImportRow.number)).all()
        assert states == [RowState.TAKEN] * 4 + [RowState.PENDING] * 6
    assert counts(app)["firms"] == 4
    assert (
        bureau.approver.post(f"{address}/stop", data={"reason": "先核对前四家"}).status_code == 303
    )
    bureau.work()
    assert counts(app)["firms"] == 4
    assert bureau.state(address) is ImportStatus.STOPPED
    assert bureau.operator.post(f"{address}/resume").status_code == 403
    assert bureau.approver.post(f"{address}/resume").status_code == 303
    bureau.work()
    assert bureau.state(address) is ImportStatus.DONE
    assert counts(app)["firms"] == counts(app)["organisations"] - base_organisations(app)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Firm)) == 10
        assert list(verify()) == []
    bureau.work()
    assert counts(app)["firms"] == 10


def clock_actor() -> Any:
    from marketplace.foundation.actor import CLOCK

    return CLOCK


def base_organisations(app: Flask) -> int:
    with app.app_context():
        return (
            db.session.scalar(
                select(func.count())
                .select_from(Organisation)
                .where(~Organisation.name.like("分批%"))
            )
            or 0
        )


def test_what_changed_between_reading_and_taking_over_stands(
    app: Flask, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who came onto the register by himself in between, and a row that cannot be stored."""
    one, two, three = codes(3)
    rows = [firm(each, f"其间有限公司{n}") for n, each in enumerate((one, two, three))]
    address, _page = bureau.read(made(app, lambda: file_of(rows)))
    bureau.submit(address)
    with app.app_context(), transaction():
        party = people.firm("其间自行入驻有限公司")
        party.organisation.credit_code = one
        db.session.flush()
        firms.listed(("hpwj",), party=party)
    bureau.confirm(address)
    real = taking._invite

    def fails(piece: Any, rows: Any, organisations: Any) -> None:
        if any(row.credit_code == two for row in rows):
            raise ValueError("cannot be stored")
        real(piece, rows, organisations)

    monkeypatch.setattr(taking, "_invite", fails)
    bureau.work()
    assert bureau.state(address) is ImportStatus.DONE
    page = bureau.operator.get(address).text
    assert "该机构在确认之后已登记入本名录" in page
    assert "写入时出错（ValueError）" in page
    with app.app_context():
        found = db.session.scalars(select(RegisterImport)).one()
        assert (found.taken, found.failed) == (1, 2)
        names = set(
            db.session.scalars(
                select(Organisation.name).join(Firm, Firm.organisation_id == Organisation.id)
            )
        )
        assert names == {"其间自行入驻有限公司", "其间有限公司2"}


def test_only_rows_without_faults_where_the_officer_says_so(app: Flask, bureau: Bureau) -> None:
    one, two = codes(2)
    kind = kinds(app)[0]
    rows = [firm(one, "无误有限公司"), firm(two, "资质过期有限公司")]
    papers = [certificate(two, "ZS-旧", kind, valid_until=date(2025, 6, 1))]
    address, _page = bureau.read(made(app, lambda: file_of(rows, papers)))
    assert "文件中还有错误" in bureau.submit(address, 422)
    bureau.submit(address, leave_out="y")
    returned = bureau.approver.post(f"{address}/return", data={"reason": "请补充文号"})
    assert returned.status_code == 303
    assert "请补充文号" in bureau.operator.get(address).text
    faulty = bureau.operator.get(address).text
    assert "改好后重新上传" in faulty
    assert faulty.index("有误的单元格") < faulty.index("SHA-256"), "faults first"
    bureau.submit(address, leave_out="y")
    for reader in (bureau.operator, bureau.approver):
        page = reader.get(address).text
        assert "有错误的 1 家本次不承接" in page
        assert "改好后重新上传" not in page
        assert "资质 表第" in page, "which they are can still be read"
    bureau.confirm(address)
    bureau.confirm(address, 409)
    bureau.work()
    with app.app_context():
        names = db.session.scalars(
            select(Organisation.name).join(Firm, Firm.organisation_id == Organisation.id)
        ).all()
        assert names == ["无误有限公司"]


def test_a_firm_taken_over_without_items_is_led_to_what_it_lacks(
    app: Flask, bureau: Bureau, sign_in_as: SignIn
) -> None:
    (code,) = codes(1)
    rows = [firm(code, "没有事项有限公司")]
    address, _page = bureau.read(made(app, lambda: file_of(rows, [])))
    bureau.submit(address)
    bureau.confirm(address)
    bureau.work()
    with app.app_context(), transaction():
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.credit_code == code)
        ).one()
        user = people.user(organisation, Role.FIRM_ADMIN)
        key = user.id
    with app.app_context():
        user = db.session.get_one(User, key)
    own = sign_in_as(user)
    told = own.post(
        "/firm/claim", data={"committed": "y", "decoupled": "y"}, follow_redirects=True
    ).text
    for what, where in (
        ("登记承接事项，作出价格和时限承诺", "/firm/offerings"),
        ("登记资质证书，承接有资质要求的事项", "/firm/qualifications"),
    ):
        assert f'<a href="{where}">{what}</a>' in told


def test_a_place_of_registration_is_a_place(app: Flask) -> None:
    """What stands above all areas, for what the product ships, is none."""
    with app.app_context():
        told = known(people.CITY, clock.today()).areas
        assert people.CITY in told
        assert not [name for name in told.values() if "产品默认" in name]


def test_the_uploaded_file_goes_when_its_import_has_ended(
    app: Flask, bureau: Bureau, advance: Callable[[timedelta], None]
) -> None:
    """Done, let go by hand, let go by the clock: the bytes go, name and digest and page stay."""

    def kept() -> list[bool]:
        with app.app_context():
            rows = db.session.scalars(select(RegisterImport).order_by(RegisterImport.id)).all()
            return [files.path_of(each.file).is_file() for each in rows]

    one, two = codes(2)
    papers = [certificate(two, "ZS-旧", kinds(app)[0], valid_until=date(2025, 6, 1))]
    book = made(app, lambda: file_of([firm(one, "删件有限公司"), firm(two, "有误公司")], papers))
    done, _page = bureau.read(book)
    bureau.submit(done, leave_out="y")
    bureau.confirm(done)
    bureau.work()
    assert "导入已结束" in bureau.operator.get(done).text
    assert bureau.operator.get(f"{done}/errors.xlsx").status_code == 200

    # the same bytes once more, let go at once: they stay while the first still needs them
    twice, page = bureau.read(book)
    assert "未办理的自动放弃" in page
    assert bureau.operator.post(f"{twice}/discard").status_code == 303
    bureau.work()
    assert kept() == [True, True]
    assert "只留文件名、大小和摘要" in bureau.operator.get(twice).text
    assert bureau.operator.get(f"{twice}/errors.xlsx").status_code == 404

    advance(timedelta(days=7, minutes=1))
    bureau.work()
    assert kept() == [False, False]
    page = bureau.operator.get(done).text
    assert "已承接 1 家" in page
    assert "标好错误的文件已随上传的文件删除" in page
    assert bureau.operator.get(f"{done}/errors.xlsx").status_code == 404

    # nobody comes back to it
    left, _page = bureau.read(made(app, lambda: file_of([firm(codes(1)[0], "无人办理公司")])))
    advance(timedelta(days=30, minutes=1))
    bureau.work()
    assert bureau.state(left) is ImportStatus.DISCARDED
    assert kept() == [False, False, False]
    with app.app_context():
        assert not list(structure.stored_files())
        erased = db.session.scalars(
            select(AuditRow).where(AuditRow.action == "file.erased").order_by(AuditRow.seq)
        ).all()
        assert [each.facts["reason"] for each in erased] == ["register_import"] * 3
        assert len(erased[0].facts["sha256"]) == 64
        contents = db.session.scalars(select(ImportRow.content)).all()
        assert contents == [{}] * len(contents)
        assert not list(verify())


def test_another_register_s_officers_see_nothing_of_it(
    app: Flask, bureau: Bureau, sign_in_as: SignIn
) -> None:
    address, _page = bureau.read(made(app, lambda: file_of([firm(codes(1)[0], "甲有限公司")])))
    with app.app_context(), transaction():
        from marketplace.accounts.permissions import Role

        supervisor = people.officer(Role.SUPERVISOR).user
        staff = people.firm().user
    assert sign_in_as(staff).get(address).status_code == 403
    assert sign_in_as(staff).post(f"{DESK}/export", data={}).status_code == 403
    assert bureau.public.get(address).status_code == 302
    assert sign_in_as(supervisor).post(f"{address}/confirm").status_code == 403


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM", "\tx", "＝1", "＠x"])
def test_no_cell_written_out_is_a_formula(text: str) -> None:
    assert exporting.harmless(text) == f"'{text}"
    assert exporting.harmless("青河") == "青河"

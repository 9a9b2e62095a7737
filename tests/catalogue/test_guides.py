"""The guide to an item: whole, without catch-alls, with forms to download; its old editions."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.catalogue import actions, queries
from marketplace.catalogue.actions import ListRefused, read_list
from marketplace.catalogue.revising.wording import told_change
from marketplace.catalogue.rules.comparing import Change, compare, names_in
from marketplace.catalogue.rules.items import ItemList
from marketplace.catalogue.rules.wording import is_catch_all
from marketplace.catalogue.rules.writing import edition_text
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.transactions import transaction

SHIPPED = Path(__file__).parents[2] / "marketplace" / "editions" / "catalogue"
FILES = sorted(SHIPPED.glob("*-2025-07-01.toml"))
FILE = SHIPPED / "379900-2025-07-01.toml"
TEXT = FILE.read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_item_of_the_lists_in_force_has_a_whole_guide(path: Path) -> None:
    told = read_list(path.name, path.read_text("utf-8"))
    assert len(told.items) >= 38
    for item in told.items:
        guide = item.guide
        assert guide is not None, item.code
        assert guide.promised_days <= item.statutory_days
        assert len(guide.steps) >= 5
        assert len(guide.norm) >= 5
        assert guide.forms[0].rows
        assert guide.covered or not item.regional_assessment
        assert re.fullmatch(r"0\d{3}-\d{7}", guide.complaint)
    assert any(item.parts for item in told.items)


def test_a_list_written_out_is_read_the_same() -> None:
    told = read_list(FILE.name, TEXT)
    assert read_list("again.toml", edition_text(told)) == told


@pytest.mark.parametrize(
    "text",
    [
        "其他材料",
        "法律法规规定的其他条件",
        "法律、法规规定的其他情形",
        "主管部门认为需要提供的其他有关材料",
        "图纸等相关材料",
        "必要时补充提供",
        "视情况另行提交",
        "相关证明文件",
        "《中华人民共和国建筑法》等法律法规",
        "审批部门要求提供的资料",
        "其 他 材 料",
    ],
)
def test_catch_alls_are_recognised(text: str) -> None:
    assert is_catch_all(text)


@pytest.mark.parametrize(
    "text",
    [
        "利益相关者协议",
        "建设项目选址和总平面布置资料",
        "《建设项目环境影响登记表备案管理办法》（环境保护部令第41号）",
        "机构到现场踏勘，收集基础资料，需要补充的一次性告知",
        "油库、气库、弹药库、化学品仓库和烟花爆竹、石化等场所的建设项目",
    ],
)
def test_what_names_things_is_no_catch_all(text: str) -> None:
    assert not is_catch_all(text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "conditions = [",
            'conditions = ["法律法规规定的其他条件", ',
            "兜底条款，应逐项写明办理条件",
        ),
        ("norm = [", 'norm = ["要求的其他内容", ', "兜底条款，应逐项写明成果内容"),
        ('label = "委托权限和期限"', 'label = "其他事项"', "兜底条款，应逐项写明填写的内容"),
        ("promised_days = 27", "promised_days = 46", "承诺时限"),
        ('stage = "build"', 'stage = "moon"', "items.0.guide.stage"),
        ('complaint = "0399-5550100"\n', "", "items.0.guide.complaint"),
        ('parts = ["hpwj", ', 'parts = ["nothing", ', "“nothing”应是本清单中的单项事项"),
        ('parts = ["hpwj", "stbc", "hsyx"]', 'parts = ["hpwj"]', "两个以上"),
    ],
)
def test_a_guide_that_leaves_something_open_is_refused(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(ListRefused, match=re.escape(said)):
        read_list("list.toml", TEXT.replace(old, new, 1))


def test_whoever_takes_a_package_may_do_all_of_it() -> None:
    told = read_list(FILE.name, TEXT)
    package = next(item for item in told.items if item.code == "schy")
    asked = {
        need.type
        for item in told.items
        if item.code in package.parts
        for need in item.qualifications
    }
    assert asked == {need.type for need in package.qualifications}
    begins = TEXT.index('code = "schy"')
    short = TEXT[:begins] + re.sub(
        r"qualifications = \[\n.*?\n\]\n", "", TEXT[begins:], count=1, flags=re.DOTALL
    )
    with pytest.raises(ListRefused, match="资质要求应包含"):
        read_list("list.toml", short)


def test_what_a_new_edition_changes_is_told_with_what_stood_and_what_stands(app: Flask) -> None:
    told = read_list(FILE.name, TEXT)
    other = TEXT.replace("promised_days = 27", "promised_days = 20", 1)
    other = other.replace('result = "日照分析报告"', 'result = "建筑日照分析报告"', 1)
    first = next(item for item in told.items if item.code == "zbdl")
    assert first.guide is not None
    line = first.guide.conditions[0]
    other = other.replace(f'"{line}"', f'"{line}，原件"', 1)
    found = list(compare(told.items, read_list("other.toml", other).items))
    names = names_in(told.items)
    with app.test_request_context():
        assert [(each.change, each.item.code, told_change(each, names)) for each in found] == [
            (
                Change.CHANGED,
                "zbdl",
                [
                    f"办理条件：删去“{line}”，增加“{line}，原件”",
                    "承诺时限由“27 日”改为“20 日”",
                ],
            ),
            (Change.CHANGED, "rzfx", ["服务成果由“日照分析报告”改为“建筑日照分析报告”"]),
        ]
        package = next(item for item in told.items if item.code == "schy")
        (less,) = compare([package], [replace(package, parts=package.parts[:2])])
        (said,) = told_change(less, names)
        assert said.startswith("合并的事项由“")
        assert names[package.parts[2]] in said
        bare = replace(first, guide=None)
        (added,) = compare([replace(bare, result="别的")], [first])
        assert told_change(added, names) == [
            f"服务成果由“别的”改为“{first.result}”",
            "增加办事指南，内容见事项页面",
        ]
        (gone,) = compare([first], [bare])
        assert told_change(gone, names) == ["删去办事指南"]
        turned = replace(first, approval_items=("甲", "乙"))
        (order,) = compare([turned], [replace(turned, approval_items=("乙", "甲"))])
        assert told_change(order, names) == ["对应的审批事项：各项的次序有调整"]
    dropped = list(compare(told.items, told.items[1:]))
    assert [(each.change, each.item.code) for each in dropped] == [(Change.DROPPED, "zbdl")]


def test_the_guide_says_everything_once(app: Flask, client: FlaskClient) -> None:
    page = client.get("/items/hpwj").text
    for said in (
        "青河市生态环境局环境影响评价科",
        "0399-5550103",
        "0399-5550100",
        "18 个工作日",
        "成果规范",
        "附图、附表和委托书",
        "《建设项目环境影响评价分类管理名录》未作规定的建设项目",
        "以下地块已区域评估，无需再买",
        "青河经济开发区起步区",
        "环评、水保、洪评三评合一",
        "踏勘调查",
        "可容缺",
        "申请人委托",
    ):
        assert said in page, said
    package = client.get("/items/sphy").text
    assert 'href="/items/hpwj"' in package
    assert 'href="/items/stbc"' in package
    assert client.get("/items?stage=accept").text.count("竣工环境保护验收") >= 1
    assert "招标代理" not in client.get("/items?stage=accept").text.split('id="found"')[1]


def test_forms_are_downloaded_empty_and_as_samples(app: Flask, client: FlaskClient) -> None:
    page = client.get("/items/hpwj").text
    addresses = re.findall(r'href="(/items/editions/\d+/hpwj/forms/\d+/(?:blank|sample))"', page)
    assert len(addresses) == 4
    texts = []
    for address in addresses[:2]:
        answer = client.get(address)
        assert answer.status_code == 200
        assert ".docx" in answer.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert archive.testzip() is None
            root = fromstring(archive.read("word/document.xml"))
        texts.append("".join(root.itertext()))
    blank, sample = texts
    assert "项目名称" in blank
    assert "年产一万吨速冻食品生产线项目" not in blank
    assert "年产一万吨速冻食品生产线项目" in sample
    assert client.get(addresses[0].replace("/1/", "/9/")).status_code == 404
    assert client.get(addresses[0].replace("blank", "other")).status_code == 404


def test_old_editions_stay_readable(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        old, new = (
            queries.edition_in_force(day, ("379900",))
            for day in (date(2024, 6, 1), date(2026, 3, 2))
        )
        assert old is not None
        assert new is not None
    page = client.get("/items/editions").text
    assert "2024 年版" in page
    assert "2025 年版" in page
    first = client.get(f"/items/editions/{old.id}").text
    assert "这一版施行至 2025年7月1日" in first
    assert "三评合一" not in first
    second = client.get(f"/items/editions/{new.id}").text
    assert "与上一版的差别" in second
    assert "新增" in second
    item = client.get(f"/items/editions/{old.id}/zbdl").text
    assert "现行内容以现行清单为准" in item
    assert client.get(f"/items/editions/{old.id}/sphy").status_code == 404
    assert client.get("/items/editions/999999").status_code == 404


def test_departments_are_counted_from_the_list(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    """As at 邹城: 17 departments, 37 items."""
    told = read_list(FILE.name, TEXT)
    listed = [item for item in told.items if item.on_list and not item.parts][:37]
    text = edition_text(
        ItemList(
            jurisdiction="379900",
            effective_from=date(2026, 3, 1),
            title="青河市清单",
            document="青审改发〔2026〕1号",
            items=tuple(
                replace(item, department_name=f"青河市第{number % 17 + 1}局")
                for number, item in enumerate(listed)
            ),
        )
    )
    path = tmp_path / "list.toml"
    path.write_text(text, "utf-8")
    with app.app_context(), transaction():
        actions.load_edition(path, CLOCK, clock.now())
    page = client.get("/items/departments").text
    assert "17 个部门，37 项服务事项；其中 37 项列入清单" in page
    assert page.count("青河市第") >= 17

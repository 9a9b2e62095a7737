"""What an item list may say; whether qualifications held are enough."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from marketplace.catalogue.actions import ListRefused, read_list
from marketplace.catalogue.rules.items import Requirement, qualified
from marketplace.catalogue.rules.wording import is_catch_all

FILE = (
    Path(__file__).parents[2] / "marketplace" / "editions" / "catalogue" / "379900-2024-01-01.toml"
)
TEXT = FILE.read_text("utf-8")


def test_the_shipped_list_holds_real_items_whole() -> None:
    told = read_list(FILE.name, TEXT)
    codes = [item.code for item in told.items]
    assert codes[:6] == ["zbdl", "jsjl", "hpwj", "stbc", "chhy", "aqpj"]
    assert len(codes) >= 40
    assert len({item.name for item in told.items}) == len(codes)
    assert not told.items[0].on_list
    assert all(item.on_list == bool(item.approval_items) for item in told.items)
    assert all(document.startswith("《") for item in told.items for document in item.legal_basis)
    assert all(any(m.kind == "required" for m in item.materials) for item in told.items)
    # 委托主体: what the approving department commissions stands on the list as such
    assert {item.code for item in told.items if item.commissioned_by == "department"} == {
        "jnps",
        "shwd",
        "hpps",
        "flpj",
        "kgkt",
    }


def test_every_item_has_its_department_among_the_offices() -> None:
    told = read_list(FILE.name, TEXT)
    offices = FILE.parents[1] / "offices" / "379900.toml"
    known = {
        row["code"]: row["name"] for row in tomllib.loads(offices.read_text("utf-8"))["office"]
    }
    for item in told.items:
        assert known[item.department_code] == item.department_name, item.code


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('category = "招标采购"', 'category = "招标采购"\ncolour = "red"', "items.0.colour"),
        ('name = "资金落实证明"', 'name = "其他材料"', "items.0.materials.2"),
        ('name = "资金落实证明"', 'name = "主管部门要求的其他文件"', "items.0.materials.2"),
        ('code = "jsjl"', 'code = "zbdl"', "重复"),
        ("statutory_days = 45", "statutory_days = 0", "items.0.statutory_days"),
        ('minimum_grade = "乙级"', 'minimum_grade = "丙级"', "items.1.qualifications.0"),
        ('approval_items = ["建筑工程施工许可证核发"]\n', "", "items.1"),
        ('price_form = "market"', 'price_form = "free"', "items.0.price_form"),
        ("effective_from = 2024-01-01", "", "effective_from"),
        ('legal_basis = ["《中华人民共和国水土保持法》第二十五条"]', "legal_basis = []", "items.3"),
    ],
)
def test_a_list_is_refused_whole_naming_file_and_key(old: str, new: str, key: str) -> None:
    assert old in TEXT
    with pytest.raises(ListRefused) as refused:
        read_list("list.toml", TEXT.replace(old, new, 1))
    assert str(refused.value).startswith("list.toml：")
    assert key in str(refused.value)


def test_not_toml_is_refused() -> None:
    with pytest.raises(ListRefused, match="TOML"):
        read_list("list.toml", "= nothing")


@pytest.mark.parametrize(
    "name", ["其他材料", "其它有关材料", "法律法规规定的其他材料", "图纸等材料"]
)
def test_catch_all_materials(name: str) -> None:
    assert is_catch_all(name)


@pytest.mark.parametrize("name", ["建筑施工图", "项目批准、核准或者备案文件"])
def test_named_materials(name: str) -> None:
    assert not is_catch_all(name)


SUPERVISION = Requirement(
    type="工程监理资质", minimum_grade="乙级", grades=("综合资质", "甲级", "乙级", "丙级")
)
SURVEY = Requirement(type="测绘资质")


@pytest.mark.parametrize(
    ("grade", "enough"),
    [("综合资质", True), ("甲级", True), ("乙级", True), ("丙级", False), ("特级", False)],
)
def test_a_grade_is_held_against_the_minimum(grade: str, enough: bool) -> None:
    assert qualified([SUPERVISION], False, [("工程监理资质", grade)]) is enough


def test_any_and_all() -> None:
    one = [("测绘资质", "")]
    both = [*one, ("工程监理资质", "甲级")]
    assert qualified([SUPERVISION, SURVEY], True, one)
    assert not qualified([SUPERVISION, SURVEY], False, one)
    assert qualified([SUPERVISION, SURVEY], False, both)
    assert qualified([], False, [])
    assert not qualified([SURVEY], True, [("工程监理资质", "甲级")])

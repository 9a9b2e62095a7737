"""An edition file is used whole or refused naming the file, the key and the reason."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.fees.rules.calculating import Case, Quantity, calculate
from marketplace.fees.rules.reading.files import read_standard, read_standards
from marketplace.fees.rules.reading.sections import EditionError

FOLDER = Path(__file__).parents[2] / "marketplace" / "editions" / "standards"
AGENCY = (FOLDER / "zbdl_1980.toml").read_text("utf-8")
SUPERVISION = (FOLDER / "jl_670.toml").read_text("utf-8")


def refused(text: str) -> EditionError:
    with pytest.raises(EditionError) as caught:
        read_standard("x.toml", text.encode())
    assert caught.value.file == "x.toml"
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('id = "zbdl_1980"', 'id = "zbdl_1980"\ncolour = "red"', "colour", "未知的项"),
        ('id = "zbdl_1980"\n', "", "id", "缺少"),
        ('fee_unit = "万元"', 'fee_unit = "斤"', "fee_unit", "之一"),
        ("effective_from = 2003-01-01", 'effective_from = "soon"', "effective_from", "日期"),
        ("effective_from = 2003-01-01", "effective_from = 2003-01-01\neffective_until = 2002-01-01",
         "effective_until", "晚于"),
        ('upto = "500", rate = "0.011"', 'upto = "100", rate = "0.011"',
         "variants[0].formula.brackets[1].upto", "大于前一档"),
        ('upto = "500", rate = "0.011"', 'upto = "500", rate = "0.11"',
         "variants[0].formula.brackets[1].rate", "高于前一档"),
        ('upto = "500", rate = "0.011"', 'upto = "500", rate = "-0.011"',
         "variants[0].formula.brackets[1].rate", "不小于 0"),
        ('upto = "500", rate = "0.011"', 'upto = "500", rate = "abc"',
         "variants[0].formula.brackets[1].rate", "不是数"),
        ('upto = "500", rate = "0.011"', 'upto = "500"',
         "variants[0].formula.brackets[1].rate", "之一"),
        ('upto = "500", rate = "0.011"', 'upto = "500", rate = { low = "0.02", high = "0.01" }',
         "variants[0].formula.brackets[1].rate", "上限"),
        ('{ rate = "0.0001" }', '{ upto = "200000", rate = "0.0001" }',
         "variants[0].formula.brackets[6].upto", "不设上限"),
        ('base = "award_amount"', 'base = "area"', "variants[0].formula.base", "没有数量"),
        ('kind = "progressive"', 'kind = "magic"', "variants[0].formula.kind", "之一"),
        ('code = "service"', 'code = "goods"', "variants", "重复"),
        ('default = "full"', 'default = "most"', "modifiers[0]", "默认项"),
        ('down = "0.20"', 'down = "1.20"', "modifiers[1]", "下浮"),
        ('clause = "第九条"', 'clause = ""', "modifiers[1].clause", "不得为空"),
        ('up = "0.20"', 'up = "0.20"\nper = "tender"\n\n[[modifiers]]\nkind = "floor"\n'
         'clause = "x"\namount = "1"', "modifiers", "之前"),
    ],
)  # fmt: skip
def test_agency_file_refusals(old: str, new: str, key: str, reason: str) -> None:
    assert old in AGENCY
    error = refused(AGENCY.replace(old, new, 1))
    assert error.key == key
    assert reason in error.reason


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('["3000", "78.1"]', '["900", "78.1"]', "variants[0].formula.points[2]", "大于前一点"),
        ('["3000", "78.1"]', '["3000", "7.81"]', "variants[0].formula.points[2]", "不低于前一点"),
        ('["3000", "78.1"]', '["3000"]', "variants[0].formula.points[2]", "[计费基数"),
        ('at = "1000000"', 'at = "40000"', "variants[0].formula", "不连续"),
        ('rate = "0.033"', 'rate = "0.034"', "variants[1].formula", "500 处收费额不连续"),
        ('share = "0.40"', 'share = "1.40"', "variants[0].formula.base.share", "比例"),
        ('part = ["equipment", "trial_run"]', 'part = ["equipment", "gold"]',
         "variants[0].formula.base", "没有数量"),
        ('mode = "rate_whole", rate = "0.01039"', 'mode = "guess"',
         "variants[0].formula.above.mode", "之一"),
        ('code = "smelting"', 'code = "mining"', "modifiers[0]", "重复"),
    ],
)  # fmt: skip
def test_supervision_file_refusals(old: str, new: str, key: str, reason: str) -> None:
    assert old in SUPERVISION
    error = refused(SUPERVISION.replace(old, new, 1))
    assert error.key == key
    assert reason in error.reason


def test_a_declared_jump_must_be_there() -> None:
    extra = '\n[[jumps]]\nat = "5000"\nreason = "x"\n'
    assert "连续" in refused(SUPERVISION + extra).reason


def test_not_toml_and_not_text() -> None:
    assert "TOML" in refused("= nothing").reason
    with pytest.raises(EditionError, match="TOML"):
        read_standard("x.toml", b"\xff\xfe")


HEAD = """
id = "{id}"
title = "甲"
document = "甲[2020]1号"
issuer = "甲"
issued = 2020-01-01
effective_from = 2020-01-01
price_form = "market"
fee_unit = "元"
"""
QUANTITIES = """
[[quantities]]
key = "points"
title = "检测点"
unit = "点"
optional = true

[[quantities]]
key = "rooms"
title = "机房"
unit = "个"
optional = true
"""
SUM = """
[[variants]]
code = "all"
title = "检测"
clause = "附件"
[variants.formula]
kind = "sum"
[[variants.formula.parts]]
title = "检测点"
formula = {{ kind = "linear", base = "points", rate = "45" }}
[[variants.formula.parts]]
title = "机房"
formula = {{ kind = "linear", base = "rooms", rate = "1000" }}

[[modifiers]]
kind = "floor"
clause = "附件"
per = "tender"
amount = "{floor}"
"""
REF = """
quantities = []
[[variants]]
code = "review"
title = "复核"
clause = "附件"
formula = {{ kind = "ref", standard = "{other}", variant = "all", factor = "0.4" }}
"""


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.toml").write_text(text, "utf-8")


def test_sum_and_ref(tmp_path: Path) -> None:
    write(tmp_path, "a", HEAD.format(id="a") + QUANTITIES + SUM.format(floor="100"))
    write(tmp_path, "b", HEAD.format(id="b") + REF.format(other="a"))
    standards = read_standards(tmp_path)
    lot = {"points": Quantity(Decimal(10), "点"), "rooms": Quantity(Decimal(2), "个")}
    whole = calculate(standards["a"], Case((lot,)), standards)
    share = calculate(standards["b"], Case((lot,)), standards)
    assert whole.basic is not None
    assert whole.basic.low == Decimal(2450)
    assert share.basic is not None
    assert share.basic.low == Decimal(980)
    assert share.steps[-1].taken.low == Decimal(2450)
    one = {"points": Quantity(Decimal(1), "点")}
    least = calculate(standards["a"], Case((one,)), standards)
    assert least.basic is not None
    assert least.basic.low == Decimal(100)


def test_refs_must_lead_somewhere_and_not_back(tmp_path: Path) -> None:
    write(tmp_path, "b", HEAD.format(id="b") + REF.format(other="missing"))
    with pytest.raises(EditionError, match="没有标准“missing”"):
        read_standards(tmp_path)
    text = HEAD.format(id="b") + REF.format(other="b").replace('code = "review"', 'code = "all"')
    write(tmp_path, "b", text)
    with pytest.raises(EditionError, match="成环"):
        read_standards(tmp_path)


def test_two_files_with_one_id(tmp_path: Path) -> None:
    write(tmp_path, "a", AGENCY)
    write(tmp_path, "b", AGENCY)
    with pytest.raises(EditionError, match="重复"):
        read_standards(tmp_path)


def test_shipped_standards_can_be_read() -> None:
    standards = read_standards(FOLDER)
    assert {"zbdl_1980", "jl_670"} <= standards.keys()
    assert len(standards["jl_670"].coefficients[0].options) == 21

"""What the page of the design system shows its components with: invented, and nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from marketplace.foundation.db import Page
from marketplace.foundation.forms import Form, YuanField
from marketplace.foundation.listing import Sorting

# token of the text, token of its ground
PAIRS = (
    ("ink", "paper"),
    ("ink", "mist"),
    ("muted", "paper"),
    ("muted", "mist"),
    ("primary", "paper"),
    ("paper", "primary"),
    ("paper", "seal"),
    ("good-text", "good-ground"),
    ("info-text", "info-ground"),
    ("warn-text", "warn-ground"),
    ("bad-text", "bad-ground"),
    ("neutral-text", "neutral-ground"),
)
LONG = _l(
    "城区供热管网及换热站智慧化改造（二期）项目环境影响报告表编制及竣工环境保护验收监测技术服务"
)


class SampleForm(Form):
    """A field of every kind."""

    name = StringField(_l("需求名称"), [InputRequired(_l("请填写需求名称"))])
    budget = YuanField(_l("预算"), [InputRequired(_l("请填写预算"))])
    scope = TextAreaField(_l("服务内容"), [Optional()], description=_l("写明范围、数量和成果"))
    day = DateField(_l("完成日期"), [Optional()])
    kind = SelectField(
        _l("资金来源"),
        choices=[SelectChoice("a", _l("企业资金")), SelectChoice("b", _l("政府投资"))],
    )
    method = RadioField(
        _l("选取方式"),
        choices=[SelectChoice("draw", _l("随机抽取")), SelectChoice("pick", _l("直接选取"))],
        default="draw",
    )
    places = FieldList(StringField(_l("地点"), [Optional()]), label=_l("地点"), min_entries=2)
    paper = FileField(_l("附件"), [Optional()], description=_l("PDF，不超过 10 MB"))
    agreed = BooleanField(_l("以上内容属实"))


@dataclass(frozen=True)
class Event:
    """A point of a timeline or a step of a proof."""

    title: str
    at: datetime | None
    tone: str = "info"
    who: str = ""
    detail: str = ""
    state: str = "done"
    value: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a ledger of steps."""

    label: str
    detail: str
    low: Decimal
    high: Decimal
    document: str
    clause: str


def forms() -> dict[str, Form]:
    """The same form untouched and refused."""
    fresh = SampleForm(formdata=None, prefix="fresh-", meta={"csrf": False})
    wrong = SampleForm(formdata=None, prefix="wrong-", meta={"csrf": False})
    wrong.name.data = str(LONG)
    wrong.name.errors = [_("请控制在 60 个字以内")]
    wrong.budget.errors = [_("超过上限 12,000.00 元，依据收费目录清单第 3 项")]
    wrong.method.errors = [_("本金额不能直接选取")]
    wrong.agreed.errors = [_("请确认")]
    return {"fresh": fresh, "wrong": wrong}


def events(now: datetime) -> Sequence[Event]:
    """A course of things with every tone."""
    return (
        Event(_("发布需求"), now - timedelta(days=9), who=_("项目业主")),
        Event(_("报名截止"), now - timedelta(days=5), detail=_("3 家进入名单，1 家无效")),
        Event(_("选定"), now - timedelta(days=4), tone="good"),
        Event(_("临近期限"), now - timedelta(days=1), tone="warn"),
        Event(_("逾期"), now, tone="bad"),
        Event(_("期满撤下"), now, tone="ended"),
    )


def proof(now: datetime) -> Sequence[Event]:
    """A draw with a step done, one that waits and one that failed."""
    value = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    return (
        Event(_("公布承诺"), now - timedelta(days=5), value=value, note=_("密值此时已定")),
        Event(_("公开值"), None, state="waiting"),
        Event(_("计算次序"), now, state="failed", note=_("名单摘要不符")),
    )


def steps() -> Sequence[Line]:
    """Two steps of a fee."""
    document = "发改价格[2007]670号"
    low, high = Decimal("862104.00"), Decimal("1293156.00")
    base = Decimal("1077630.00")
    return (
        Line(_("两点之间按直线内插"), "6000万元 → 107.763万元", base, base, document, "附表二"),
        Line(_("上下浮动 20%"), "107.763 → 86.21–129.32万元", low, high, document, "第五条"),
    )


def pages() -> Page[int]:
    """The seventh of forty pages."""
    return Page(items=range(20), number=7, per_page=20, total=793)


def rows() -> Sequence[Sequence[Any]]:
    """Rows of a table, one of them with much text."""
    short = [(_("第 %(n)s 项需求", n=n), _("测绘"), f"{n * 1250:,}.00") for n in range(1, 9)]
    return [(str(LONG), _("环境影响评价文件编制"), "1,293,156.00"), *short]


def sorting() -> Sorting:
    """By price, the highest first."""
    return Sorting("price", descending=True)


def components(folder: Path) -> list[str]:
    """The names of all components, as their files are called."""
    return sorted(path.stem for path in folder.glob("*.html"))

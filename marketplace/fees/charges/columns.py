"""The columns of a file of charges, and the file to fill in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from marketplace.accounts.areas import Area
from marketplace.catalogue.models import ServiceItem
from marketplace.fees.answering import questions
from marketplace.fees.queries import Pricing
from marketplace.fees.rules.inputs import PAYER_CLASS, VARIANT, allowed_variants
from marketplace.foundation.spreadsheets import Column, Sheet, workbook

SHEET = "收费明细"
MOST_ROWS = 5000
COLUMNS = (
    Column(key="item", title="服务事项", width=22, note=_l("事项名称或代码；按文件核对的填下一栏")),
    Column(
        key="standard", title="收费标准", note=_l("没有对应事项时填文号或标准代码；填了事项的不填")
    ),
    Column(key="place", title="地区", note=_l("地区名称或代码；不填按本单位所在地区")),
    Column(key=VARIANT, title="收费类别", note=_l("按“填写说明”一页的写法")),
    Column(
        key="base",
        title="计费基数",
        kind="number",
        maximum=Decimal(10**13),
        note=_l("计费的数额，如中标金额、工程费"),
    ),
    Column(key="unit", title="单位", longest=20, width=8, note=_l("元、万元、亿元或平方米等")),
    Column(
        key="price",
        title="实际收费（元）",
        kind="number",
        required=True,
        decimals=2,
        maximum=Decimal(10**13),
    ),
    Column(key="day", title="收费日期", kind="date", required=True, width=12),
    Column(key="firm", title="收费机构", required=True, longest=120, width=28),
    Column(
        key="conditions",
        title="其他计费条件",
        longest=400,
        width=36,
        note=_l("写成“名称=内容”，几项之间用分号隔开；名称和内容见“填写说明”一页"),
    ),
    Column(key=PAYER_CLASS, title="缴费主体类别", note=_l("政策按缴费主体分别规定的地区填写")),
    Column(key="note", title="备注", width=24),
)
GUIDE = (
    Column(key="code", title="代码", width=10),
    Column(key="item", title="服务事项", width=26),
    Column(key="document", title="收费标准", width=24),
    Column(key="variant", title="收费类别", width=26),
    Column(key="base", title="计费基数", width=20),
    Column(key="unit", title="单位", width=10),
    Column(key="conditions", title="其他计费条件", width=90, longest=4000),
)


def template(items: list[ServiceItem], pricings: dict[str, Pricing], area: Area) -> bytes:
    """The file to fill in, with a page that says what each item of the area asks."""
    rows = [
        row
        for item in items
        if pricings[item.code].standard is not None
        for row in _guide(item, pricings[item.code])
    ]
    return workbook(
        [
            Sheet(SHEET, COLUMNS, (), to_fill=500),
            Sheet("填写说明", GUIDE, rows, title=f"填写说明（{area.name}）"),
        ]
    )


def _guide(item: ServiceItem, pricing: Pricing) -> list[dict[str, Any]]:
    standard, fee = pricing.standard, pricing.fee
    if standard is None or fee is None:
        return []
    allowed = allowed_variants(standard, fee)
    found = []
    for variant in allowed:
        fields = questions(pricing, variant.code).fields
        numbers = [field for field in fields if field.kind == "number" and field.unit != "项"]
        rest = [f for f in fields if f.key not in (VARIANT, "unit", PAYER_CLASS)]
        rest = [f for f in rest if f not in numbers[:1]]
        found.append(
            {
                "code": item.code,
                "item": item.name,
                "document": standard.document,
                "variant": variant.title if len(allowed) > 1 else "",
                "base": numbers[0].title if numbers else "",
                "unit": numbers[0].unit if numbers else "",
                "conditions": "；".join(
                    f"{field.title}="
                    + (
                        "／".join(title for _code, title in field.choices)
                        or f"数字（{field.unit}）"
                    )
                    + ("" if field.required and not field.default else "（可不填）")
                    for field in rest
                )[:4000],
            }
        )
    return found

"""An audit as a workbook: every charge with its verdict, the totals by item and by firm."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marketplace.accounts.areas import areas
from marketplace.fees.rules.bands import percent
from marketplace.fees.rules.judging import Verdict
from marketplace.foundation.clock import SHANGHAI
from marketplace.foundation.languages import for_storing
from marketplace.foundation.spreadsheets import Column, Sheet, workbook

from . import queries
from .models import Charge, ChargeAudit

ROWS = (
    Column(key="number", title="行号", kind="number", width=8),
    Column(key="subject", title="服务事项或收费标准", width=28),
    Column(key="place", title="地区", width=16),
    Column(key="firm", title="收费机构", width=28),
    Column(key="day", title="收费日期", kind="date", width=12),
    Column(key="price", title="实际收费（元）", kind="number"),
    Column(key="verdict", title="结论", width=14),
    Column(key="force", title="效力", width=14),
    Column(key="beyond", title="相差（元）", kind="number"),
    Column(key="low", title="标准下限（元）", kind="number"),
    Column(key="high", title="标准上限（元）", kind="number"),
    Column(key="ceiling", title="比较上限（元）", kind="number"),
    Column(key="share", title="超出比例", width=10),
    Column(key="document", title="收费标准文号", width=22),
    Column(key="rule", title="依据", width=30),
    Column(key="policy", title="适用规则", width=30),
    Column(key="message", title="说明", width=60),
    Column(key="steps", title="计算过程", width=80),
    Column(key="note", title="备注", width=20),
)


def _sums(title: str) -> tuple[Column, ...]:
    return (
        Column(key="name", title=title, width=36),
        Column(key="count", title="笔数", kind="number", width=8),
        Column(key="charged", title="收费合计（元）", kind="number"),
        Column(key="above_count", title="超过上限（笔）", kind="number"),
        Column(key="above", title="超收合计（元）", kind="number"),
        Column(key="informed_count", title="高于参考标准（笔）", kind="number"),
        Column(key="informed", title="高出参考合计（元）", kind="number"),
    )


def export(found: ChargeAudit) -> bytes:
    """The workbook, in Chinese whoever asks."""
    with for_storing():
        head = [
            ("核对单位", found.organisation_name),
            ("核对时间", f"{found.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"),
            ("原文件", f"{found.file_name}（SHA-256 {found.sha256}）"),
            ("笔数", str(found.row_count)),
            ("超收合计（元）", str(found.above)),
            ("高出参考合计（元）", str(found.above_reference)),
        ]
        rows = [_row(charge) for charge in queries.every_charge(found)]
        return workbook(
            [
                Sheet("核对明细", ROWS, rows, title=found.title, head=head),
                Sheet("按事项", _sums("服务事项或收费标准"), _totals(found, "subject")),
                Sheet("按机构", _sums("收费机构"), _totals(found, "firm")),
            ]
        )


def _totals(found: ChargeAudit, by: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in queries.totals(found, by, limit=5000)]


def _row(charge: Charge) -> dict[str, Any]:
    rule = charge.decided_by or {}
    share = ""
    above = charge.verdict is Verdict.ABOVE_CEILING
    if above and charge.beyond is not None and charge.ceiling:
        share = percent((charge.beyond / charge.ceiling).quantize(Decimal("0.0001")))
    standard = charge.standard_edition
    return {
        "number": charge.number,
        "subject": charge.subject,
        "place": areas()[charge.jurisdiction_code].name
        if charge.jurisdiction_code in areas()
        else charge.jurisdiction_code,
        "firm": charge.firm,
        "day": charge.day,
        "price": charge.price,
        "verdict": charge.title,
        "force": "须遵守" if charge.standard_binds else "仅供参考" if standard else "没有收费标准",
        "beyond": charge.beyond,
        "low": charge.low,
        "high": charge.high,
        "ceiling": charge.ceiling,
        "share": share,
        "document": standard.document if standard else "",
        "rule": f"{rule.get('document', '')} {rule.get('clause', '')}".strip(),
        "policy": charge.policy_edition.title if charge.policy_edition else "",
        "message": charge.message,
        "steps": "；".join(_step(step) for step in charge.steps),
        "note": charge.note,
    }


def _step(step: Mapping[str, Any]) -> str:
    low, high = step["out"]
    span = low if low == high else f"{low}–{high}"
    return f"{step['text'] % step['values']}：{span}{step['out_unit']}"

"""The demo city's fee lists: one in force, one that waits for the second officer, charges audited."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

from marketplace.fees.charges import actions as charges
from marketplace.fees.charges.columns import COLUMNS, SHEET
from marketplace.fees.lists import actions as lists
from marketplace.fees.lists.columns import cells_of
from marketplace.fees.lists.editions import prepare
from marketplace.fees.lists.models import FeeList
from marketplace.fees.lists.publishing import approve_list
from marketplace.fees.lists.queries import stored_row
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Sheet, workbook
from marketplace.foundation.transactions import transaction

from .agenda import Days, Story
from .people import CITY, Cast

# working days before the last: what was published, what is audited, what waits
PUBLISHED, AUDITED, WAITING = 60, 8, 3
BASIS = "山东省定价目录；青河市人民政府关于规范中介服务收费的意见（演示）"
WATERPROOF = {
    "code": "fswt",
    "name": "房屋防水检测",
    "department": "住房和城乡建设局",
    "price_form": "government_guided",
    "binds": "binding",
    "low": "1.5",
    "high": "2",
    "unit": "元",
    "per": "平方米",
    "legal_basis": "青河发改价〔2026〕12号（演示）",
    "basis_date": "need_published",
}
GROUND = {
    **WATERPROOF,
    "code": "dzfx",
    "name": "地质灾害危险性评估",
    "department": "自然资源和规划局",
    "low": "",
    "high": "0.8",
    "unit": "%",
    "per": "工程造价",
}

# firms that appraise are told of it and need not change anything
APPRAISAL = {"code": "fdcpg", "remarks": "市价格认证中心按季公布同类评估的成交均价，供参考"}
CHEAPER = {"code": "fswt", "high": "1.8"}


def fee_lists(cast: Cast, days: Days) -> Story:
    """A list is drafted, approved by another officer and in force; the next one waits."""
    yield days.at(PUBLISHED)
    drafter, approver = (cast.desk(CITY, place).actor for place in ("operator", "approver"))
    published = _draft(drafter, "青河发改价〔2026〕12号（演示）", 14, (WATERPROOF,), (APPRAISAL,))
    yield days.at(PUBLISHED - 3)
    with transaction():
        found = db.session.get_one(FeeList, published)
        ready = prepare(found, standards=True)
        assert not isinstance(ready, Exception)
        approve_list(found, ready, ready.sha256, approver, clock.now())
    yield days.at(WAITING)
    _draft(drafter, "青河发改价〔2026〕31号（演示）", 40, (GROUND,), (CHEAPER,))


def _draft(
    drafter: Actor,
    document: str,
    in_days: int,
    added: tuple[dict[str, str], ...],
    changed: tuple[dict[str, str], ...],
) -> int:
    """A list drafted from the one in force and laid before another officer; its id."""
    with transaction():
        now = clock.now()
        made = lists.draft_list(CITY, drafter, now)
        day = clock.local_day(now) + timedelta(days=in_days)
        title = f"青河市收费目录清单（{day.year} 年 {day.month} 月版，演示）"
        lists.state_facts(made, title, document, BASIS, day, drafter, now)
        for row in added:
            lists.put_row(made, None, row, drafter, now)
        for row in changed:
            present = cells_of(stored_row(made, row["code"]).told)
            told = {key: "" if value is None else str(value) for key, value in present.items()}
            lists.put_row(made, row["code"], told | row, drafter, now)
        db.session.flush()
        lists.submit_list(made, prepare(made, standards=False), drafter, now)
        return made.id


# what an audit may find: within, above what binds, above a reference, below, nothing to judge by
CHARGES: tuple[dict[str, Any], ...] = (
    {"firm": "恒建工程管理有限公司", "price": "355000", "item": "jsjl"},
    {"firm": "恒建工程管理有限公司", "price": "371200", "item": "jsjl"},
    {"firm": "青河众信监理咨询有限公司", "price": "361200.01", "item": "jsjl"},
    {"firm": "青河众信监理咨询有限公司", "price": "200000", "item": "jsjl"},
    {"firm": "正衡招标代理有限公司", "price": "300000", "item": "zbdl"},
    {"firm": "正衡招标代理有限公司", "price": "240000", "item": "zbdl"},
    {"firm": "正衡招标代理有限公司", "price": "205000", "item": "zbdl", "kind": ""},
    {"firm": "青河安评技术有限公司", "price": "38000", "item": "aqpj"},
)
ASKED: dict[str, dict[str, Any]] = {
    "jsjl": {
        "base": Decimal(1000),
        "unit": "万元",
        "conditions": "专业调整系数=building_municipal；工程复杂程度=II",
    },
    "zbdl": {"variant": "工程招标", "base": Decimal(6000), "unit": "万元"},
    "aqpj": {},
}


def audited_charges(cast: Cast, days: Days) -> Story:
    """The bureau checks what was charged in a month; the clock judges the file."""
    yield days.at(AUDITED)
    actor = cast.desk(CITY, "operator").actor
    rows = []
    for number, each in enumerate(CHARGES):
        row = ASKED[each["item"]] | {
            "item": each["item"],
            "firm": each["firm"],
            "price": Decimal(each["price"]),
            "day": days.day(AUDITED + 3 + number),
        }
        rows.append(row | ({"variant": None} if "kind" in each else {}))
    with transaction():
        now = clock.now()
        content = io.BytesIO(workbook([Sheet(SHEET, COLUMNS, rows)]))
        file = files.store(content, "收费明细.xlsx", actor, now, "file")
        charges.upload_charges(file, "市本级项目收费抽查（演示）", actor, now)

"""Files of charges for tests, made as a person fills in the template."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.fees.charges import actions
from marketplace.fees.charges.columns import COLUMNS, SHEET
from marketplace.fees.charges.models import ChargeAudit, ChargeUpload
from marketplace.fees.charges.tasks import judge_uploads
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Sheet, workbook
from marketplace.foundation.transactions import transaction

DAY = date(2026, 2, 10)
# 监理, 计费额 1000 万元: allowed 240 800–361 200 元, and it binds in the demo city
SUPERVISION = {
    "item": "建设工程监理",
    "base": Decimal(1000),
    "unit": "万元",
    "conditions": "专业调整系数=building_municipal；工程复杂程度=II",
    "day": DAY,
    "firm": "众信建设监理有限公司",
}
# 工程招标, 中标金额 6000 万元: reference 180 400–270 600 元
AGENCY = {
    "item": "zbdl",
    "variant": "工程招标",
    "base": Decimal(6000),
    "unit": "万元",
    "day": DAY,
    "firm": "恒建工程管理咨询有限公司",
}


def charge_file(rows: Sequence[dict[str, Any]]) -> bytes:
    """A workbook of these rows; texts and numbers stand as they are given."""
    return workbook([Sheet(SHEET, COLUMNS, rows)])


def supervision(charged: str, **changes: Any) -> dict[str, Any]:
    """A charge for supervision, in 元."""
    return {**SUPERVISION, "price": Decimal(charged), **changes}


def agency(charged: str, **changes: Any) -> dict[str, Any]:
    """A charge for a tender's agent, in 元."""
    return {**AGENCY, "price": Decimal(charged), **changes}


def given(content: bytes, actor: Actor, name: str = "收费.xlsx", title: str = "") -> ChargeUpload:
    """A file of charges taken in, inside a transaction of the caller's."""
    now = clock.now()
    file = files.store(io.BytesIO(content), name, actor, now, "file")
    return actions.upload_charges(file, title, actor, now)


def judged(content: bytes, actor: Actor, title: str = "") -> ChargeUpload:
    """A file of charges taken in and judged."""
    with transaction():
        upload_id = given(content, actor, title=title).id
    assert judge_uploads() == 1
    return db.session.get_one(ChargeUpload, upload_id)


def audited(rows: Sequence[dict[str, Any]], actor: Actor) -> ChargeAudit:
    """The audit of these rows."""
    found = judged(charge_file(rows), actor)
    assert found.audit is not None, (found.refusal, found.problems)
    return found.audit

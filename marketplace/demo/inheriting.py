"""The demo's second city takes its former register over: ten firms, half of them with papers."""

from __future__ import annotations

import io
from datetime import date, timedelta

from sqlalchemy import select

from marketplace.accounts import credit_code
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Sheet, workbook
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.bulk import actions
from marketplace.intermediaries.bulk.columns import CERTIFICATES, FIRMS, ITEMS, sheets
from marketplace.intermediaries.bulk.models import ImportRow, RegisterImport
from marketplace.intermediaries.bulk.standing import known
from marketplace.intermediaries.models import Firm

from .agenda import Days, Story
from .neighbours import SECOND_CITY
from .people import Cast

# name, legal representative, items
_FORMER = (
    ("望川汀洲环保技术有限公司", "宿汀", ("hpwj",)),
    ("望川若谷环境工程有限公司", "闫若谷", ("hpwj", "stbc")),
    ("望川半亩水土保持咨询有限公司", "贲方塘", ("stbc",)),
    ("望川衡石工程造价咨询有限公司", "苍石", ("zbdl",)),
    ("望川规矩测绘有限公司", "双矩", ("chhy",)),
    ("望川知止安全评价有限公司", "劳止", ("aqpj",)),
    ("望川垚土勘测有限公司", "逯垚", ()),
    ("望川拾级建筑咨询有限公司", "桂阶", ()),
    ("望川远岫工程监理有限公司", "牛远岫", ("jsjl",)),
    ("望川平准价格评估有限公司", "寿平", ()),
)


def former_register(cast: Cast, days: Days, before: int) -> Story:
    """Uploaded and submitted by the operator, confirmed by the approver the next day."""
    operator = cast.desk(SECOND_CITY, "operator").actor
    yield days.at(before)
    with transaction():
        now = clock.now()
        content = _file(clock.local_day(now))
        file = files.store(
            io.BytesIO(content), "望川市备案机构名录.xlsx", operator, now, "file", actions.KINDS
        )
        import_id = actions.upload_register(file, SECOND_CITY, operator, now).id
    yield days.at(before - 1)
    with transaction():
        actions.submit_import(
            db.session.get_one(RegisterImport, import_id),
            title="望川市中介服务机构备案名录",
            document="演示用：望政服〔2025〕9号",
            legal_basis="演示用：《望川市中介服务管理办法》第六条，原备案机构整体转入中介超市",
            leave_out=False,
            actor=operator,
            now=clock.now(),
        )
    yield days.at(before - 2)
    with transaction():
        actions.confirm_import(
            db.session.get_one(RegisterImport, import_id),
            cast.desk(SECOND_CITY, "approver").actor,
            clock.now(),
        )
    yield days.at(before - 3)
    with transaction():
        # an import marks nothing as invented: what it brings in here is
        taken = select(ImportRow.firm_id).where(ImportRow.import_id == import_id)
        for firm in db.session.scalars(select(Firm).where(Firm.id.in_(taken))):
            firm.organisation.is_demo = True


def _file(today: date) -> bytes:
    told = known(SECOND_CITY, today)
    firms, papers, items = [], [], []
    for number, (name, legal, offered) in enumerate(_FORMER):
        code = credit_code.complete(f"91{SECOND_CITY}MADE{number:05d}")
        firms.append(
            {
                "credit_code": code,
                "name": name,
                "kind": "company",
                "legal_representative": legal,
                "address": f"望川市示范路 {number + 60} 号",
                "phone": f"0398-66600{number:02d}",
            }
        )
        kinds = told.certificates[number : number + 1] if number % 2 == 0 else []
        papers += [
            {
                "credit_code": code,
                "type": kind,
                "number": f"WC-{number:04d}",
                "issuer": "演示用发证机关",
                "valid_from": today - timedelta(days=400),
                "valid_until": today + timedelta(days=700),
            }
            for kind in kinds
        ]
        items += [{"credit_code": code, "item": item} for item in offered if item in told.items]
    columns = sheets(told)
    return workbook(
        [
            Sheet(FIRMS, columns[FIRMS], firms),
            Sheet(CERTIFICATES, columns[CERTIFICATES], papers),
            Sheet(ITEMS, columns[ITEMS], items),
        ]
    )

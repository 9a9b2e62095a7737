"""The demo city's item list: departments' proposals, a new edition that waits for the approver."""

from __future__ import annotations

from datetime import timedelta

from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.revising import actions, queries, reading
from marketplace.catalogue.revising.models import ItemProposal, ListDraft
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction

from .agenda import Days, Story
from .people import CITY, Cast

# working days before the last
PROPOSED, ACCEPTED, WAITING = 12, 9, 2


def proposals(cast: Cast, days: Days) -> Story:
    """One proposal is taken into a new edition laid before the approver, one is declined, one
    waits for its answer."""
    yield days.at(PROPOSED)
    environment, building = (cast.officers[login].actor for login in ("huanbao", "zhujian"))
    first = _proposed("hpwj", {"promised_days": 15}, "压缩承诺时限，优化营商环境", environment)
    second = _proposed(
        "fwjd", {"on_list": True, "approval_items": "房屋改建备案"}, "拟列为备案条件", building
    )
    yield days.at(ACCEPTED)
    operator = cast.desk(CITY, "operator").actor
    with transaction():
        now = clock.now()
        draft = actions.accept_proposal(db.session.get_one(ItemProposal, first), operator, now)
        actions.refuse_proposal(
            db.session.get_one(ItemProposal, second),
            "没有法律、行政法规依据，不得列为办理审批的条件",
            operator,
            now,
        )
        made = draft.id
    yield days.at(WAITING)
    _proposed("zljc", {"promised_days": 8}, "检测机构普遍可在八个工作日内完成", building)
    with transaction():
        now = clock.now()
        draft = db.session.get_one(ListDraft, made)
        day = clock.local_day(now) + timedelta(days=30)
        title = f"青河市行政审批中介服务事项清单（{day.year} 年 {day.month} 月版，演示）"
        actions.state_facts(draft, title, "青审改发〔2026〕11号（演示）", day, operator, now)
        actions.submit_draft(draft, operator, now)


def _proposed(code: str, changed: dict[str, object], reason: str, actor: Actor) -> int:
    with transaction():
        base = queries.newest_edition(CITY)
        assert base is not None
        item = next(each for each in catalogue.stated(base) if each.code == code)
        empty = {"covered": "", "exemptions": "", "parts": "", "qualifications": ""}
        values = {**empty, **reading.values_of(item), **changed}
        return actions.propose_change(code, values, reason, actor, clock.now()).id

"""The demo city's item list: departments' proposals, a new edition, reports of off-list demands."""

from __future__ import annotations

from datetime import timedelta

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.demands import actions as demanding
from marketplace.catalogue.demands.models import OffListDemand
from marketplace.catalogue.revising import actions, queries, reading
from marketplace.catalogue.revising.models import ItemProposal, ListDraft
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction

from . import papers
from .agenda import Days, Story
from .people import CITY, Cast

# working days before the last
PROPOSED, ACCEPTED, WAITING = 12, 9, 2
DEMANDED = 20


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


def demands(cast: Cast, days: Days) -> Story:
    """One report of an off-list demand was found true, one waits for the department, one for the
    bureau."""
    yield days.at(DEMANDED)
    first = _reported(cast, "shipin", "zjj", "房屋安全鉴定", "房屋建筑工程施工许可")
    operator, approver = (cast.desk(CITY, place).actor for place in ("operator", "approver"))
    with transaction():
        demanding.take_case(db.session.get_one(OffListDemand, first), operator, clock.now())
    yield days.at(DEMANDED - 3)
    with transaction():
        case = db.session.get_one(OffListDemand, first)
        answer = "窗口人员误将房屋安全鉴定列为申请材料，已改正一次性告知单。"
        demanding.answer_case(case, answer, cast.officers["zhujian"].actor, clock.now())
    yield days.at(DEMANDED - 6)
    with transaction():
        case = db.session.get_one(OffListDemand, first)
        finding = "经查，窗口告知单列有房屋安全鉴定，该事项在清单之外，没有法律依据。"
        demanding.decide_case(case, True, finding, approver, clock.now())
    yield days.at(4)
    second = _reported(cast, "hewan", "sthj", "环境监测", "建设项目环境影响评价审批")
    with transaction():
        demanding.take_case(db.session.get_one(OffListDemand, second), operator, clock.now())
    yield days.at(1)
    _reported(cast, "chengtou", "zrzy", "建筑日照分析", "建设工程规划许可证核发")


def _reported(cast: Cast, login: str, office: str, name: str, approval: str) -> int:
    with transaction():
        now = clock.now()
        reporter = cast.owners[login].actor
        notice = files.store(papers.pdf("notice"), "窗口告知单.pdf", reporter, now, "file")
        case = demanding.report_demand(
            accounts.department(CITY, office),
            name,
            approval,
            clock.local_day(now),
            "窗口口头告知须先提交这一报告才予受理，告知单见附件。",
            notice,
            reporter,
            now,
        )
        return case.id


def _proposed(code: str, changed: dict[str, object], reason: str, actor: Actor) -> int:
    with transaction():
        base = queries.newest_edition(CITY)
        assert base is not None
        item = next(each for each in catalogue.stated(base) if each.code == code)
        empty = {"covered": "", "exemptions": "", "parts": "", "qualifications": ""}
        values = {**empty, **reading.values_of(item), **changed}
        return actions.propose_change(code, values, reason, actor, clock.now()).id

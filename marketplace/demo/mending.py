"""Beside sanctions in the demo: soft measures, an appeal, a credit repair, the national list."""

from __future__ import annotations

import io
from datetime import timedelta

from marketplace.accounts import credit_code
from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, files
from marketplace.foundation.db import db
from marketplace.foundation.spreadsheets import Sheet, workbook
from marketplace.foundation.transactions import transaction
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.actions import file_appeal
from marketplace.sanctions.appeals.models import Appeal
from marketplace.sanctions.measures import actions as measures
from marketplace.sanctions.measures.actions import Content
from marketplace.sanctions.measures.models import Measure, MeasureKind
from marketplace.sanctions.models import Card, Case
from marketplace.sanctions.national import actions as national
from marketplace.sanctions.national.columns import COLUMNS, SHEET
from marketplace.sanctions.repairs import actions as repairs
from marketplace.sanctions.repairs.actions import file_repair
from marketplace.sanctions.repairs.models import CreditRepair
from marketplace.supervision.actions import take_national_list_over

from .papers import pdf
from .people import CITY, Cast


def soften(cast: Cast) -> None:
    """One measure of every kind; some signed for, one answered."""
    reminder = _send(
        cast,
        "tianhe",
        Content(
            MeasureKind.REMINDER,
            "两份成果的归档晚于承诺时间三个工作日",
            "核对在办项目的归档安排，按承诺时间归档",
        ),
    )
    order = _send(
        cast,
        "zhongxin",
        Content(
            MeasureKind.RECTIFICATION,
            "监理日志缺少签字，与备案人员不一致",
            "补齐签字，完善人员到岗登记，报送整改材料",
        ),
    )
    _send(
        cast,
        "tianhe",
        Content(
            MeasureKind.HOTLINE,
            "来电人反映预约后两次无人到场，要求说明原因",
            "联系来电人说明情况并安排时间",
            reference="QH12345-0871（演示）",
        ),
    )
    _send(
        cast,
        "fangyuan",
        Content(
            MeasureKind.TRANSFER,
            "成果署名人员未取得相应执业资格",
            "随函附成果复印件",
            authority="青河市自然资源和规划局（演示）",
        ),
    )
    _send(
        cast,
        "fangyuan",
        Content(
            MeasureKind.TALK,
            "两个项目成果署名人员与登记不符",
            "项目人员名册和劳动合同",
            meeting_at=clock.now() + timedelta(days=2),
            place="青河市政务服务中心三楼会议室（演示）",
        ),
    )
    _send(
        cast,
        "fangyuan",
        Content(
            MeasureKind.CRITICISM,
            "以未登记的人员出具测绘成果，经约谈仍未改正",
            "停止以未登记人员出具成果",
        ),
    )
    with transaction():
        measures.sign_receipt(
            db.session.get_one(Measure, reminder), cast.firms["tianhe"].actor, clock.now()
        )
    with transaction():
        measures.reply_measure(
            db.session.get_one(Measure, order),
            "签字已补齐，到岗登记改为每日由总监复核",
            cast.firms["zhongxin"].actor,
            clock.now(),
        )


def ask_again(cast: Cast, card_id: int, case_id: int) -> None:
    """The blacklisted firm appeals; the firm with the corrected card asks for credit repair."""
    with transaction():
        actor, now = cast.firms["fangyuan"].actor, clock.now()
        file_appeal(
            db.session.get_one(Case, case_id),
            "署名人员在决定作出前已完成登记，六个月的期限过重，请求变更",
            actor,
            now,
            files.store(pdf("registration"), "人员登记证明.pdf", actor, now, "evidence"),
        )
    with transaction():
        actor, now = cast.firms["zhongxin"].actor, clock.now()
        file_repair(
            db.session.get_one(Card, card_id),
            "联系电话已更新，指定专人每周核对公示信息，连续四周无差错",
            files.store(pdf("correction"), "整改情况.pdf", actor, now, "evidence"),
            actor,
            now,
        )


def appeal(cast: Cast, firm: str, card_id: int) -> int:
    """A firm appeals against its card."""
    with transaction():
        return file_appeal(
            db.session.get_one(Card, card_id),
            "业主提供基础资料晚于合同约定，有往来函件为证，请求撤销",
            cast.firms[firm].actor,
            clock.now(),
        ).id


def review(cast: Cast, appeal_id: int, outcome: str) -> None:
    """The superior office revokes the card, or stops it while it looks into it (``stayed``)."""
    with transaction():
        found, reviewer = db.session.get_one(Appeal, appeal_id), cast.officers["jiandu"].actor
        if outcome == "stayed":
            reason = "往来函件与原认定不一致，核实期间先行停止执行"
            appeals.decide_stay(found, True, reason, reviewer, clock.now())
        else:
            reason = "延误由业主晚交资料造成，原认定事实不清"
            appeals.revoke(found, reason, reviewer, clock.now())


def ask_for_repair(cast: Cast, firm: str, card_id: int) -> int:
    """A firm asks for repair of its corrected card, with evidence."""
    with transaction():
        actor, now = cast.firms[firm].actor, clock.now()
        return file_repair(
            db.session.get_one(Card, card_id),
            "监理日志已补齐并按周报备，四周内三次抽查齐全",
            files.store(pdf("correction"), "整改情况.pdf", actor, now, "evidence"),
            actor,
            now,
        ).id


def grant_repair(cast: Cast, city: str, repair_id: int) -> None:
    """One officer verifies the correction, another without a part in the card grants it."""
    with transaction():
        repairs.verify_repair(
            db.session.get_one(CreditRepair, repair_id),
            True,
            "已到场查阅监理日志，整改属实",
            cast.desk(city, "colleague").actor,
            clock.now(),
        )
    with transaction():
        repairs.decide_repair(
            db.session.get_one(CreditRepair, repair_id),
            True,
            "整改属实，准予修复",
            cast.desk(city, "second_approver").actor,
            clock.now(),
        )


def _send(cast: Cast, firm: str, content: Content) -> int:
    with transaction():
        return measures.issue_measure(
            db.session.get_one(Organisation, cast.firms[firm].organisation_id),
            CITY,
            content,
            cast.officers["jingban"].actor,
            clock.now(),
        ).id


def list_nationally(cast: Cast) -> None:
    """The national list as taken over, and a later one that waits; no firm of the demo is on it."""
    first = (("临河市远山咨询有限公司（演示）", "91379902MA3NDEM01"),)
    later = (*first, ("临河市广陌测绘有限公司（演示）", "91379902MA3NDEM02"))
    for bodies, confirmed in ((first, True), (later, False)):
        with transaction():
            now = clock.now()
            day = clock.local_day(now)
            rows = [
                {
                    "name": name,
                    "credit_code": credit_code.complete(seventeen),
                    "list_name": "重大税收违法失信主体名单",
                    "authority": "国家税务总局某市税务局（演示）",
                    "document": f"税稽罚〔2026〕{number}号（演示）",
                    "listed_on": day - timedelta(days=30),
                    "until_on": day + timedelta(days=700),
                }
                for number, (name, seventeen) in enumerate(bodies, 1)
            ]
            content = io.BytesIO(workbook([Sheet(SHEET, COLUMNS, rows)]))
            actor = cast.officers["jingban"].actor
            file = files.store(content, "国家名单（演示）.xlsx", actor, now, "file", national.KINDS)
            found = national.upload_list(file, CITY, actor, now)
            if confirmed:
                take_national_list_over(found, cast.officers["shenpi"].actor, now)

"""Inspections, grades, cards and cases of the demo's year."""

from __future__ import annotations

from decimal import Decimal

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions as ratings
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.models import Breach, Card, Case, Cause
from marketplace.sanctions.rules import Severity
from marketplace.supervision import actions as supervision

from . import conduct, mending
from .agenda import Days, Story
from .people import CITY, Cast

ROUND = {
    CITY: "青河市中介服务年度联合检查（演示）",
    "379800": "望川市中介服务年度联合检查（演示）",
}
# firm: result of the year's joint inspection and what was found
RESULTS: dict[str, tuple[str, str]] = {
    "yanxi": ("95.20", "抽查五份成果，质量良好，档案齐全"),
    "shuihe": ("93.60", "成果质量良好，时限管理规范"),
    "hongzhun": ("94.10", "招标文件编制规范，无投诉"),
    "yunxiu": ("96.00", "仪器检定齐全，成果一次通过率高"),
    "jianmu": ("92.40", "图审一次通过率高"),
    "chengshen": ("94.80", "底稿完整，三级复核到位"),
    "mingyuan": ("92.80", "抽查四份报告质量良好，回访满意"),
    "chenghe": ("84.50", "个别报告引用标准未更新，已整改"),
    "jingfeng": ("82.00", "监理日志个别缺签字，已补齐"),
    "tingquan": ("80.40", "归档略有滞后"),
    "pingye": ("86.30", "成果规范"),
    "zhiheng": ("83.70", "合同台账需完善"),
    "zhengjian": ("81.90", "原始记录个别涂改不规范"),
    "langgai": ("67.50", "两份报告数据核对不严，人员变动未及时登记"),
    "guanlan": ("66.20", "总监到岗率不足，整改后复查"),
    "lice": ("69.80", "检测设备溯源记录不全"),
    "boyan": ("52.40", "多份报告雷同，编制人员签名不实，质量不合格"),
    "wc-canglan": ("94.40", "成果质量良好，服务时限均提前"),
    "wc-suoyin": ("93.10", "论证充分，档案齐全"),
    "wc-tuojin": ("64.90", "现场监理人员不足"),
    "wc-chizhi": ("85.00", "成果规范"),
}
# the same inspection of a firm that stands on another city's register too
ELSEWHERE = (("chengshen", "379800", "78.40", "底稿基本完整，个别复核意见没有留痕"),)


def inspections(cast: Cast, days: Days, before: int) -> Story:
    """The year's joint inspection: some firms each day, findings recorded by an officer."""
    results = [
        (login, cast.firm_sketches[login].city, result, findings)
        for login, (result, findings) in RESULTS.items()
    ]
    results += ELSEWHERE
    for place in range(0, len(results), 7):
        yield days.at(before - place // 7)
        for login, city, result, findings in results[place : place + 7]:
            with transaction():
                now = clock.now()
                ratings.post_inspection(
                    cast.firms[login].organisation_id,
                    city,
                    clock.local_day(now),
                    ROUND[city],
                    Decimal(result),
                    findings,
                    cast.desk(city, "operator").actor,
                    now,
                )


def confirmations(cast: Cast, days: Days, first: int, last: int) -> Story:
    """Once in two weeks another officer confirms every grade that was proposed."""
    for before in range(first, last - 1, -10):
        yield days.at(before)
        conduct.confirm_proposals(cast)


# ---- cards ------------------------------------------------------------------


def _propose(cast: Cast, firm: str, breach: Breach, facts: str) -> int:
    sketch = cast.firm_sketches[firm]
    with transaction():
        return cards.propose_card(
            db.session.get_one(Organisation, cast.firms[firm].organisation_id),
            sketch.city,
            breach,
            facts,
            cast.desk(sketch.city, "operator").actor,
            clock.now(),
        ).id


def _issue(cast: Cast, firm: str, card_id: int) -> None:
    city = cast.firm_sketches[firm].city
    with transaction():
        cards.issue_card(
            db.session.get_one(Card, card_id), cast.desk(city, "approver").actor, clock.now()
        )


def card_story(
    cast: Cast, days: Days, before: int, firm: str, breach: Breach, facts: str, steps: str
) -> Story:
    """A card as far as ``steps`` say: ``issued``, ``reported``, ``judged``, ``repaired``, or
    ``rejected``, or appealed against and then ``revoked`` or ``stayed``.

    An issued card that nobody reports corrected turns red by the clock.
    """
    city = cast.firm_sketches[firm].city
    yield days.at(before)
    card_id = _propose(cast, firm, breach, facts)
    if steps == "proposed":
        return
    yield days.at(before - 1)
    if steps == "rejected":
        with transaction():
            cards.reject_card(
                db.session.get_one(Card, card_id),
                "事实不清，经核对考勤记录项目负责人在岗，不予出具",
                cast.desk(city, "approver").actor,
                clock.now(),
            )
        return
    _issue(cast, firm, card_id)
    if steps == "issued":
        return
    if steps in ("revoked", "stayed"):
        yield days.at(before - 2)
        appeal_id = mending.appeal(cast, firm, card_id)
        yield days.at(before - 3)
        mending.review(cast, appeal_id, steps)
        return
    yield days.at(before - 4)
    with transaction():
        cards.report_correction(
            db.session.get_one(Card, card_id),
            "已按要求整改，完善内部复核并对相关人员培训，附整改记录",
            cast.firms[firm].actor,
            clock.now(),
        )
    if steps == "reported":
        return
    yield days.at(before - 6)
    with transaction():
        cards.judge_correction(
            db.session.get_one(Card, card_id),
            True,
            "经核查整改到位",
            cast.desk(city, "colleague").actor,
            clock.now(),
        )
    if steps == "judged":
        return
    yield days.at(before - 8)
    repair_id = mending.ask_for_repair(cast, firm, card_id)
    yield days.at(before - 10)
    mending.grant_repair(cast, city, repair_id)


# ---- cases ------------------------------------------------------------------


def case_story(
    cast: Cast,
    days: Days,
    before: int,
    firm: str,
    cause: Cause,
    facts: str,
    months: int,
    severity: Severity,
    steps: str,
) -> Story:
    """A case as far as ``steps`` say: ``reported``, ``heard``, ``proposed``, ``decided``,
    ``dismissed``."""
    city = cast.firm_sketches[firm].city
    yield days.at(before)
    with transaction():
        case_id = cases.report_case(
            db.session.get_one(Organisation, cast.firms[firm].organisation_id),
            city,
            cause,
            facts,
            cast.desk(city, "operator").actor,
            clock.now(),
        ).id
    if steps == "reported":
        return
    yield days.at(before - 2)
    with transaction():
        cases.state_case(
            db.session.get_one(Case, case_id),
            "有关情况已自查，系项目组管理疏漏，已退还费用并向业主致歉，请求从轻处理",
            cast.firms[firm].actor,
            clock.now(),
        )
    if steps == "heard":
        return
    yield days.at(before - 4)
    with transaction():
        case = db.session.get_one(Case, case_id)
        if steps != "dismissed":
            cases.propose_decision(
                case,
                severity,
                months,
                (),
                f"事实清楚，建议暂停服务 {months} 个月",
                cast.desk(city, "operator").actor,
                clock.now(),
            )
        else:
            cases.dismiss_case(
                case,
                "经核实系业主提供资料有误，机构不存在违规，不予处理",
                cast.desk(city, "approver").actor,
                clock.now(),
            )
    if steps in ("proposed", "dismissed"):
        return
    yield days.at(before - 6)
    with transaction():
        supervision.blacklist_and_withdraw(
            db.session.get_one(Case, case_id),
            "同意，自决定之日起执行",
            cast.desk(city, "approver").actor,
            clock.now(),
        )

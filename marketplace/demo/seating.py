"""The demo's hall: one call with judges' marks and a ranking, three windows seated, one call that
takes applications, one that waits for its publication."""

from __future__ import annotations

from decimal import Decimal

from marketplace.accounts.models import User
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import queries as register_queries
from marketplace.intermediaries.hall import actions, queries
from marketplace.intermediaries.hall.models import HallCall, HallJudge
from marketplace.intermediaries.hall.rules import Criterion

from .agenda import Days, Story
from .people import CITY, Cast

# working days before the last
CALLED, CLOSED, SEATED, NEXT = 24, 17, 9, 3
JUDGES = (("huanbao", "生态环境"), ("zhujian", "工程建设"), ("ziran", "自然资源"))
CRITERIA = (
    Criterion("服务方案", "窗口人员配备、受理和告知流程、应急安排", 40),
    Criterion("专业能力", "近三年同类服务成果的质量和按期情况", 40),
    Criterion("承诺与公开", "价格和时限承诺、服务公开的内容", 20),
)
APPLICANTS = ("mingyuan", "hengjian", "jingwei", "taihe")
# of each applicant: what the three judges give on the three criteria
MARKS = {
    "mingyuan": (("36", "35", "18"), ("34", "36", "18.5"), ("35", "37", "18")),
    "hengjian": (("33", "34", "17"), ("35", "35", "17"), ("12", "20", "15")),
    "jingwei": (("34", "32", "16"), ("33", "33", "17"), ("32", "34", "16")),
    "taihe": (("24", "25", "12"), ("26", "24", "13"), ("25", "26", "12")),
}


def hall(cast: Cast, days: Days) -> Story:
    """A call, its judges, applications, marks, ranking, seats; then the next calls."""
    yield days.at(CALLED)
    operator, approver = (cast.desk(CITY, place).actor for place in ("operator", "approver"))
    with transaction():
        now = clock.now()
        for number, place in ((1, "一楼东区"), (2, "一楼东区"), (3, "二楼西区"), (4, "二楼西区")):
            actions.open_window(CITY, number, place, operator, now)
        call_id = _drafted(days, CLOSED, "青河市办事大厅中介服务窗口公开征集（演示）", operator)
        call = db.session.get_one(HallCall, call_id)
        actions.submit_call(call, operator, now)
        actions.publish_call(call, approver, now)
        for login, speciality in JUDGES:
            judge = actions.propose_judge(
                call, _user(cast, login), speciality, operator, clock.now()
            )
            actions.confirm_judge(judge, approver, clock.now())
    yield days.at(CALLED - 2)
    for login in APPLICANTS:
        _applied(cast, login, call_id)
    yield days.at(CLOSED - 1)
    for turn, (login, _speciality) in enumerate(JUDGES):
        _marked(cast, login, turn, call_id)
    yield days.at(SEATED)
    _explained(cast, "ziran", call_id)
    with transaction():
        call = db.session.get_one(HallCall, call_id)
        for window in queries.windows(CITY)[:3]:
            actions.fill_window(window, call, operator, clock.now())
    yield days.at(NEXT)
    with transaction():
        now = clock.now()
        call_id = _drafted(days, -4, "青河市办事大厅 4 号窗口公开征集（演示）", operator, seats=1)
        call = db.session.get_one(HallCall, call_id)
        actions.submit_call(call, operator, now)
        actions.publish_call(call, approver, now)
        judge = actions.propose_judge(call, _user(cast, "shuili"), "水利水保", operator, now)
        actions.confirm_judge(judge, approver, now)
        actions.propose_judge(call, _user(cast, "yingji"), "安全生产", operator, now)
    _applied(cast, "tianhe", call_id)
    with transaction():
        call_id = _drafted(days, -9, "青河市办事大厅安全评价窗口征集（演示）", operator, seats=1)
        actions.submit_call(db.session.get_one(HallCall, call_id), operator, clock.now())


def _user(cast: Cast, login: str) -> User:
    return db.session.get_one(User, cast.officers[login].user_id)


def _drafted(days: Days, until: int, title: str, actor: Actor, seats: int = 3) -> int:
    end = days.day(until) if until >= 0 else days.calendar.day_after(days.last, -until)
    made = actions.draft_call(
        CITY,
        title=title,
        seats=seats,
        item_codes=[],
        term_months=12,
        apply_until=end,
        criteria=CRITERIA,
        actor=actor,
        now=clock.now(),
    )
    return made.id


def _applied(cast: Cast, login: str, call_id: int) -> None:
    person = cast.firms[login]
    with transaction():
        firm = register_queries.firm_of(person.organisation_id, CITY)
        assert firm is not None
        call = db.session.get_one(HallCall, call_id)
        answers = {
            "1": "窗口每日两人在岗，一次告知、即时受理，设应急替岗人员。",
            "2": "近三年同类成果均按期提交，质量评价良好。",
            "3": "价格和时限承诺在平台公开，窗口张贴服务指南。",
        }
        actions.apply_to_call(call, firm, answers, person.actor, clock.now())


def _explained(cast: Cast, login: str, call_id: int) -> None:
    """A judge far from the others says why."""
    with transaction():
        call, user = db.session.get_one(HallCall, call_id), _user(cast, login)
        judge = next(each for each in queries.judges(call) if each.user_id == user.id)
        values = queries.edition_of(call, clock.today()).values
        asked = queries.to_explain(call, values.spread_points)
        for sheet in queries.sheets_by(judge).values():
            if sheet.id in asked:
                why = "该机构服务方案未写明窗口应急替岗安排，成果按期情况未附证明，故从严评分。"
                actions.explain(judge, sheet, why, cast.officers[login].actor, clock.now())


def _marked(cast: Cast, login: str, place: int, call_id: int) -> None:
    with transaction():
        call, user = db.session.get_one(HallCall, call_id), _user(cast, login)
        judge: HallJudge = next(each for each in queries.judges(call) if each.user_id == user.id)
        of = {person.organisation_id: name for name, person in cast.firms.items()}
        for each in queries.to_mark(call):
            marks = [Decimal(mark) for mark in MARKS[of[each.organisation_id]][place]]
            reason = "按评分标准逐项评定，见各项分数。"
            actions.give_sheet(judge, each, marks, reason, cast.officers[login].actor, clock.now())

"""The hall through its pages: call, applications, judges, ranking, seats, end of term."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Refused
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.hall import actions, queries
from marketplace.intermediaries.hall.models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallJudge,
    HallSeat,
    HallWindow,
    SeatStatus,
)
from marketplace.intermediaries.hall.rules import end_of
from marketplace.intermediaries.leaving.rules import Contracts
from marketplace.intermediaries.models import Firm
from marketplace.notices.models import Objection
from marketplace.supervision.leaving.actions import declare_leaving
from tests.factories import accounts as people
from tests.factories import hall as halls
from tests.factories import intermediaries, sanctions
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
ASKED = {
    "title": "办事大厅中介服务窗口公开征集",
    "seats": "1",
    "term_months": "12",
    "apply_until": "2026-03-10",
    "name_1": "服务方案",
    "looked_1": "窗口人员配备、受理和告知流程",
    "points_1": "60",
    "name_2": "专业能力",
    "looked_2": "近三年同类成果的质量和按期情况",
    "points_2": "40",
}
ANSWERS = {
    "answer_1": "窗口每日两人在岗，即时受理。",
    "answer_2": "近三年成果全部按期提交。",
    "committed": "y",
}
WHY = "按评分标准逐项评定，见各项分数"


class Hall:
    """Everybody with a part in a call, each at a browser."""

    def __init__(self, app: Flask, sign_in_as: SignIn) -> None:
        self.app = app
        self.offices = ("sthj", "zjj", "slj")
        with app.app_context():
            with transaction():
                self.firms = [
                    intermediaries.listed(("hpwj",), name=f"青河第{word}环境咨询有限公司")
                    for word in "甲乙丙"
                ]
                parties: dict[str, Any] = {
                    "operator": people.officer(Role.BUREAU_OPERATOR),
                    "approver": people.officer(Role.BUREAU_APPROVER),
                    "other approver": people.officer(Role.BUREAU_APPROVER),
                    "draft": intermediaries.drafted(("hpwj",)),
                    **{
                        office: people.officer(Role.DEPARTMENT_OFFICER, office)
                        for office in self.offices
                    },
                    **{f"firm {n}": firm for n, firm in enumerate(self.firms)},
                }
            self.users = {name: party.user for name, party in parties.items()}
            self.logins = {name: user.login for name, user in self.users.items()}
            self.names = [firm.organisation.name for firm in self.firms]
            self.pages = [f"/firms/{firm.organisation.public_id}" for firm in self.firms]
            self.firm_ids = [firm.firm.id for firm in self.firms]
        self.sign_in_as = sign_in_as

    def at(self, name: str) -> FlaskClient:
        """The browser of somebody, signed in anew: days pass in between."""
        return self.sign_in_as(self.users[name])

    def post(self, name: str, address: str, status: int = 303, **data: str) -> str:
        """Send a form; the address it leads to, or the page."""
        answer = self.at(name).post(address, data=data)
        assert answer.status_code == status, answer.text
        return answer.headers["Location"] if status == 303 else answer.text

    def anybody(self, address: str) -> str:
        """A page as the public reads it."""
        return self.app.test_client().get(address).text

    def read(self, ask: Callable[[], Any]) -> Any:
        """Ask the database something."""
        with self.app.app_context():
            return ask()


@pytest.fixture
def hall(app: Flask, sign_in_as: SignIn) -> Hall:
    return Hall(app, sign_in_as)


def _published(hall: Hall) -> tuple[str, str]:
    """A call through the pages: its address for officers and for the public."""
    desk = hall.post("operator", "/supervision/hall/calls/new", **ASKED)
    hall.post("operator", f"{desk}/submission")
    hall.post("approver", f"{desk}/publication")
    return desk, desk.removeprefix("/supervision")


def _judges(hall: Hall, desk: str) -> dict[str, str]:
    """The judges of a call, named and confirmed; the address of each one's task."""
    for office in hall.offices:
        hall.post("operator", f"{desk}/judges", login=hall.logins[office], speciality="工程管理")
    tasks = {}
    for office in hall.offices:
        user_id = hall.read(lambda office=office: accounts.user_by_login(hall.logins[office]).id)
        key = hall.read(
            lambda user_id=user_id: db.session.scalars(
                select(HallJudge.public_id).where(HallJudge.user_id == user_id)
            ).one()
        )
        hall.post("approver", f"/supervision/hall/judges/{key}/confirmation")
        tasks[office] = f"/hall/judging/{key}"
    return tasks


def _application(hall: Hall, n: int) -> str:
    return str(
        hall.read(
            lambda: db.session.scalars(
                select(HallApplication.public_id).where(HallApplication.firm_id == hall.firm_ids[n])
            ).one()
        )
    )


def test_a_window_from_the_call_to_the_end_of_its_term(
    app: Flask, hall: Hall, advance: Advance
) -> None:
    # a call that asks for local results is refused by the rule it breaks, and nothing is lost
    asked = {**ASKED, "looked_2": "在青河市完成的同类成果"}
    page = hall.post("operator", "/supervision/hall/calls/new", 422, **asked)
    assert "公平竞争审查" in page
    assert "在青河市完成的同类成果" in page
    page = hall.post("operator", "/supervision/hall/calls/new", 422, **{**ASKED, "points_2": "30"})
    assert "现为 90 分" in page
    page = hall.post(
        "operator", "/supervision/hall/calls/new", 422, **{**ASKED, "apply_until": "2026-03-04"}
    )
    assert "申请期限不少于 5 个工作日" in page
    desk, public = _published(hall)
    assert hall.at("operator").post(f"{desk}/publication").status_code == 403
    shown = hall.anybody(public)
    for words in (
        "征集中",
        "服务方案",
        "青河市办事大厅规则",
        "公平竞争审查",
        "2026年3月10日 17:00",
    ):
        assert words in shown, words
    assert "办事大厅中介服务窗口公开征集" in hall.anybody("/notices")

    # only a firm on the register applies; it may change and withdraw until the deadline
    apply = f"/firm{public}"
    assert "不在册" in hall.at("draft").get(apply).text
    hall.post("draft", apply, 409, **ANSWERS)
    page = hall.post("firm 0", apply, 422, **{**ANSWERS, "answer_2": ""})
    assert "请填写此项" in page
    for n in range(3):
        hall.post(f"firm {n}", apply, **ANSWERS)
    hall.post("firm 0", apply, **{**ANSWERS, "answer_1": "窗口每日三人在岗，即时受理。"})
    hall.post("firm 2", f"/firm/hall/applications/{_application(hall, 2)}/withdrawal")
    hall.post("firm 2", apply, **ANSWERS)
    assert (
        hall.at("firm 1")
        .post(f"/firm/hall/applications/{_application(hall, 0)}/withdrawal")
        .status_code
        == 404
    )

    # judges: another officer confirms; nobody of an applicant
    related = hall.post(
        "operator", f"{desk}/judges", 409, login=hall.logins["firm 0"], speciality="环境影响"
    )
    assert "应当回避" in related
    tasks = _judges(hall, desk)
    assert "还没有需要评审的申请" in hall.at("sthj").get(tasks["sthj"]).text
    advance(timedelta(days=8, hours=8))  # to the second of the deadline
    late = hall.post("firm 0", apply, 409, **ANSWERS)
    assert "申请已截止" in late

    # each judge marks blind, once; marks beyond a criterion's points are refused
    names = hall.names
    given = {  # firm: what each judge gives on both criteria
        0: (("50", "35"), ("51", "34"), ("49", "36")),
        1: (("55", "38"), ("54", "37"), ("30", "15.5")),
        2: (("30", "20"), ("29", "22"), ("31", "21")),
    }
    for place, office in enumerate(hall.offices):
        task = tasks[office]
        for n, marks in given.items():
            sheet = f"{task}/applications/{_application(hall, n)}"
            sent = {"mark_1": marks[place][0], "mark_2": marks[place][1], "reason": WHY}
            if place == n == 0:
                assert "满分 60" in hall.at(office).get(sheet).text
                page = hall.post(office, sheet, 422, **{**sent, "mark_1": "60.5"})
                assert "0 至 60 分" in page
                page = hall.post(office, sheet, 422, **{**sent, "mark_1": "50.25"})
                assert "最多一位小数" in page
                for other in ("zjj", "operator", "firm 0"):
                    assert hall.at(other).post(sheet, data=sent).status_code == 404
            hall.post(office, sheet, **sent)
            if place == n == 0:
                assert "评分提交后不能修改" in hall.post(office, sheet, 409, **sent)
                for page in (
                    hall.at("operator").get(desk).text,
                    hall.at("zjj").get(tasks["zjj"]).text,
                    hall.anybody(public),
                ):
                    shown = re.sub(r"<[^>]+>|\b[0-9a-z]{13}\b", "", page)
                    # people of the tests are numbered: 王测85
                    assert not re.search(r"(?<![\d测])85(?!\d)", shown)
                assert "1 / 3" in hall.at("operator").get(desk).text

    # all are in: ranked at once by the exact mean, every mark published
    shown = hall.anybody(public)
    order = [shown.index(name) for name in (names[0], names[1], names[2])]
    assert order == sorted(order)
    for words in ("结果公示", "85.00", "255 ÷ 3", "76.50", "51.00", "平均分低于 60 分", WHY):
        assert words in shown, words
    assert "待评委公开说明" in shown
    hall.post(
        "slj",
        f"{tasks['slj']}/applications/{_application(hall, 0)}/explanation",
        409,
        text="与平均相差不大，无需说明。",
    )
    hall.post(
        "slj",
        f"{tasks['slj']}/applications/{_application(hall, 1)}/explanation",
        text="方案没有写明窗口替岗安排，故从严。",
    )
    assert "故从严" in hall.anybody(public)
    assert "待评委公开说明" not in hall.anybody(public)
    status = hall.read(lambda: db.session.scalars(select(HallCall.status)).one())
    assert status is CallStatus.RANKED
    advance(timedelta(days=8))
    assert "已确定席位" in hall.anybody(public)

    # the officer chooses the window; the order says who sits there
    hall.post("operator", "/supervision/hall/windows", number="3", location="二楼西区")
    key = hall.read(lambda: db.session.scalars(select(HallWindow.public_id)).one())
    assert hall.at("approver").post(f"{desk}/seats", data={"window": key}).status_code == 403
    hall.post("operator", f"{desk}/seats", window=key)
    shown = hall.anybody("/hall")
    assert names[0] in shown
    assert names[1] not in shown
    assert "大厅窗口 3，网上" in hall.anybody(hall.pages[0])
    assert "大厅窗口" not in hall.anybody(hall.pages[1]).split("服务方式")[1][:200]
    assert "大厅窗口 3" in hall.anybody("/firms")
    assert "3 号窗口" in hall.at("firm 0").get("/firm/hall").text

    # barred: gone the same second, the seat ends, the reserve fills it
    with app.app_context(), transaction():
        firm = db.session.get_one(Firm, hall.firm_ids[0])
        sanctions.blacklisted(Somebody(hall.users["firm 0"].id, firm.organisation_id))
        assert halls.sitting() == {}
    assert names[0] not in hall.anybody("/hall")
    advance(timedelta(minutes=1))
    seat = hall.read(lambda: db.session.scalars(select(HallSeat)).one())
    assert seat.status is SeatStatus.LOST
    assert "按次序安排大厅窗口" in hall.at("operator").get("/workspace").text
    hall.post("operator", f"{desk}/seats", window=key)
    assert names[1] in hall.anybody("/hall")
    assert "已有机构在席" in hall.post("operator", f"{desk}/seats", 409, window=key)

    # the term ends at midnight of its last day, Shanghai
    ends = hall.read(
        lambda: db.session.scalars(select(HallSeat.ends_at).order_by(HallSeat.id.desc())).first()
    )
    now = hall.read(clock.now)
    advance(ends - now - timedelta(seconds=1))
    assert names[1] in hall.anybody("/hall")
    advance(timedelta(seconds=1))
    assert names[1] not in hall.anybody("/hall")
    with app.app_context():
        statuses = db.session.scalars(select(HallSeat.status).order_by(HallSeat.id)).all()
        assert list(statuses) == [SeatStatus.LOST, SeatStatus.EXPIRED]
        assert queries.live_seats(people.CITY) == {}


def test_what_is_asked_again_and_who_may_not_sit(app: Flask, advance: Advance) -> None:
    """At application, at the ranking and at the window; a refused call; a firm's own leaving."""
    with app.app_context(), transaction():
        call = halls.published(seats=2)
        firms = [intermediaries.listed(("hpwj",)) for _each in range(4)]
        judges = halls.bench(call)
        in_d = intermediaries.listed(("hpwj",))
        sanctions.blacklisted(in_d)
        with pytest.raises(Conflict, match="受限期间"):
            halls.applied(call, in_d)
        for firm in firms:
            halls.applied(call, firm)
        ids = [firm.firm.id for firm in firms]
        call_id = call.id
        judge_ids = [each.judge_id for each in judges]
        known = [Somebody.of(firm) for firm in firms]
        sanctions.blacklisted(firms[0])
    advance(timedelta(days=8, hours=8))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, call_id)
        assert call.status is CallStatus.MARKING
        by_firm = {each.firm_id: each for each in queries.applications(call)}
        assert by_firm[ids[0]].status is ApplicationStatus.SHUT_OUT
        assert "受限期间" in (by_firm[ids[0]].reason or "")
        marks = {ids[1]: "50", ids[2]: "52", ids[3]: "48"}
        for bench in judges[:2]:
            for firm_id, mark in marks.items():
                halls.marked(bench, by_firm[firm_id], mark, "35")
    # two judges are not enough: the marking goes on until the third gave everything
    advance(timedelta(days=7, hours=1))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, call_id)
        assert call.status is CallStatus.MARKING
        by_firm = {each.firm_id: each for each in queries.applications(call)}
        third = db.session.get_one(HallJudge, judge_ids[2])
        with pytest.raises(Refused):
            halls.marked(halls.Bench(third.id, judges[0].party), by_firm[ids[1]], "1", "1")
        for firm_id, mark in marks.items():
            halls.marked(judges[2], by_firm[firm_id], mark, "35")
        assert call.status is CallStatus.RANKED
        assert [each.firm_id for each in queries.applications(call)][:3] == [
            ids[2],
            ids[1],
            ids[3],
        ]
        assert [str(each.status) for each in queries.applications(call)] == [
            "chosen",
            "chosen",
            "reserve",
            "shut_out",
        ]
    advance(timedelta(days=8))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, call_id)
        assert call.status is CallStatus.AWARDED
        # at the window: the first is barred since, so the second sits, then the reserve
        sanctions.blacklisted(known[2])
        operator = people.officer(Role.BUREAU_OPERATOR).actor
        first, second = halls.window(1), halls.window(2)
        assert actions.fill_window(first, call, operator, clock.now()).firm_id == ids[1]
        with pytest.raises(Conflict, match="已有机构在席"):
            actions.fill_window(first, call, operator, clock.now())
        assert actions.fill_window(second, call, operator, clock.now()).firm_id == ids[3]
        with pytest.raises(Conflict, match="在席，任期届满"):
            actions.close_window(first, operator, clock.now())
        assert halls.sitting() == {ids[1]: 1, ids[3]: 2}
        # leaving the register takes the seat along, the same second
        firm = db.session.get_one(Firm, ids[1])
        declare_leaving(firm, Contracts.FINISH, "", known[1].actor, clock.now())
        assert halls.sitting() == {ids[3]: 2}
        # of one's own will: the window is free at once
        seated = queries.application_of(call, ids[3])
        assert seated is not None
        actions.give_up(seated, "窗口人员不足，主动退出", known[3].actor, clock.now())
        assert halls.sitting() == {}
    advance(timedelta(minutes=1))
    with app.app_context():
        rows = db.session.scalars(select(HallSeat).order_by(HallSeat.id)).all()
        assert [each.status for each in rows] == [SeatStatus.LOST, SeatStatus.GIVEN_UP]
        assert "已退出" in (rows[0].reason or "")


def test_an_upheld_objection_has_the_ranking_made_again(
    app: Flask, hall: Hall, advance: Advance
) -> None:
    desk, public = _published(hall)
    tasks = _judges(hall, desk)
    with app.app_context(), transaction():
        fourth = people.officer(Role.DEPARTMENT_OFFICER, "zrzy")
        call = db.session.scalars(select(HallCall)).one()
        operator, approver = (
            people.officer(role).actor for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        )
        judge = actions.propose_judge(call, fourth.user, "资源", operator, clock.now())
        actions.confirm_judge(judge, approver, clock.now())
        hall.users["zrzy"] = fourth.user
        tasks["zrzy"] = f"/hall/judging/{judge.public_id}"
        biased = f"/supervision/hall/judges/{judge.public_id}/recusal"
    for n in range(2):
        hall.post(f"firm {n}", f"/firm{public}", **ANSWERS)
    advance(timedelta(days=8, hours=8))
    for office, task in tasks.items():
        for n in range(2):
            high = "60" if (office == "zrzy") == (n == 1) else "48"
            sheet = f"{task}/applications/{_application(hall, n)}"
            low = "10" if office == "zrzy" and n == 0 else high
            hall.post(office, sheet, mark_1=low, mark_2="30", reason=WHY)
    first, second = hall.names[0], hall.names[1]
    shown = hall.anybody(public)
    assert shown.index(second) < shown.index(first), "one judge turned the order"
    notice = re.search(r'href="(/notices/[^"]+)"', shown)
    assert notice is not None
    hall.post("firm 0", f"{notice[1]}/objection", text="评委与第二名机构有利害关系，请核实。")
    with app.app_context():
        key = db.session.scalars(select(Objection.public_id)).one()
    hall.post(
        "operator",
        f"/objections/{key}/answer",
        conclusion="upheld",
        answer="经核实，该评委应当回避。",
    )
    advance(timedelta(days=8))
    page = hall.at("approver").get(desk).text
    assert "异议成立，待处理" in page
    hall.post("approver", biased, reason="与申请机构有利害关系")
    hall.post("approver", f"{desk}/new-ranking", reason="回避评委的评分不计入")
    shown = hall.anybody(public)
    ranking = shown[shown.index("名次") :]
    assert ranking.index(first) < ranking.index(second)
    assert "已回避或未完成全部评分，不计入" in shown
    advance(timedelta(days=8))
    assert "已确定席位" in hall.anybody(public)


def test_after_its_terms_a_firm_gives_others_their_turn(app: Flask, advance: Advance) -> None:
    """The edition allows two terms in a row, then half a year of rest."""
    with app.app_context(), transaction():
        firm = intermediaries.listed(("hpwj",))
        call = halls.published()
        window = halls.window()
        today = clock.today()
        for years in (2, 1):
            begins = today - timedelta(days=365 * years)
            _sat(window, call, firm.firm, begins, begins + timedelta(days=364))
        with pytest.raises(Conflict, match="已连续进驻 2 期") as refusal:
            halls.applied(call, firm)
        assert refusal.value.rule == "hall.rotation"
        newcomer = intermediaries.listed(("hpwj",))
        assert halls.applied(call, newcomer).status is ApplicationStatus.RECEIVED


def _sat(window: HallWindow, like: HallCall, firm: Firm, first: date, last: date) -> None:
    """A term that is over, by an earlier call."""
    now = clock.now()
    call = HallCall(
        register_code=like.register_code,
        title=like.title,
        seats=1,
        item_codes=[],
        term_months=12,
        scored=False,
        apply_until=first,
        apply_by=moment(first),
        edition_id=like.edition_id,
        published_at=moment(first),
        drafted_at=moment(first),
        awarded_at=moment(first),
        term_ends_on=last,
    )
    lifecycle.begin(call, CallStatus.AWARDED, CLOCK, now)
    application = HallApplication(
        call_id=call.id,
        firm_id=firm.id,
        organisation_id=firm.organisation_id,
        answers={},
        received_at=moment(first),
        place=1,
    )
    lifecycle.begin(application, ApplicationStatus.SEATED, CLOCK, now)
    seat = HallSeat(
        window_id=window.id,
        firm_id=firm.id,
        call_id=call.id,
        application_id=application.id,
        from_at=moment(first),
        ends_at=end_of(last),
        last_day=last,
        ended_at=end_of(last),
    )
    lifecycle.begin(seat, SeatStatus.EXPIRED, CLOCK, now)

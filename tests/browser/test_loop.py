"""The whole loop in a real browser, by the people it takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts import credit_code
from marketplace.accounts.models import Organisation, User
from marketplace.accounts.rules import DEMO_PASSWORD as WORD
from marketplace.contracts.models import Contract
from marketplace.demo import dealings, firms, moving, needs, people, story
from marketplace.demo.papers import pdf
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm, ProfessionalCheck
from marketplace.intermediaries.reviewing import POINTS
from marketplace.projects.models import Need
from marketplace.ratings import queries as ratings
from marketplace.sanctions.models import Case
from marketplace.selection.models import Award
from marketplace.supervision import invariants
from tests.browsing import Visitor
from tests.chinese import data_of, english_in, left_over

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
OWNERS = ("shipin", "chengtou", "yiyuan")
NEWCOMER = "青河新岸环境技术有限公司"
# 环境影响报告表, 2 亿元: basic price 48 000 yuan
FARM = {
    "fee-variant": "form",
    "fee-investment": "2",
    "fee-unit": "亿元",
    "fee-industry": "agriculture_transport_municipal",
    "fee-sensitivity": "sensitive",
}


class Loop:
    """The windows of everybody and the way to find the objects they talk about."""

    def __init__(self, app: Flask, visitor: Callable[..., Visitor], folder: Path) -> None:
        self.app = app
        self.folder = folder
        self._visitor = visitor
        self._windows: dict[str, Visitor] = {}
        self.windows: list[Visitor] = []
        self.paper = folder / "paper.pdf"
        self.paper.write_bytes(pdf("journey").read())

    def anybody(self) -> Visitor:
        """A new window of somebody who is not signed in."""
        window = self._visitor()
        self.windows.append(window)
        return window

    def person(self, login: str, word: str = WORD) -> Visitor:
        """Somebody's window, signed in through the page the first time."""
        if login not in self._windows:
            window = self.anybody()
            window.sign_in(login, word)
            self._windows[login] = window
        return self._windows[login]

    def id_of(self, model: type, *conditions: object) -> str:
        """The public id of the newest row that matches."""
        with self.app.app_context():
            found = db.session.scalar(
                select(model.public_id).where(*conditions).order_by(model.id.desc()).limit(1)  # type: ignore[attr-defined,arg-type]
            )
        assert found is not None, model
        return str(found)

    def until(self, day: date, at: time) -> None:
        """Let time run until a moment in Shanghai."""
        with self.app.app_context():
            moving.advance_to(calendar.moment(day, at))

    def today(self) -> date:
        """The Shanghai day."""
        with self.app.app_context():
            return clock.local_day(moving.present())

    def working_day(self, after: int) -> date:
        """The working day so many working days after today."""
        return calendar.working_calendar().day_after(self.today(), after)

    def do(self, action: Callable[[], object]) -> None:
        """Something outside the browser, in the application."""
        with self.app.app_context():
            action()


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_from_application_to_blacklisting(
    app: Flask, visitor: Callable[..., Visitor], tmp_path: Path, language: str
) -> None:
    loop = Loop(app, partial(visitor, language=language), tmp_path)
    with app.app_context():
        with transaction():
            cast = people.make_cast(WORD, clock.now())
        for login in ("lanjing", "qingshan"):
            firm_id = firms.apply(cast, login)
            firms.check(cast, firm_id)
            firms.admit(cast, firm_id)

    # a firm registers, applies, and is admitted by two officers and a department
    window = loop.anybody()
    window.open("/register?side=firm")
    window.send(
        "提交注册",
        name=NEWCOMER,
        kind="company",
        credit_code=credit_code.complete("91379902MA3XNA001"),
        phone="0399-5558800",
        legal_representative="顾新岸",
        person_name="范舟",
        login="xinan",
        password=WORD,
        password_again=WORD,
        agreed=True,
    )
    newcomer = loop.person("xinan")
    newcomer.open("/firm")
    newcomer.send("填写入驻申请")
    newcomer.open("/firm/application")
    newcomer.send(
        "保存",
        legal_representative="顾新岸",
        legal_identity=firms.identity(77),
        agent_name="范舟",
        agent_phone="13900000077",
        licence=loop.paper,
        decoupled=True,
    )
    newcomer.open("/firm/qualifications")
    newcomer.send(
        "登记资质",
        type="环境影响评价工程师职业资格",
        number="旅程-077",
        issuer="演示发证机关",
        valid_from="2024-01-08",
        valid_until="2029-12-31",
        file=loop.paper,
    )
    newcomer.open("/firm/offerings")
    newcomer.send("保存承诺", item_code="hpwj", discount="5", promised_days="20")
    newcomer.open("/firm/application")
    newcomer.send("提交入驻申请", committed=True)
    firm = loop.id_of(Firm)
    officer = loop.person("jingban")
    officer.open(f"/supervision/applications/{firm}")
    officer.send("提交审查结论", **dict.fromkeys(POINTS, "pass"), outcome="list")
    approver = loop.person("shenpi")
    approver.open(f"/supervision/applications/{firm}")
    approver.send("作出决定", outcome="list")
    loop.until(loop.working_day(1), time(9, 30))
    department = loop.person("huanbao")
    check = loop.id_of(ProfessionalCheck)
    department.open("/department/applications")
    assert NEWCOMER in department.text
    department.open(f"/department/applications/{check}")
    department.send("提交核查意见", outcome="none")
    window.open(f"/firms?q={NEWCOMER[:6]}")
    assert NEWCOMER in window.text

    # each of the three firms has two contracts behind it, accepted and marked by both sides
    with app.app_context():
        newcomer_user = db.session.scalars(select(User).where(User.login == "xinan")).one()
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.name == NEWCOMER)
        ).one()
        cast.firms["xinan"] = people.Person(newcomer_user.id, organisation.id)
        entrants = ("lanjing", "qingshan", "xinan")
        earlier = [
            needs.NeedSketch(
                owner,
                "hpwj",
                f"{owner} {login} 项目环境影响报告表编制",
                "编制环境影响报告表并通过评审",
                "青河市东城区",
                "48000",
                20,
            )
            for login, pair in zip(entrants, (OWNERS[:2], OWNERS[1:], OWNERS[::2]), strict=True)
            for owner in pair
        ]
        chosen = [login for login in entrants for _ in range(2)]
        db.session.rollback()
        days = story.Days(calendar.moment(date(2026, 4, 30)) + timedelta(0))
        opened = [
            needs.open_for(cast, sketch, entrants, login)
            for sketch, login in zip(earlier, chosen, strict=True)
        ]
        first = calendar.working_calendar().working_days_between(
            clock.local_day(moving.present()), days.last
        )
        won = story.choose(cast, days, opened, first, first - 5)
        assert [won[need.id] for need in opened] == chosen
        for need in opened:
            contract_id = dealings.sign(cast, need.sketch.owner, won[need.id], need.id)
            dealings.deliver(cast, won[need.id], contract_id, "成果")
            dealings.accept(cast, need.sketch.owner, contract_id)
            dealings.evaluate(cast, need.sketch.owner, won[need.id], contract_id, 1)
        moving.next_working_morning(2)

    # an owner posts a need; the firms enter; a draw decides; anybody verifies it
    owner = loop.person("zhao")
    owner.open("/owner/needs/new?item=hpwj")
    owner.send(
        "保存草稿",
        project="",
        project_name="家庭农场沼气项目",
        title="家庭农场沼气项目环境影响报告表编制",
        scope="编制环境影响报告表并通过评审",
        place="青河市东城区桃园街",
        budget="40000",
        investment="natural_person",
        days_wanted="20",
        method="random_draw",
        draw_source="lottery",
        contact_name="赵启明",
        contact_phone="0399-5570006",
        declared=True,
        **FARM,
    )
    need_id = loop.id_of(Need)
    owner.open(f"/owner/needs/{need_id}/selection")
    owner.send("审批并发布")
    for login, price in zip(entrants, ("36000", "37000", "38000"), strict=True):
        window_of = loop.person(login)
        window_of.open(f"/needs/{need_id}/enter")
        window_of.send("提交报名", price=price, agree=True)
    closing = loop.working_day(1)
    loop.until(closing, time(21, 40))
    for login in ("jingban", "shenpi"):
        one = loop.person(login)
        one.open("/supervision/lottery")
        one.send(
            "提交登记",
            day=closing.isoformat(),
            issue=f"{closing.year}{closing.timetuple().tm_yday:03d}",
            numbers=" ".join(f"{ball:02d}" for ball in range(3, 63, 3)),
            source="演示：非真实开奖号码",
        )
    loop.until(closing, time(22, 0))
    window.open(f"/results/{need_id}")
    proof = tmp_path / "proof.json"
    answer = window.page.request.get(f"/results/{need_id}/proof.json")
    assert answer.status == 200
    proof.write_bytes(answer.body())
    verified = subprocess.run(
        [sys.executable, "-I", str(ROOT / "scripts" / "verify_draw.py"), str(proof)],
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr

    # the winner accepts; contract, delivery, acceptance, marks of both sides
    loop.until(loop.working_day(1), time(17, 10))
    with app.app_context():
        award = db.session.scalars(select(Award).order_by(Award.id.desc())).first()
        assert award is not None
        winner = next(
            login
            for login, person in cast.firms.items()
            if person.organisation_id == award.organisation_id
        )
        entry_id, winner_id = award.entry.public_id, award.organisation_id
        winner_name = award.entry.organisation.name
        winner_public = award.entry.organisation.public_id
        assert ratings.grade_on(winner_id, people.CITY, loop.today()).grade == "ungraded"
    firm_window = loop.person(winner)
    firm_window.open(f"/entries/{entry_id}")
    firm_window.send("接受中选")
    owner.open(f"/contracts/new/{need_id}")
    owner.send("生成合同草稿")
    contract_id = loop.id_of(Contract)
    firm_window.open(f"/contracts/{contract_id}")
    firm_window.send("确认合同")
    loop.until(loop.working_day(3), time(10, 0))
    firm_window.open(f"/contracts/{contract_id}")
    firm_window.send("提交成果", upload=loop.paper, note="环境影响报告表")
    owner.open(f"/contracts/{contract_id}")
    owner.send("验收通过")
    loop.until(loop.working_day(1), time(10, 0))
    owner.open(f"/contracts/{contract_id}/evaluation")
    owner.send("提交评价", **dict.fromkeys(dealings.OWNER_PARTS, "5"))
    firm_window.open(f"/contracts/{contract_id}/evaluation")
    firm_window.send("提交评价", **dict.fromkeys(dealings.FIRM_PARTS, "5"))
    loop.until(loop.working_day(2), time(10, 0))
    with app.app_context():
        assert ratings.grade_on(winner_id, people.CITY, loop.today()).grade == "B"
    window.open(f"/firms/{winner_public}/rating")
    assert "B" in window.text

    # a case, its periods, another officer's decision: gone the same second, refused at entry
    owner.open("/owner/needs/new?item=hpwj")
    owner.send(
        "保存草稿",
        project="",
        project_name="家庭农场二期项目",
        title="家庭农场二期项目环境影响报告表编制",
        scope="编制环境影响报告表并通过评审",
        place="青河市东城区桃园街",
        budget="40000",
        investment="natural_person",
        days_wanted="20",
        method="direct_pick",
        entry_working_days="15",
        contact_name="赵启明",
        contact_phone="0399-5570006",
        declared=True,
        **FARM,
    )
    second_need = loop.id_of(Need)
    owner.open(f"/owner/needs/{second_need}/selection")
    owner.send("审批并发布")
    with app.app_context():
        code = db.session.get_one(Organisation, winner_id).credit_code
    officer.open("/supervision/cases/new")
    officer.send(
        "立案并告知",
        credit_code=code,
        cause="breach",
        facts="以未登记人员出具成果，经约谈仍未改正，违反入驻承诺第三条",
    )
    case_id = loop.id_of(Case)
    firm_window.open(f"/cases/{case_id}/statement")
    firm_window.send("提交陈述申辩", statement="人员已入职，登记手续尚在办理，请求从轻处理")
    loop.until(loop.working_day(6), time(9, 30))
    officer.open(f"/cases/{case_id}/proposal")
    officer.send("提交审批", severity="ordinary", months="6", reason="事实清楚，建议暂停服务六个月")
    window.open(f"/firms?q={winner_name[:6]}")
    assert winner_name in window.text
    approver.open(f"/supervision/cases/{case_id}/decision")
    approver.send("作出决定", reason="同意，自决定之日起执行")
    window.open(f"/firms?q={winner_name[:6]}")
    assert winner_name not in window.text
    firm_window.open(f"/needs/{second_need}/enter")
    assert (
        firm_window.page.get_by_role("button", name=window.said("提交报名"), exact=True).count()
        == 0
    )
    with loop.app.app_context():
        assert list(map(str, invariants.broken())) == []
    if language == "en":
        _was_english(loop)


def _was_english(loop: Loop) -> None:
    """Every page read was in English but for data, and nothing English went into the data."""
    data = data_of(loop.app)
    pages = [page for window in loop.windows for page in window.pages_read]
    assert len(pages) > 60
    assert [page for page in pages if '<html lang="en"' not in page] == []
    assert {text for page in pages for text in left_over(page, data)} == set()
    assert english_in(loop.app) == set()

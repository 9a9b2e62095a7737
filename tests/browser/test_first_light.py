"""The whole loop in a real browser, with what is refused on the way: on PostgreSQL.

``test_loop`` walks it on SQLite with the demo's people.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from config import ROOT
from marketplace.accounts import queries as accounts_queries
from marketplace.accounts.models import OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need
from marketplace.selection import drawing, queries
from marketplace.selection.methods.public_value import lottery_value
from marketplace.selection.methods.random_draw import Entrant, draw
from marketplace.supervision import invariants
from marketplace.supervision import tasks as supervision_tasks
from tests.browser.people import Cast, fill, press, press_in, text
from tests.browsing import Visitor
from tests.factories import accounts, contracts, evaluations, intermediaries, selection

pytestmark = pytest.mark.browser
DAY = timedelta(days=1)
ITEM = "jsjl"
FEE_INPUTS = {"construction": "500", "specialty": "building_municipal", "complexity": "II"}
FIRM = "青河市青衡工程监理有限公司"
POINTS = ("subject", "legal", "qualifications", "practitioners", "decoupling", "offerings")


@pytest.fixture
def story(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> Story:
    return Story(app, Cast(app, visitor, advance))


class Story:
    """What happens, step by step; each step is what a person does at a window."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app = app
        self.cast = cast
        self.operator = cast.login_of(lambda: accounts.officer(Role.BUREAU_OPERATOR))
        self.approver = cast.login_of(lambda: accounts.officer(Role.BUREAU_APPROVER))
        self.department = cast.login_of(lambda: accounts.officer(Role.DEPARTMENT_OFFICER, "zjj"))
        self.firm_code = self.made_up_code(OrganisationKind.COMPANY)

    def made_up_code(self, kind: OrganisationKind) -> str:
        return accounts.new_credit_code(kind)

    # ---- coming in ------------------------------------------------------------

    def owner_registers(self) -> None:
        """An agency opens its organisation with two people, in its own words."""
        window = self.cast.stranger()
        window.open("/register?side=owner")
        fill(
            window,
            name="青河市示范中学",
            kind="public_institution",
            credit_code="12379902MA0000000X",
            phone="0399-7654321",
            jurisdiction_code="379902",
            person_name="周编辑",
            login="school.editor",
            password=accounts.PASSWORD,
            password_again=accounts.PASSWORD,
            approver_name="吴审批",
            approver_login="school.approver",
            approver_password=accounts.PASSWORD + "b",
            agreed="",
        )
        press(window, "提交注册", 422)  # the check digit is wrong
        assert "统一社会信用代码校验未通过" in text(window)
        fill(
            window,
            credit_code=self.made_up_code(OrganisationKind.PUBLIC_INSTITUTION),
            password=accounts.PASSWORD,
            password_again=accounts.PASSWORD,
            approver_password=accounts.PASSWORD,
        )
        press(window, "提交注册")
        assert "账号已开通" in text(window)

    def firm_registers_and_applies(self) -> str:
        """A firm opens its account, fills its file and sends the application; its login."""
        window = self.cast.stranger()
        window.open("/register?side=firm")
        fill(
            window,
            name=FIRM,
            kind="company",
            credit_code=self.firm_code,
            legal_representative="郑法人",
            phone="0399-6660001",
            email="firm@example.cn",
            person_name="郑经办",
            login="qingheng",
            password=accounts.PASSWORD,
            password_again=accounts.PASSWORD,
            agreed="",
        )
        press(window, "提交注册")
        firm = self.cast.at("qingheng")
        firm.open("/firm")
        press(firm, "填写入驻申请")
        firm.open("/firm/application")
        fill(
            firm,
            legal_representative="郑法人",
            legal_identity=intermediaries.resident_id(777),
            agent_name="郑经办",
            agent_phone="0399-6660001",
            licence="licence.pdf",
            decoupled="",
        )
        press(firm, "保存")
        press_in(firm, "提交入驻申请", 422, committed="")  # nothing is offered yet
        firm.open("/firm/qualifications")
        fill(
            firm,
            type="工程监理资质",
            grade="乙级",
            number="E237000123",
            issuer="青河市住房和城乡建设局",
            valid_from="2025-01-01",
            valid_until="2027-12-31",
            file="certificate.pdf",
        )
        press(firm, "登记资质")
        firm.open("/firm/offerings")
        fill(firm, item_code=ITEM, discount="10", promised_days="300")
        press(firm, "保存承诺")
        self._send()
        return "qingheng"

    def _send(self) -> None:
        firm = self.cast.at("qingheng")
        firm.open("/firm/application")
        press_in(firm, "提交入驻申请", 200, committed="")

    def _application(self, login: str) -> Visitor:
        window = self.cast.at(login)
        window.open("/supervision/applications")
        window.follow(window.page.get_by_role("link", name=FIRM).first)
        window.page.wait_for_url("**/supervision/applications/*")
        return window

    def application_is_returned_once_and_sent_again(self) -> None:
        """The officer lists everything that is missing in one notice; the firm mends it."""
        operator = self._application(self.operator)
        points = dict.fromkeys(POINTS, "pass") | {"legal": "mend"}
        fill(operator, **points, legal_reason="经办人授权委托书缺少日期", outcome="return")
        press(operator, "提交审查结论")
        firm = self.cast.at("qingheng")
        firm.open("/firm/application")
        assert "经办人授权委托书缺少日期" in text(firm)
        self._send()

    def firm_is_admitted(self) -> str:
        """One officer checks, another decides; the department is asked; the public sees it."""
        operator = self._application(self.operator)
        fill(operator, **dict.fromkeys(POINTS, "pass"), outcome="list")
        press(operator, "提交审查结论")
        assert operator.page.get_by_role("button", name="作出决定").count() == 0
        approver = self._application(self.approver)
        fill(approver, outcome="list")
        press(approver, "作出决定")
        department = self.cast.at(self.department)
        department.open("/department/applications")
        department.follow(department.page.get_by_role("link", name=FIRM).first)
        department.page.wait_for_url("**/department/applications/*")
        fill(department, outcome="none")
        press(department, "提交核查意见")
        stranger = self.cast.stranger()
        stranger.open("/firms")
        link = stranger.page.get_by_role("link", name=FIRM, exact=True).first
        path = link.get_attribute("href") or ""
        assert stranger.open(path) == 200
        assert "未评级" in text(stranger)
        return path

    def other_firms_are_listed(self) -> list[str]:
        """Two rivals, made through the actions; returns their logins."""

        def build() -> str:
            return intermediaries.listed((ITEM,)).user.login

        return [self.cast.make(build) for _ in range(2)]

    # ---- a need ---------------------------------------------------------------

    def need_is_written(self) -> str:
        """The editor writes a need; a budget above the binding standard is stopped first."""
        window = self.cast.at("school.editor")
        window.open(f"/owner/needs/new?item={ITEM}")
        fill(
            window,
            project_name="青河市示范中学教学楼工程",
            title="教学楼工程施工监理",
            scope="对教学楼工程施工阶段的质量、进度、费用和安全进行监理，提交监理报告",
            place="青河市东城区示范路 1 号",
            fee__construction="500",
            fee__specialty="building_municipal",
            fee__complexity="II",
            budget="400000",
            investment="government",
            days_wanted="200",
            method="random_draw",
            draw_source="lottery",
            contact_name="周编辑",
            contact_phone="0399-7654321",
            declared="",
        )
        press(window, "保存草稿", 422)
        assert "发改价格[2007]670号" in text(window)
        fill(window, budget="160000")
        press(window, "保存草稿")
        path = window.page.url.removeprefix(window.address)
        press(window, "提交审批")
        return path.split("/")[-1]

    def need_is_published(self, need: str) -> None:
        """The editor may not publish; the approver may."""
        editor = self.cast.at("school.editor")
        editor.open(f"/owner/needs/{need}/selection")
        assert editor.page.get_by_role("button", name="审批并发布").count() == 0
        approver = self.cast.at("school.approver")
        approver.open(f"/owner/needs/{need}/selection")
        press(approver, "审批并发布")
        stranger = self.cast.stranger()
        assert stranger.open(f"/needs/{need}") == 200
        assert "报名中" in text(stranger)

    def firm_enters(self, login: str, need: str, price: str) -> str:
        """A firm signs up with its price and gets a signed receipt; returns its entry's id."""
        window = self.cast.at(login)
        window.open(f"/needs/{need}/enter")
        fill(window, price=price, agree="")
        press(window, "提交报名")
        assert "报名回执" in text(window)
        return window.page.url.split("/")[-1]

    def nobody_sees_who_entered(self, need: str, names: list[str]) -> None:
        """Before closing the count is public and the names are nobody's."""
        for login in ("school.editor", "school.approver", self.operator, self.approver, ""):
            window = self.cast.at(login) if login else self.cast.stranger()
            for path in (f"/needs/{need}", f"/results/{need}", f"/owner/needs/{need}/selection"):
                window.open(path)
                page = window.page.content()
                assert not [name for name in names if name in page], (login, path)

    def entries_close(self, need: str) -> None:
        """Days go by until the list is frozen and that evening's lottery is drawn."""
        for _ in range(14):
            self.cast.wait(DAY)
            with self.app.app_context():
                row = db.session.scalars(select(Need).where(Need.public_id == need)).one()
                running = queries.round_of(row)
                if running is not None and running.closed_at is not None:
                    return
        raise AssertionError("the entries never closed")

    # ---- the draw -----------------------------------------------------------------

    def lottery_is_read(self, need: str, winner_code: str) -> None:
        """Two officers enter the lottery's issue, neither seeing the other's."""
        numbers = self._numbers_for(need, "2026051", winner_code)
        for login in (self.operator, self.approver):
            window = self.cast.at(login)
            window.open("/supervision/lottery")
            fill(window, issue="2026051", numbers=numbers, source="发行机构网站公告")
            press(window, "提交登记")

    def _numbers_for(self, need_id: str, issue: str, winner_code: str) -> str:
        """Lottery numbers with which ``winner_code`` comes first.

        Nobody could know this in life: the secret is in the site's key store. The test holds it,
        and so can choose the one thing it has to invent anyway.
        """
        with self.app.app_context():
            need = db.session.scalars(select(Need).where(Need.public_id == need_id)).one()
            running = queries.round_of(need)
            assert running is not None
            entrants = [
                Entrant(one.organisation.credit_code or "", one.contribution)
                for one in queries.listed(running)
            ]
            secret = drawing.secret_of(need, running.attempt)
            for first in itertools.count(1):
                numbers = list(range(first, first + 20))
                value = lottery_value("kl8", issue, [numbers])
                result = draw(need.number, running.attempt, entrants, secret, value)
                if result.ranking[0] == winner_code:
                    return " ".join(f"{number:02d}" for number in numbers)
        raise AssertionError("unreachable")

    def proof_is_verified(self, need: str, folder: Path) -> None:
        """Anybody downloads the proof; the script and the browser page recompute it."""
        window = self.cast.stranger()
        window.open(f"/results/{need}")
        assert "核验" in text(window)
        answer = window.page.request.get(f"/results/{need}/proof.json")
        proof = folder / "proof.json"
        proof.write_bytes(answer.body())
        script = [sys.executable, str(ROOT / "scripts" / "verify_draw.py"), str(proof)]
        good = subprocess.run(script, capture_output=True, text=True, check=False)
        assert good.returncode == 0, good.stdout + good.stderr
        spoilt = bytearray(answer.body())
        spoilt[len(spoilt) // 2] ^= 1
        proof.write_bytes(bytes(spoilt))
        assert subprocess.run(script, capture_output=True, check=False).returncode != 0
        window.open(f"/verify?need={need}")
        window.page.get_by_role("button", name="核验本证明").click()
        window.page.get_by_text("证明成立：重算结果与公布的次序一致").wait_for()

    def award_becomes_final(self, need: str, login: str, entry: str) -> None:
        """The notice runs out, the winner accepts and fetches the letter."""
        for _ in range(7):
            self.cast.wait(DAY)
            with self.app.app_context():
                row = db.session.scalars(select(Need).where(Need.public_id == need)).one()
                award = queries.award_of(row)
                if award is not None and award.status == "offered":
                    break
        window = self.cast.at(login)
        window.open(f"/entries/{entry}")
        press(window, "接受中选")
        link = window.page.get_by_role("link", name="中选通知书").first
        letter = window.page.request.get(link.get_attribute("href") or "")
        assert letter.body().startswith(b"%PDF-")
        assert self.cast.stranger().open(f"/results/{need}") == 200

    # ---- the contract and the marks -------------------------------------------------

    def two_earlier_contracts_are_evaluated(self, advance: Callable[[timedelta], None]) -> None:
        """Two contracts with other owners, done and marked by both, through the actions."""

        def ours() -> accounts.Party:
            person = db.session.scalars(select(User).where(User.login == "qingheng")).one()
            place = accounts_queries.organisation_by_credit_code(self.firm_code)
            assert place is not None
            return accounts.Party(person, place, person)

        for _ in range(2):
            deal = contracts.completed(
                self.app,
                advance,
                firm_of=ours,
                price=Decimal("140000"),
                item_code=ITEM,
                budget=Decimal("160000"),
                fee_inputs=FEE_INPUTS,
                days_wanted=200,
            )
            advance(timedelta(minutes=1))  # the windows for the marks open
            with self.app.app_context(), transaction():
                evaluations.give(deal, "editor")
                evaluations.give(deal, "firm")
        self.cast.wait(DAY)

    def contract_is_signed(self, need: str) -> str:
        """The firm writes the dates into the standard text, the owner's approver confirms."""
        firm = self.cast.at("qingheng")
        firm.open(f"/contracts/new/{need}")
        today = self._today()
        fill(firm, starts_on=f"{today}", ends_on=f"{today + 60 * DAY}")
        press(firm, "生成合同草稿")
        contract = firm.page.url.split("/")[-1]
        editor = self.cast.at("school.editor")
        editor.open(f"/contracts/{contract}")
        assert editor.page.get_by_role("button", name="确认合同").count() == 0
        approver = self.cast.at("school.approver")
        approver.open(f"/contracts/{contract}")
        assert "148,000.00" in text(approver)
        press(approver, "确认合同")
        return contract

    def _today(self) -> date:
        with self.app.app_context():
            return clock.today()

    def work_is_delivered_and_accepted(self, contract: str) -> None:
        """Delivered, returned with reasons, delivered again, accepted."""
        for note, verdict in (("初稿", "退回"), ("修改稿", "验收通过")):
            firm = self.cast.at("qingheng")
            firm.open(f"/contracts/{contract}")
            fill(firm, upload="report.pdf", note=note)
            press(firm, "提交成果")
            editor = self.cast.at("school.editor")
            editor.open(f"/contracts/{contract}")
            if verdict == "退回":
                fill(editor, return_reason="监理日志缺少三月上旬部分")
            press(editor, verdict)
            self.cast.wait(DAY)

    def both_sides_mark(self, contract: str) -> None:
        """Neither side sees the other's marks until both are in."""
        firm = self.cast.at("qingheng")
        firm.open(f"/contracts/{contract}/evaluation")
        before = text(firm)
        owner = self.cast.at("school.editor")
        owner.open(f"/contracts/{contract}/evaluation")
        fill(owner, quality="5", timeliness="5", attitude="5", charging="5", conduct="5")
        press(owner, "提交评价")
        firm.open(f"/contracts/{contract}/evaluation")
        assert text(firm) == before
        fill(firm, requirements="5", cooperation="4", payment="5", integrity="5")
        press(firm, "提交评价")
        owner.open(f"/contracts/{contract}/evaluation")
        assert "4 分" in text(owner)

    def grade_is(self, page: str, grade: str) -> None:
        """What anybody reads on the firm's page, and that it opens to its sum."""
        stranger = self.cast.stranger()
        stranger.open(page)
        shown = stranger.page.locator("main .grade").first.inner_text()
        assert grade in shown.split()
        assert stranger.open(f"{page}/rating") == 200

    # ---- the end ----------------------------------------------------------------------

    def another_need_is_open(self, advance: Callable[[timedelta], None]) -> str:
        """A need of another owner that the firm could enter."""

        def build() -> str:
            need = selection.open_need(
                item_code=ITEM,
                budget=Decimal("400000"),
                fee_inputs=FEE_INPUTS | {"construction": "1500"},
                days_wanted=200,
                entry_working_days=20,
            )
            return need.public_id

        return str(self.cast.make(build))

    def firm_is_blacklisted(self) -> None:
        """Case, statement, proposal, decision by another officer, effect."""
        operator = self.cast.at(self.operator)
        operator.open("/supervision/cases/new")
        fill(
            operator,
            credit_code=self.firm_code,
            cause="abandonment",
            facts="连续两次无正当理由不履行合同，经书面催告仍不履行",
        )
        press(operator, "立案并告知")
        path = operator.page.url.removeprefix(operator.address)
        firm = self.cast.at("qingheng")
        firm.open(f"{path}/statement")
        fill(firm, statement="对事实没有异议，请求从轻处理")
        press(firm, "提交陈述申辩")
        self.cast.wait(8 * DAY)
        operator = self.cast.at(self.operator)
        operator.open(f"{path}/proposal")
        fill(operator, severity="ordinary", months="6", reason="事实清楚，建议终止服务六个月")
        press(operator, "提交审批")
        assert operator.open(path.replace("/cases/", "/supervision/cases/") + "/decision") == 403
        approver = self.cast.at(self.approver)
        approver.open(path.replace("/cases/", "/supervision/cases/") + "/decision")
        fill(approver, reason="同意，列入黑名单六个月")
        press(approver, "作出决定")

    def firm_is_gone(self, page: str, need: str) -> None:
        """Off the lists and the search in the same second, refused at entry, said plainly."""
        stranger = self.cast.stranger()
        for path in ("/firms", f"/firms?q={FIRM}", f"/search?q={FIRM}"):
            stranger.open(path)
            # notices of decisions name it for good
            assert stranger.page.get_by_role("link", name=FIRM, exact=True).count() == 0, path
        stranger.open("/sanctions")
        assert FIRM in text(stranger)
        firm = self.cast.at("qingheng")
        firm.open(f"/needs/{need}/enter")
        assert firm.page.get_by_role("button", name="提交报名").count() == 0
        assert "黑名单" in text(firm) or "暂停" in text(firm) or "终止服务" in text(firm)
        assert page

    def ledgers_hold(self) -> None:
        """Every invariant of the data holds, the ledgers' among them."""
        with self.app.app_context():
            supervision_tasks.publish_head()  # as the worker does every minute
            assert list(map(str, invariants.broken())) == []


# longer than any other; the loop of ``test_loop`` passes the same doors on SQLite
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_the_first_loop(
    app: Flask, story: Story, tmp_path: Path, advance: Callable[[timedelta], None]
) -> None:
    ours = story.firm_registers_and_applies()
    story.application_is_returned_once_and_sent_again()
    page = story.firm_is_admitted()
    story.owner_registers()
    rivals = story.other_firms_are_listed()
    story.two_earlier_contracts_are_evaluated(advance)
    need = story.need_is_written()
    story.need_is_published(need)
    entry = story.firm_enters(ours, need, "148000")
    for rival in rivals:
        story.firm_enters(rival, need, "146000")
    story.nobody_sees_who_entered(need, [FIRM])
    story.entries_close(need)
    story.lottery_is_read(need, story.firm_code)
    story.cast.wait(DAY)
    story.proof_is_verified(need, tmp_path)
    story.award_becomes_final(need, ours, entry)
    contract = story.contract_is_signed(need)
    story.work_is_delivered_and_accepted(contract)
    story.grade_is(page, "未评级")
    story.both_sides_mark(contract)
    story.cast.wait(2 * DAY)
    story.grade_is(page, "B")
    open_need = story.another_need_is_open(advance)
    story.firm_is_blacklisted()
    story.firm_is_gone(page, open_need)
    story.ledgers_hold()

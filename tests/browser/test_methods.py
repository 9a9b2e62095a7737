"""Every method of choosing in a real browser, by all its parties: four needs live side by side, and
one that judges mark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts import queries
from marketplace.accounts.rules import DEMO_PASSWORD as WORD
from marketplace.demo import firms, judging, people
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import Objection
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection.experts.models import Expert, ExpertStatus
from marketplace.selection.judging.models import JudgeStatus, PanelJudge
from marketplace.selection.keyholding.models import Capacity, KeyShare
from marketplace.selection.models import Award
from marketplace.selection.sealing.models import LowQuote
from marketplace.supervision import invariants
from tests.browser.test_loop import Loop
from tests.browsing import NARROW, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
FIRMS = ("mingyuan", "lanjing", "qingshan")
PHRASE = "柳岸晓风残月-77310"
HOLDERS = {Capacity.OWNER: "shipin", Capacity.BUREAU: "shenpi", Capacity.PLATFORM: "anquan"}
NEEDS = {
    "direct_pick": ("冷库一期", ("41000", "42000", "43000"), {}),
    "random_draw": ("冷库二期", ("41000", "42000", "43000"), {"draw_source": "lottery"}),
    "price_competition": ("冷库三期", ("44000", "27000", "43000"), {"two_keys": True}),
    "average_price": ("冷库四期", ("40000", "42100", "44000"), {}),
}


def posted(loop: Loop, method: str, name: str, more: dict[str, object]) -> str:
    """The owner writes a need and publishes it; its public id."""
    owner = loop.person("shipin")
    owner.open("/owner/needs/new?item=stbc")
    owner.send(
        "保存草稿",
        project="",
        project_name=f"{name}项目",
        title=f"{name}项目水土保持方案编制",
        scope="编制水土保持方案报告书，通过专家评审并取得批复",
        place="青河市东城区食品产业园三路 6 号",
        budget="48000",
        investment="enterprise",
        days_wanted="20",
        method=method,
        contact_name="杜麦",
        contact_phone="0399-5570000",
        declared=True,
        **more,
    )
    need_id = loop.id_of(Need)
    owner.open(f"/owner/needs/{need_id}/selection")
    owner.send("审批并发布")
    return need_id


def award_of(app: Flask, need_id: str) -> tuple[str, str, str]:
    """The newest award of a need: its firm's name, its entry, its status."""
    with app.app_context():
        query = select(Award).join(Need, Need.id == Award.need_id).where(Need.public_id == need_id)
        award = db.session.scalars(query.order_by(Award.id.desc())).first()
        assert award is not None
        return award.organisation.name, award.entry.public_id, award.status.value


def read_lottery(loop: Loop, day: date) -> None:
    """In the evening two officers register the lottery's numbers."""
    loop.until(day, time(21, 40))
    for login in ("jingban", "shenpi"):
        officer = loop.person(login)
        officer.open("/supervision/lottery")
        officer.send(
            "提交登记",
            day=day.isoformat(),
            issue=f"{day.year}{day.timetuple().tm_yday:03d}",
            numbers=" ".join(f"{ball:02d}" for ball in range(3, 63, 3)),
            source="演示：非真实开奖号码",
        )
    loop.until(day, time(22, 0))


def check_proof(window: Visitor, address: str, folder: Path) -> None:
    """Anybody downloads a proof and verifies it with the script alone."""
    proof = folder / "proof.json"
    proof.write_bytes(window.page.request.get(address).body())
    checked = subprocess.run(
        [sys.executable, "-I", str(ROOT / "scripts" / "verify_draw.py"), str(proof)],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_method_by_all_its_parties(
    app: Flask, visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    loop = Loop(app, visitor, tmp_path)
    with app.app_context():
        with transaction():
            cast = people.make_cast(WORD, clock.now())
        for login in FIRMS:
            firm_id = firms.apply(cast, login)
            firms.check(cast, firm_id)
            firms.admit(cast, firm_id)
    loop.until(loop.working_day(1), time(9, 0))

    # three people set the passphrases of their shares
    for login in HOLDERS.values():
        holder = loop.person(login)
        holder.open("/key-holding")
        holder.send("设置保管口令", passphrase=PHRASE, again=PHRASE)

    needs = {method: posted(loop, method, NEEDS[method][0], NEEDS[method][2]) for method in NEEDS}
    window = loop.anybody()
    for method, need_id in needs.items():
        for login, price in zip(FIRMS, NEEDS[method][1], strict=True):
            firm = loop.person(login)
            firm.open(f"/needs/{need_id}/enter")
            firm.send("提交报名", price=price, agree=True)
            sealed = method in ("price_competition", "average_price")
            assert ("已密封" in firm.text) is sealed
            assert (f"{int(price):,}" in firm.text) is not sealed
        window.open(f"/needs/{need_id}")
        assert ("家报名" in window.text) is not sealed
    # nobody can hand in a share before the hour
    share = loop.id_of(KeyShare, KeyShare.capacity == Capacity.OWNER)
    owner = loop.person("shipin")
    owner.open(f"/key-shares/{share}")
    assert "起可以交出" in owner.text
    assert owner.page.get_by_role("button", name="交出份额", exact=True).count() == 0

    # half past five of the closing day: the owner picks, average quotes are open, the key is due
    closing = loop.working_day(1)
    loop.until(closing, time(17, 31))
    owner = loop.person("shipin")
    owner.open(f"/owner/needs/{needs['direct_pick']}/selection")
    radio = owner.page.locator("main input[name='entry']").first
    owner.send(
        "提交选取结果",
        entry=radio.get_attribute("value"),
        reason="同类方案经验最多，时限承诺最短，报价在预算之内",
    )
    owner.open(f"/owner/needs/{needs['direct_pick']}/selection")
    approve = owner.page.get_by_role("button", name="确认选取结果", exact=True)
    if approve.count():
        owner.send("确认选取结果")
    window.open(f"/results/{needs['average_price']}")
    assert "42,100" in window.text
    assert "均价选取" in window.text
    middle = award_of(app, needs["average_price"])
    window.open(f"/results/{needs['price_competition']}")
    assert "27,000" not in window.text
    assert "三方分管的密钥" in window.text

    # two of the three hand in: the lowest quote is far below the others and must be explained
    for capacity in (Capacity.OWNER, Capacity.PLATFORM):
        holder = loop.person(HOLDERS[capacity])
        holder.open("/workspace")
        holder.page.locator("main a[href^='/key-shares/']").first.click()
        holder.page.wait_for_url("**/key-shares/*")
        holder.send("交出份额", passphrase=PHRASE)
    loop.until(closing, time(17, 40))
    window.open(f"/results/{needs['price_competition']}")
    assert "27,000" in window.text
    low = loop.person("lanjing")
    entry = _entry(app, LowQuote)
    low.open(f"/entries/{entry}")
    low.send(
        "提交说明", explanation="同一流域另有在编项目，现场调查和监测数据可以共用，投入人员不减"
    )
    owner.open(f"/owner/needs/{needs['price_competition']}/selection")
    owner.send(
        "公布认定", verdict="refused", reason="说明未列明监测设备与人员投入，成本构成不能成立"
    )
    loop.until(closing, time(17, 50))
    window.open(f"/results/{needs['price_competition']}")
    assert "说明不成立" in window.text
    assert "43,000" in window.text

    # the evening: two officers read the lottery, the draw is made, anybody checks it
    read_lottery(loop, closing)
    check_proof(window, f"/results/{needs['random_draw']}/proof.json", tmp_path)

    # a loser objects within the notice and is answered; then every winner accepts
    loop.until(loop.working_day(1), time(9, 0))
    loser = next(login for login in FIRMS if _name(app, cast, login) != middle[0])
    window_of = loop.person(loser)
    window_of.open(f"/results/{needs['average_price']}")
    notice = window_of.page.locator("main a[href^='/notices/']").first.get_attribute("href")
    window_of.open(f"{notice}/objection")
    window_of.send("提交异议", text="请核对平均价的计算是否包含了本机构的报价，并说明保留的位数")
    objection = loop.id_of(Objection)
    officer = loop.person("jingban")
    officer.open(f"/objections/{objection}/answer")
    officer.send(
        "公布答复",
        conclusion="rejected",
        answer="平均价由名单内全部报价计算，精确比较，结果页已列明",
    )
    loop.until(loop.working_day(1), time(17, 10))
    for need_id in needs.values():
        name, entry_id, status = award_of(app, need_id)
        assert status == "offered", (need_id, name, status)
        login = next(each for each in FIRMS if _name(app, cast, each) == name)
        winner = loop.person(login)
        winner.open(f"/entries/{entry_id}")
        winner.send("接受中选")
    with app.app_context():
        stands = db.session.scalars(select(Need.status)).all()
        assert set(stands) == {NeedStatus.AWARDED}
        assert list(invariants.broken()) == []
    for each in loop.windows:
        assert each.complaints == []


def _entry(app: Flask, model: type[LowQuote]) -> str:
    with app.app_context():
        return str(db.session.scalars(select(model)).one().entry.public_id)


def _name(app: Flask, cast: people.Cast, login: str) -> str:
    with app.app_context():
        return queries.organisation(cast.firms[login].organisation_id).name


# ---- best value ----------------------------------------------------------------------------

WEIGHTS = {
    "weight_price": "40",
    "weight_rating": "15",
    "weight_plan": "35",
    "weight_practitioners": "10",
    "scoring": "lowest",
}
QUOTES = dict(zip(FIRMS, ("45300", "44100", "43200"), strict=True))
FAR = "没有弃渣场拦挡措施和排水计算，按评分标准在措施设计一项上扣分较多"


def called(app: Flask, *statuses: JudgeStatus) -> list[tuple[str, str, str]]:
    """(login, name, public id of the judging) of the judges in these states, in the drawn order."""
    with app.app_context():
        rows = db.session.scalars(select(PanelJudge).order_by(PanelJudge.place))
        return [
            (each.expert.user.login, each.expert.user.name, each.public_id)
            for each in rows
            if each.status in statuses
        ]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_best_value_by_all_its_parties(
    app: Flask, visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    loop = Loop(app, visitor, tmp_path)
    with app.app_context():
        with transaction():
            cast = people.make_cast(WORD, clock.now())
        for login in FIRMS:
            firm_id = firms.apply(cast, login)
            firms.check(cast, firm_id)
            firms.admit(cast, firm_id)
        judging.fill_pool(cast)

    # the bureau admits the last expert who applied
    expert = loop.id_of(Expert, Expert.status == ExpertStatus.APPLIED)
    officer = loop.person("jingban")
    officer.open(f"/supervision/experts/{expert}")
    officer.send("核对无误")
    officer = loop.person("shenpi")
    officer.open(f"/supervision/experts/{expert}")
    officer.send("提交审批意见", verdict="admit", reason="专业与经历相符")
    loop.until(loop.working_day(1), time(9, 0))

    # the owner posts with weights; three firms enter with plan and quote, one of them on a phone
    need = posted(loop, "best_value", "冷库五期", WEIGHTS)
    window = loop.anybody()
    window.open(f"/needs/{need}")
    assert "评分标准" in window.text
    for login, plan in zip(FIRMS, judging.PLANS, strict=True):
        if login == FIRMS[0]:
            firm = visitor(size=NARROW)
            firm.sign_in(login, WORD)
        else:
            firm = loop.person(login)
        firm.open(f"/needs/{need}/enter")
        assert not firm.is_wider_than_its_window()
        firm.page.locator("main [name='practitioners']").first.check()
        firm.send("提交报名", price=QUOTES[login], plan=plan, agree=True)
        assert "已密封" in firm.text
        assert "服务方案" in firm.text
        assert "zjcs-plan" in firm.text
        assert not firm.is_wider_than_its_window()

    # entries close; in the evening the judges are drawn, and nobody is told who they are
    closing = loop.working_day(1)
    loop.until(closing, time(17, 31))
    window.open(f"/results/{need}")
    assert "待" in window.text
    read_lottery(loop, closing)
    first = called(app, JudgeStatus.CALLED)
    assert len(first) == 3
    window.open(f"/results/{need}")
    assert "评审专家评审中" in window.text
    names = [who for _login, who, _key in first]
    assert not any(word in window.text for word in (*names, *QUOTES.values(), "45,300"))
    assert window.open(f"/verify?need={need}&panel=1") == 404
    assert window.open(f"/results/{need}/judges.json") == 404

    # the first drawn has something to do with a party and stands aside; the next is called
    loop.until(loop.working_day(1), time(9, 0))
    login, aside, key = first[0]
    judge = loop.person(login)
    judge.open("/workspace")
    judge.follow(judge.page.locator(f"main a[href='/judging/{key}']").first)
    assert "代称" not in judge.text
    judge.send("不参加", reason="两年前为其中一家机构做过技术顾问")
    loop.until(loop.today(), time(9, 10))
    second = called(app, JudgeStatus.CALLED)
    assert len(second) == 3
    assert aside not in {who for _login, who, _key in second}

    # three judges mark blind, one of them on a phone; the first thinks far less of one plan
    for place, (login, _who, key) in enumerate(second):
        if place == 1:
            judge = visitor(size=NARROW)
            judge.sign_in(login, WORD)
        else:
            judge = loop.person(login)
        judge.open("/judging")
        judge.follow(judge.page.locator(f"main a[href='/judging/{key}']").first)
        judge.send("确认参加", declared=True)
        for alias in (1, 2, 3):
            judge.follow(judge.page.locator(f"main a[href='/judging/{key}/plans/{alias}']"))
            assert not judge.is_wider_than_its_window()
            told = judge.text
            kind = next(number for number, plan in enumerate(judging.PLANS) if plan[:20] in told)
            assert not any(_name(app, cast, each) in told for each in FIRMS)
            assert "43,200" not in told
            own, for_people = judging.MARKS[kind]
            far = place == 0 and kind == 2
            judge.send(
                "提交评分",
                plan="13" if far else own,
                practitioners=for_people,
                reason=judging.REASONS[kind],
            )
        assert "提交评分" not in judge.text
    loop.until(loop.today(), time(9, 20))

    # marks are in: the far one is explained, and only then are the quotes opened
    window.open(f"/results/{need}")
    assert "待评审专家说明评分偏离" in window.text
    assert "43,200" not in window.text
    login, _who, key = second[0]
    judge = loop.person(login)
    judge.open("/workspace")
    judge.follow(judge.page.locator(f"main a[href='/judging/{key}']").first)
    row = judge.page.locator("main tr", has_text="待公开说明")
    assert row.count() == 1
    judge.follow(row.locator("a"))
    judge.send("提交说明", text=FAR)
    loop.until(loop.today(), time(9, 30))

    # everything is public: quotes, every mark, the explanation, who judged, the proof of the draw
    for public in (window, visitor(size=NARROW)):
        public.open(f"/results/{need}")
        assert not public.is_wider_than_its_window()
        for word in ("45,300", "44,100", "43,200", FAR, *(who for _login, who, _key in second)):
            assert word in public.text, word
        assert sum(public.text.count(word) for word in judging.REASONS) == 9
        assert aside not in public.text
    check_proof(window, f"/results/{need}/judges.json", tmp_path)
    window.follow(window.page.get_by_role("link", name="在线核验评审专家的抽取", exact=True))
    window.page.get_by_role("button", name="核验本证明", exact=True).click()
    verdict = window.page.locator("[data-draw-field='verdict']")
    verdict.wait_for()
    assert "证明成立" in verdict.inner_text()

    # the owner says how a judge worked; the best of the three accepts after the notice
    owner = loop.person("shipin")
    owner.open(f"/results/{need}")
    owner.follow(owner.page.get_by_role("link", name="评价", exact=True).first)
    owner.send("提交评价", mark="5", text="按时评分，理由具体")
    loop.until(loop.working_day(1), time(17, 10))
    name, entry_id, status = award_of(app, need)
    assert status == "offered"
    winner = loop.person(next(each for each in FIRMS if _name(app, cast, each) == name))
    winner.open(f"/entries/{entry_id}")
    winner.send("接受中选")
    with app.app_context():
        assert db.session.scalars(select(Need.status)).all() == [NeedStatus.AWARDED]
        assert list(invariants.broken()) == []

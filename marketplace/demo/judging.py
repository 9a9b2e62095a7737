"""Best value in the demo: an expert pool, one need judged with every mark public, one being judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from marketplace.accounts import actions as accounts
from marketplace.accounts import credit_code
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.accounts.passwords import hashed
from marketplace.accounts.permissions import Role
from marketplace.accounts.rules import DEMO_PASSWORD
from marketplace.foundation import clock, files
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import queries as register
from marketplace.projects.models import Need, PriceScoring, SelectionMethod
from marketplace.projects.weighing.actions import Weighing
from marketplace.selection import actions, queries
from marketplace.selection.experts import actions as pool
from marketplace.selection.experts import queries as experts
from marketplace.selection.experts.models import Expert
from marketplace.selection.judging import actions as judging
from marketplace.selection.judging import plans
from marketplace.selection.judging import queries as panels
from marketplace.selection.judging.models import JudgeStatus, PanelJudge

from . import needs
from .agenda import AFTER_LOTTERY, Days, Story
from .needs import NeedSketch, quote_reason
from .papers import pdf
from .people import CITY, DISTRICT, MAKER, Cast, Person

FIRMS = ("mingyuan", "lanjing", "qingshan")
ITEM = "stbc"
PLACES = ("青河水利职业技术学院", "青河市水土资源研究所", "鲁中水利规划院")
# login, name, place, title
PEOPLE = (
    ("zj-shao", "邵清源", 0, "教授"),
    ("zj-ning", "宁可为", 0, "副教授"),
    ("zj-miao", "苗秀石", 0, "高级工程师"),
    ("zj-guan", "关士林", 1, "研究员"),
    ("zj-xi", "席望川", 1, "高级工程师"),
    ("zj-lan", "兰若溪", 1, "高级工程师"),
    ("zj-bao", "鲍立堤", 2, "正高级工程师"),
    ("zj-chi", "池中岳", 2, "高级工程师"),
    ("zj-jia", "贾小川", 2, "工程师"),
)
CREDENTIALS = "从事水土保持方案编制、技术评审工作十余年，参加各级方案评审三十余次"
LATER = time(10, 0)
WEIGHING = Weighing(40, 15, 35, 10, PriceScoring.LOWEST)
PLANS = (
    "按项目区地形分为厂区、施工生产生活区和弃渣场三个防治区。先完成现场踏勘和土壤侵蚀模数测算，"
    "再分区布设截排水沟、沉沙池和植被恢复措施；每周报送编制进度，送审前组织一次内部校审，"
    "评审会后五个工作日内按意见修改报批。",
    "收集可研、地勘和降雨资料，采用遥感影像结合实地调查确定扰动范围。措施设计给出断面计算和工程量，"
    "监测点位与施工时序对应；安排专人驻场三天核对弃渣量，报批稿附各项措施典型设计图和投资概算，"
    "评审后三个工作日内修改完成。",
    "参照同类项目的成果编制，现场调查一次，措施包括临时排水、苫盖和绿化。按合同时限提交送审稿，"
    "评审意见逐条答复并修改，提供报批所需的附件和图件；编制期间按月与项目业主沟通进展，"
    "重要变动及时书面告知项目业主。",
)
# the marks of a judge for the three plans, by the place in PLANS: plan, people
MARKS = (("29.5", "8"), ("32", "8.5"), ("24", "8"))
REASONS = (
    "分区合理，时序安排可行，典型设计深度一般",
    "有断面计算和工程量，现场核对安排具体",
    "措施较笼统，缺少弃渣场拦挡和计算依据",
)


@dataclass(frozen=True)
class Pool:
    """The demo's experts by their accounts."""

    people: dict[int, Person]

    def person(self, judge: PanelJudge) -> Person:
        """The account of a judge."""
        return self.people[judge.user_id]


def best_value(cast: Cast, days: Days) -> Story:
    """The pool is filled, then one need is judged to its award, then another half-way."""
    yield days.at(12)
    known = fill_pool(cast)
    yield days.at(8)
    first = _publish(
        cast, "年加工五万吨果蔬项目水土保持方案编制", "青河市东城区食品产业园六路 18 号", "46000"
    )
    yield days.at(7, AFTER_LOTTERY)
    needs.enter_lottery(cast, days.day(7))
    yield days.at(6)
    _take_part(known, first, 3)
    _mark(known, first, 3)
    yield days.at(6, LATER)
    _explain(known, first)
    yield days.at(5)
    _rate(cast, first)
    yield days.at(4)
    needs.accept_offered(cast, first)
    yield days.at(2)
    second = _publish(
        cast, "冷冻调理食品扩能项目水土保持方案编制", "青河市东城区食品产业园二路 9 号", "48000"
    )
    yield days.at(1, AFTER_LOTTERY)
    needs.enter_lottery(cast, days.day(1))
    yield days.at(0)
    _take_part(known, second, 2)
    _mark(known, second, 1)


def fill_pool(cast: Cast) -> Pool:
    """Nine people apply; eight are admitted, the last one waits for the check."""
    shared, known = hashed(DEMO_PASSWORD), {}
    with transaction():
        now = clock.now()
        places = [_place(number, name) for number, name in enumerate(PLACES, start=1)]
        for login, name, place, _rank in PEOPLE:
            user = accounts.create_user(
                login,
                name,
                shared,
                places[place],
                (Role.OWNER_EDITOR,),
                MAKER,
                now,
                email=f"{login}@demo.invalid",
            )
            known[user.id] = Person(user.id, places[place].id)
    for person, (_login, _name, _number, title) in zip(known.values(), PEOPLE, strict=True):
        with transaction():
            now = clock.now()
            trade = experts.trade_of(ITEM, CITY, clock.today())
            said = pool.Application(title, CREDENTIALS, (trade,), ())
            paper = files.store(pdf("certificate"), "职称证书.pdf", person.actor, now, "file")
            key = pool.apply(said, CITY, paper, person.actor, now).id
        if person is list(known.values())[-1]:
            continue
        with transaction():
            pool.check(db.session.get_one(Expert, key), cast.desk(CITY, "operator").actor)
            pool.admit(db.session.get_one(Expert, key), cast.desk(CITY, "approver").actor)
    return Pool(known)


def _place(number: int, name: str) -> Organisation:
    return accounts.create_organisation(
        name=name,
        kind=OrganisationKind.PUBLIC_INSTITUTION,
        credit_code=credit_code.complete(f"12{DISTRICT}MB4DEM{number:03d}"),
        jurisdiction_code=DISTRICT,
        phone=f"0399-5590{number:03d}",
        is_demo=True,
        actor=MAKER,
        now=clock.now(),
    )


def _publish(cast: Cast, title: str, place: str, budget: str) -> int:
    sketch = NeedSketch(
        "shipin",
        ITEM,
        title,
        "编制水土保持方案报告书，通过专家评审并取得批复",
        place,
        budget,
        20,
        method=SelectionMethod.BEST_VALUE,
        weighing=WEIGHING,
    )
    need_id = needs.publish(cast, sketch)
    for number, (login, text) in enumerate(zip(FIRMS, PLANS, strict=True)):
        with transaction():
            need = db.session.get_one(Need, need_id)
            firm = cast.firms[login]
            kept = register.firm_of(firm.organisation_id, CITY)
            people = register.practitioners(kept.id) if kept is not None else []
            actions.enter_need(
                need,
                sha256_hex(f"demo {need.number} {login}".encode()),
                need.budget - Decimal(2400 + 1100 * number),
                firm.actor,
                quote_reason(number),
                plan=plans.Plan(text, [each.public_id for each in people]),
            )
    return need_id


def _judges(need_id: int, *statuses: JudgeStatus) -> list[PanelJudge]:
    panel = panels.panel_of(queries.live_round(db.session.get_one(Need, need_id)))
    assert panel is not None
    return [each for each in panels.judges(panel) if each.status in statuses]


def _take_part(known: Pool, need_id: int, count: int) -> None:
    with transaction():
        for judge in _judges(need_id, JudgeStatus.CALLED)[:count]:
            judging.take_part(judge, known.person(judge).actor)


def _mark(known: Pool, need_id: int, count: int) -> None:
    """So many judges mark every plan; the first of three thinks far less of one of them."""
    with transaction():
        for number, judge in enumerate(_judges(need_id, JudgeStatus.CONFIRMED)[:count]):
            for plan in plans.of_round(judge.panel.round):
                kind = PLANS.index(plan.plan or "")
                own, people = (Decimal(mark) for mark in MARKS[kind])
                own -= Decimal(11) if (number, kind, count) == (0, 2, 3) else Decimal(number) / 2
                judging.give_marks(
                    judge, plan.entry, own, people, REASONS[kind], known.person(judge).actor
                )


def _explain(known: Pool, need_id: int) -> None:
    with transaction():
        for judge in _judges(need_id, JudgeStatus.CONFIRMED):
            for question in panels.to_explain(judge):
                judging.explain(
                    question,
                    "该方案没有弃渣场拦挡措施和排水计算，按评分标准在措施设计一项上扣分较多",
                    known.person(judge).actor,
                )


def _rate(cast: Cast, need_id: int) -> None:
    """The owner and the bureau say something of a judge."""
    with transaction():
        judge = _judges(need_id, JudgeStatus.CONFIRMED)[0]
        judging.give_feedback(judge, 5, "按时评分，理由具体", cast.owners["shipin"].actor)
        judging.give_feedback(judge, 4, "评分及时，偏离说明清楚", cast.desk(CITY, "operator").actor)

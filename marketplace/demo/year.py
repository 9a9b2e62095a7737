"""A year of two cities and a county: who comes when, what is asked for, what goes wrong.

Everything is made through the actions at its own moment. What varies follows from numbers, so
that the same year comes out each time, apart from its dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from random import Random

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.rules import DEMO_PASSWORD
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import DrawSource, InvestmentKind
from marketplace.sanctions.models import Breach, Cause
from marketplace.sanctions.rules import Severity

from . import (
    arrivals,
    auditing,
    colluding,
    competing,
    discipline,
    filing,
    inheriting,
    judging,
    listing,
    opinions,
    ordering,
    overpriced,
    people,
    price_lists,
    seating,
    serving,
    story,
    truth,
    trying,
)
from .agenda import Agenda, Days, Story
from .lives import Plan, late_objection, need_life
from .needs import NeedSketch
from .neighbours import MORE_FIRMS, MORE_OFFICERS, MORE_OWNERS, SECOND_CITY
from .people import CITY, Cast
from .trades import PRICES, WORKS
from .wishes import SUPERVISION
from .wishes import WORKS as TENDERED_WORKS

WORKING_DAYS = 250
FIRST_NEED = 236
NEEDS = 110

INVESTMENT = {
    OrganisationKind.AGENCY: InvestmentKind.GOVERNMENT,
    OrganisationKind.PUBLIC_INSTITUTION: InvestmentKind.GOVERNMENT,
    OrganisationKind.VILLAGE_COMMITTEE: InvestmentKind.VILLAGE,
    OrganisationKind.NATURAL_PERSON: InvestmentKind.NATURAL_PERSON,
    OrganisationKind.COMPANY: InvestmentKind.ENTERPRISE,
}
STATE_FIRMS = ("chengtou", "shuiwu", "gongjiao", "wc-jianshe")
RECENT = 30  # the last so many needs fall into the last weeks
RECENT_DAYS = 21
# what differs in some of the needs, by their number; the others run their usual course
TURNS = {
    2: "declined",
    5: "withdrawn",
    8: "returned",
    11: "objected",
    12: "nobody",
    15: "late",
    17: "corrected",
    20: "terminated",
    23: "returned",
    26: "lapsed",
    29: "amended",
    32: "silent",
    33: "unmarked",
    35: "late",
    37: "upheld",
    38: "annulled",
    41: "withdrawn",
    44: "returned",
    46: "nobody",
    48: "corrected",
    51: "late",
    54: "objected",
    55: "unmarked",
    56: "terminated",
    60: "returned",
    63: "amended",
    65: "silent",
    68: "withdrawn",
    72: "late",
    73: "terminated",
    76: "overdue",
    77: "returned",
    79: "overdue",
    83: "declined",
    88: "unanswered",
    89: "unanswered",
    92: "corrected",
    94: "returning",
    96: "unsigned",
    97: "unsigned",
    99: "withdrawn",
    101: "annulment_waits",
    102: "objected",
    103: "objected",
    104: "objected",
    107: "submitted",
}
DRAWN = ("annulled", "annulment_waits")


def begin() -> None:
    """Move the clock of a database without history back to where the year begins."""
    story.begin(WORKING_DAYS)


def load(progress: Callable[[str], None]) -> None:
    """Make the year. The clock must stand where ``begin`` put it; it ends in the present."""
    days = story.days_to_present()
    progress("demo: people and organisations")
    with transaction():
        cast = people.make_cast(DEMO_PASSWORD, clock.now(), MORE_FIRMS, MORE_OWNERS, MORE_OFFICERS)
    agenda = Agenda()
    for each in stories(cast, days):
        agenda.add(each)
    told: set[tuple[int, int]] = set()

    def month(day: date) -> None:
        if (day.year, day.month) not in told:
            told.add((day.year, day.month))
            progress(f"demo: {day:%Y-%m}")

    agenda.run(days.end, month)
    story.return_to_present()
    ordering.answer_one(cast)


def stories(cast: Cast, days: Days) -> Iterator[Story]:
    """Everything that happens, each in its own time."""
    yield story.main_story(cast, days, lambda words: None, admitted=WORKING_DAYS - 2)
    yield from arrivals.arrivals(cast, days, WORKING_DAYS)
    for plan in plans():
        yield need_life(cast, days, plan)
    yield discipline.inspections(cast, days, 150)
    yield discipline.confirmations(cast, days, 144, 14)
    yield auditing.audits(cast, days, 9)
    yield trying.trial(cast, days, 4)
    yield inheriting.former_register(cast, days, 18)
    yield late_objection(cast, days)
    yield truth.called_back(cast, days, 210)
    yield truth.disputed(cast, days, 25)
    yield serving.rated(cast, days, 236, 150, 80, 30, 1)
    yield opinions.exchanged(cast, days, *range(200, 3, -12))
    yield overpriced.refused_budgets(cast, days)
    yield price_lists.fee_lists(cast, days)
    yield price_lists.audited_charges(cast, days)
    yield listing.proposals(cast, days)
    yield listing.demands(cast, days)
    yield seating.hall(cast, days)
    yield filing.changes(cast, days)
    yield filing.self_checks(cast, days)
    yield from ordering.orders(cast, days)
    yield from competing.competitions(cast, days)
    yield judging.best_value(cast, days)
    yield from colluding.colluding(cast, days)
    yield from _cards(cast, days)
    yield from _cases(cast, days)


# ---- needs ------------------------------------------------------------------


def plans() -> list[Plan]:
    """The year's needs, spread over it, closer together in its last weeks."""
    items = {city: _items(city) for city in (CITY, SECOND_CITY)}
    owners = [sketch for sketch in (*people.OWNERS, *MORE_OWNERS) if sketch.login in WORKS]
    made = []
    for number in range(NEEDS):
        chance = Random(f"plan {number}")  # noqa: S311 a demo's variety, no secret
        owner = owners[(number * 7 + number // len(owners)) % len(owners)]
        city = SECOND_CITY if owner.area == SECOND_CITY else CITY
        turn = TURNS.get(number, "")
        sketch = _sketch(owner, items[city], number, turn, chance)
        made.append(Plan(number, _before(number), city, sketch, turn))
    return made


def _before(number: int) -> int:
    """How many working days before the last a need is published."""
    early = NEEDS - RECENT
    if number < early:
        return FIRST_NEED - number * (FIRST_NEED - RECENT_DAYS - 1) // early
    return RECENT_DAYS - (number - early) * (RECENT_DAYS + 1) // RECENT


def _items(city: str) -> list[ServiceItem]:
    """What is asked for in a city: what at least two firms there offer and applicants order."""
    with transaction():
        listed = catalogue.items(clock.today(), accounts.lineage(city))
    offered = Counter(
        code
        for sketch in (*people.FIRMS, *MORE_FIRMS)
        if sketch.city == city and sketch.login not in (*arrivals.LATER, *story.APPLY_LATE)
        for code in sketch.items
    )
    least = 2 if city == CITY else 1
    return [
        item
        for item in listed
        if offered[item.code] >= least
        and item.code in PRICES
        and item.commissioned_by == "applicant"
    ]


def _sketch(
    owner: people.OwnerSketch,
    items: list[ServiceItem],
    number: int,
    turn: str,
    chance: Random,
) -> NeedSketch:
    work, place = chance.choice(WORKS[owner.login])
    item = items[(number * 11 + chance.randrange(3)) % len(items)]
    name = item.name
    for said_already in ("工程", "建设", "项目"):
        name = name.removeprefix(said_already)
    low, high = PRICES[item.code]
    budget = Decimal(chance.randint(low, high)).quantize(Decimal("1E2")).quantize(Decimal(1))
    inputs = {"zbdl": TENDERED_WORKS, "jsjl": SUPERVISION}.get(item.code, {})
    investment = INVESTMENT[owner.kind]
    if owner.login in STATE_FIRMS:
        investment = InvestmentKind.STATE_FIRM
    # government money above the limit of a direct pick is drawn, so is a third of the rest
    drawn = turn in DRAWN or (
        (investment is InvestmentKind.GOVERNMENT and budget >= 90_000) or number % 3 == 0
    )
    days = max(5, min(item.statutory_days, chance.choice((10, 15, 20, 25, 30))))
    if item.code == "jsjl":
        days = chance.choice((90, 150, 210, 300))
    return NeedSketch(
        owner.login,
        item.code,
        f"{work}项目{name}",
        f"完成{work}项目{name}的全部工作，提交{item.result}，配合审批部门修改至通过",
        place,
        format(budget, "f"),
        days,
        investment,
        DrawSource.LOTTERY if drawn else None,
        inputs=inputs,
    )


# ---- cards and cases --------------------------------------------------------


def _cards(cast: Cast, days: Days) -> Iterator[Story]:
    for before, firm, breach, facts, steps in (
        (190, "langgai", Breach.LATE, "两份报告无正当理由逾期提交，业主多次催告", "issued"),
        (165, "guanlan", Breach.SERVICE, "总监理工程师连续两周未到岗", "judged"),
        (120, "lice", Breach.DISCLOSURE, "公示的检测场所已搬迁两个月未更新", "judged"),
        (88, "zhongheng", Breach.SERVICE, "被反映项目负责人不在岗", "rejected"),
        (76, "wc-tuojin", Breach.SUPERVISION, "无正当理由拒绝提供监理日志备查", "repaired"),
        (62, "pingye", Breach.LATE, "测绘成果晚于约定时间五个工作日提交", "revoked"),
        (13, "lice", Breach.SUPERVISION, "检测设备溯源记录逾期未补齐", "stayed"),
        (12, "guanlan", Breach.LATE, "监理月报连续两期未按时提交", "issued"),
        (8, "xiaoyan", Breach.DISCLOSURE, "公示的联系人离职未更新，业主无法联系", "issued"),
        (6, "hengjia", Breach.SERVICE, "评估报告初稿错漏较多，被业主书面投诉", "reported"),
        (1, "lice", Breach.LATE, "检测报告逾期十日提交，影响业主验收", "proposed"),
        (7, "wc-mingtai", Breach.DISCLOSURE, "公示的资质证书编号有误未更正", "issued"),
    ):
        yield discipline.card_story(cast, days, before, firm, breach, facts, steps)


def _cases(cast: Cast, days: Days) -> Iterator[Story]:
    for before, firm, cause, facts, months, severity, steps in (
        (
            205,
            "zhishui",
            Cause.OVERCHARGE,
            "在合同价款之外另收现场踏勘费 3,000 元，责令退还后未按期退还",
            3,
            Severity.SLIGHT,
            "decided",
        ),
        (
            110,
            "mingjuan",
            Cause.BREACH,
            "被反映可行性研究报告投资估算依据不足",
            1,
            Severity.SLIGHT,
            "dismissed",
        ),
        (
            9,
            "anran",
            Cause.ABANDONMENT,
            "中选后两次拖延签约，经催告仍未派员到场",
            3,
            Severity.SLIGHT,
            "proposed",
        ),
        (
            4,
            "boyan",
            Cause.BREACH,
            "两个项目的可行性研究报告主要章节雷同，业主联名反映",
            6,
            Severity.ORDINARY,
            "heard",
        ),
        (
            2,
            "wc-yuntu",
            Cause.BREACH,
            "以未登记的外业人员出具房产测绘成果",
            6,
            Severity.ORDINARY,
            "reported",
        ),
    ):
        yield discipline.case_story(cast, days, before, firm, cause, facts, months, severity, steps)

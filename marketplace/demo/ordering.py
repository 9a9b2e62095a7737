"""Small services bought at once in the demo's year: firms asked one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions as intermediaries
from marketplace.intermediaries import queries as register_queries
from marketplace.orders import actions, queries
from marketplace.orders.models import AskStatus, Order, OrderAsk, OrderStatus
from marketplace.orders.placing import OrderContent, quick_investment

from . import dealings, fitting
from .agenda import AFTER_CLOSING, Days, Story
from .needs import budget_reason, quote_reason
from .people import CITY, Cast
from .trades import WORKS


@dataclass(frozen=True)
class Wish:
    """A small service: when, for whom, what, how much of it, its budget in yuan, how it goes.

    ``turn``: ``usual``, ``asking``, ``quoted``, ``silent`` (nobody answers), ``declined`` (the
    first firm does not take it), ``withdrawn``.
    """

    before: int
    owner: str
    item: str
    scope: str
    quantity: str
    budget: int
    turn: str = "usual"
    firm: str | None = None  # asked alone, by login; None: some that offer it


WISHES = (
    Wish(222, "shipin", "hjjc", "厂界噪声和废水例行监测", "4 个点位", 6800),
    Wish(205, "wuliu", "xfjc", "仓库建筑消防设施年度检测", "8600 平方米", 9600),
    Wish(188, "qian", "fcch", "自建住宅房产测绘", "1 宗", 3200),
    Wish(171, "jixie", "hjjc", "涂装车间有组织废气监测", "3 根排气筒", 8800, "declined"),
    Wish(160, "wc-fangzhi", "cwsj", "上年度财务收支审计", "1 个年度", 12000),
    Wish(149, "guangfu", "rzfx", "生活楼日照分析", "1 栋", 6000),
    Wish(131, "hewan", "yzbg", "村股份经济合作社验资", "1 户", 4200),
    Wish(118, "yaoye", "hjjc", "提取车间无组织废气监测", "5 个点位", 7600),
    Wish(97, "gongjiao", "fdcpg", "闲置站房租金评估", "2 处", 9000),
    Wish(83, "wc-yuchang", "fcch", "码头管理房房产测绘", "2 栋", 4800),
    Wish(66, "shuiwu", "cwsj", "管网更新专项资金审计", "1 项", 16000),
    Wish(41, "zhao", "fwjd", "民宿改造房屋安全鉴定", "1 栋", 9800),
    Wish(29, "xishan", "fdcpg", "游客中心用房租金评估", "1 处", 6200, "silent"),
    Wish(18, "wuliu", "fljc", "加油站雷电防护装置检测", "1 站", 3800, "withdrawn"),
    Wish(7, "jixie", "xfjc", "铸造车间消防设施检测", "5200 平方米", 7600),
    Wish(3, "yaoye", "cwsj", "研发费用专项审计", "1 个年度", 15000),
    Wish(0, "gongjiao", "xfjc", "公交枢纽消防设施检测", "12000 平方米", 14000, "quoted"),
    Wish(0, "shipin", "hjjc", "污水站出水水质监测", "2 个点位", 5200, "asking"),
    Wish(0, "jixie", "hpwj", "涂装废气治理技改环境影响分析", "1 项", 18000, "asking", "mingyuan"),
    Wish(0, "zhao", "rzfx", "民宿加层日照分析", "1 栋", 5600, "asking"),
)


def orders(cast: Cast, days: Days) -> Iterator[Story]:
    """Every small purchase of the year."""
    for number, wish in enumerate(WISHES):
        yield order_story(cast, days, number, wish)
    yield listings(cast, days, 150)
    yield friends(cast, days, 60)


def order_story(cast: Cast, days: Days, number: int, wish: Wish) -> Story:
    """One purchase: asked in the morning, answered in the evening, confirmed the next morning."""
    chance = Random(f"order {number}")  # noqa: S311 a demo's variety, no secret
    yield days.at(wish.before)
    owner = cast.owners[wish.owner]
    with transaction():
        now = clock.now()
        organisation = accounts.organisation(owner.organisation_id)
        register = accounts.register_of(organisation.jurisdiction_code)
        today = clock.local_day(now)
        item = catalogue.item(wish.item, today, accounts.lineage(register))
        able = [
            each
            for each in register_queries.organisations_offering(register, wish.item)
            if each != owner.organisation_id
        ]
        if wish.firm is not None:
            able = [cast.firms[wish.firm].organisation_id]
        if not able:
            return
        asked = chance.sample(able, min(len(able), 2))
        order_id = actions.ask_firms(
            wish.item,
            OrderContent(
                place=WORKS[wish.owner][0][1],
                scope=wish.scope,
                quantity=wish.quantity,
                investment=quick_investment(organisation.kind, False),
                fee_inputs=fitting.inputs(wish.item, Decimal(wish.budget)),
                deviation_reason=budget_reason(wish.scope),
                budget=Decimal(wish.budget),
                wanted_by=queries.day_after(item, today, min(item.statutory_days, 7)),
            ),
            asked,
            owner.actor,
            now,
        ).id
    if wish.turn in ("asking", "silent"):
        return
    yield days.at(wish.before, AFTER_CLOSING.replace(hour=16))
    if wish.turn == "withdrawn":
        with transaction():
            actions.withdraw(_get(order_id), "检测时间与停业计划冲突，另行安排", owner.actor)
        return
    if wish.turn == "declined":
        with transaction():
            ask = queries.live_ask(_get(order_id))
            assert ask is not None
            asked_firm = cast.firms[cast.firm_of(ask.organisation_id)]
            actions.decline(ask, "本周现场任务已排满", asked_firm.actor)
    if not _quote(cast, order_id, wish, chance) or wish.turn == "quoted":
        return
    yield days.at(wish.before - 1)
    with transaction():
        order = _get(order_id)
        if order.status is not OrderStatus.QUOTED:
            return
        contract = actions.confirm_quote(order, cast.approvers[wish.owner].actor)
        contract_id, firm = contract.id, cast.firm_of(contract.firm_id)
    if wish.before < 5:
        return
    yield days.at(wish.before - 3)
    dealings.deliver(cast, firm, contract_id, "检测完成，提交报告")
    yield days.at(wish.before - 4)
    dealings.accept(cast, wish.owner, contract_id)
    dealings.evaluate(cast, wish.owner, firm, contract_id, chance.randrange(4))


def _quote(cast: Cast, order_id: int, wish: Wish, chance: Random) -> bool:
    """The firm whose turn it is names its price."""
    with transaction():
        ask = queries.live_ask(_get(order_id))
        if ask is None:
            return False
        price = (Decimal(wish.budget) * chance.randint(86, 99) / 100).quantize(Decimal(1))
        firm = cast.firms[cast.firm_of(ask.organisation_id)]
        actions.quote(ask, price, "含现场和报告，三日内完成", firm.actor, quote_reason(0))
    return True


def answer_one(cast: Cast) -> None:
    """Where the quotes of the last days have lapsed by now, which depends on the hour, a firm that
    is asked at present names its price."""
    with transaction():
        quoted = select(Order.id).where(Order.status == OrderStatus.QUOTED).limit(1)
        if db.session.scalars(quoted).first() is not None:
            return
        asked = select(OrderAsk).where(OrderAsk.status == AskStatus.ASKED).order_by(OrderAsk.id)
        ask = db.session.scalars(asked.limit(1)).first()
        if ask is not None:
            firm = cast.firms[cast.firm_of(ask.organisation_id)]
            price = (ask.order.need.budget * 9 / 10).quantize(Decimal(1))
            actions.quote(ask, price, "含现场和报告，三日内完成", firm.actor, quote_reason(0))


def _get(order_id: int) -> Order:
    return db.session.get_one(Order, order_id)


# how often they deal, and the place at which both sides give full marks
FRIENDS, FULL = 5, 5
# firm, item, price in yuan, from, to, unit, days
LISTED = (
    ("zhengjian", "fwjd", "4800", "1", "600", "平方米", 5),
    ("xiaoyan", "xfjc", "6000", "1", "5000", "平方米", 5),
    ("xiaoyan", "fljc", "3000", "70", "90", "检测点", 4),
    ("qiji", "yzbg", "3000", "1", "1", "户", 3),
    ("pingye", "rzfx", "5600", "1", "2", "栋", 4),
)


def listings(cast: Cast, days: Days, before: int) -> Story:
    """Some firms put a fixed price on their page; two owners order at it."""
    yield days.at(before)
    for firm, item, amount, first, last, unit, promised in LISTED:
        with transaction():
            person = cast.firms[firm]
            file = register_queries.firm_of(person.organisation_id, CITY)
            assert file is not None
            intermediaries.save_offering(
                file,
                item,
                Decimal(0),
                promised,
                person.actor,
                clock.now(),
                intermediaries.FixedPrice(
                    amount=Decimal(amount),
                    base_from=Decimal(first),
                    base_to=Decimal(last),
                    base_unit=unit,
                    inputs={"building_points": first} if item == "fljc" else {},
                ),
                "小单量按次计价，含往返和报告",
            )
    yield from _order_listing(cast, days, 90, "hewan", "qiji", "yzbg", "1 户", 1)
    yield from _order_listing(cast, days, 35, "qian", "pingye", "rzfx", "1 栋", 1)


def friends(cast: Cast, days: Days, first: int) -> Story:
    """One owner and one firm that deal again and again and always give each other full marks."""
    for before in range(first, first - 5 * FRIENDS, -5):
        yield from _order_listing(cast, days, before, "qian", "qiji", "yzbg", "1 户", 1, FULL)


def _order_listing(
    cast: Cast,
    days: Days,
    before: int,
    owner: str,
    firm: str,
    item: str,
    quantity: str,
    units: int,
    given: int = 0,
) -> Story:
    yield days.at(before)
    with transaction():
        file = register_queries.firm_of(cast.firms[firm].organisation_id, CITY)
        assert file is not None
        offering = register_queries.offering(file.id, item)
        assert offering is not None
        organisation = accounts.organisation(cast.owners[owner].organisation_id)
        order_id = actions.order_listing(
            offering,
            OrderContent(
                place=WORKS[owner][0][1],
                scope="按机构公布的服务内容办理",
                quantity=quantity,
                investment=quick_investment(organisation.kind, False),
                fee_inputs={},
                units=Decimal(units),
            ),
            cast.owners[owner].actor,
            clock.now(),
        ).id
    yield days.at(before, AFTER_CLOSING.replace(hour=16))
    with transaction():
        ask = queries.live_ask(_get(order_id))
        assert ask is not None
        contract_id = actions.take_listing(ask, cast.firms[firm].actor).id
    yield days.at(before - 3)
    dealings.deliver(cast, firm, contract_id, "按约定提交成果")
    yield days.at(before - 4)
    dealings.accept(cast, owner, contract_id)
    dealings.evaluate(cast, owner, firm, contract_id, given)

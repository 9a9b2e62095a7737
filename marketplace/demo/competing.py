"""Sealed quotes in the demo: equals that were drawn, a mean, low quotes, quotes still sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from marketplace.accounts.rules import DEMO_PASSWORD
from marketplace.foundation import clock
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need, NeedStatus, SelectionMethod
from marketplace.selection import actions, queries
from marketplace.selection.asking import actions as asking
from marketplace.selection.keyholding import actions as keys
from marketplace.selection.keyholding import queries as holding
from marketplace.selection.keyholding.models import Capacity
from marketplace.selection.sealing import low
from marketplace.selection.talks import actions as talks
from marketplace.selection.talks.models import Talk

from . import dealings, needs
from .agenda import AFTER_CLOSING, AFTER_LOTTERY, Days, Story
from .needs import NeedSketch, quote_reason
from .people import Cast, Person

FIRMS = ("mingyuan", "lanjing", "qingshan")
OPENED = AFTER_CLOSING.replace(hour=17, minute=40)
SCOPE = "编制水土保持方案报告书，通过专家评审并取得批复"
ASKED = "土石方量是否已有测算，现状地形图能否由业主提供"
ANSWERED = "土石方量见附件中的可行性研究报告，现状地形图签订合同后提供"
TALKED = (
    "请说明现场勘查安排几次，评审会务费用是否包含在报价内",
    "现场勘查安排两次，评审会务费用已包含；因同期在附近有项目，报价下调 500 元",
)
EXPLAINED = "同一流域另有在编项目，现场调查和监测数据可以共用，投入人员不减"


@dataclass(frozen=True)
class Competition:
    """One need with sealed quotes: when it is published, what it is, and the quotes in yuan of
    ``FIRMS``. ``turn``: ``run`` to a contract, ``low`` until a quote must be explained,
    ``explained`` until the owner has to decide, ``sealed`` while entries are open. ``hands``: who
    of the three holders of its key hands in a share, empty where the key lies in one hand. ``also``:
    items bought with it, with their shares of the budget."""

    before: int
    method: SelectionMethod
    title: str
    place: str
    budget: int
    quotes: tuple[int, ...]
    turn: str = "run"
    hands: tuple[Capacity, ...] = ()
    item: str = "stbc"
    also: tuple[tuple[str, int], ...] = ()


COMPETITIONS = (
    Competition(
        9,
        SelectionMethod.PRICE_COMPETITION,
        "年产两万吨速冻面点项目水土保持方案编制",
        "青河市东城区食品产业园三路 6 号",
        48000,
        (44600, 44600, 46200),
    ),
    Competition(
        8,
        SelectionMethod.AVERAGE_PRICE,
        "冷链仓储二期项目水土保持方案编制",
        "青河市东城区食品产业园五路 11 号",
        46000,
        (41800, 43500, 45600),
    ),
    Competition(
        6,
        SelectionMethod.PRICE_COMPETITION,
        "中试车间新建项目水土保持方案编制",
        "青河市东城区食品产业园二路 8 号",
        49000,
        (46800, 47500, 45900),
        hands=(Capacity.BUREAU, Capacity.PLATFORM),
    ),
    Competition(
        7,
        SelectionMethod.PRICE_COMPETITION,
        "净菜加工线新建项目环境影响评价文件和水土保持方案编制",
        "青河市东城区食品产业园八路 3 号",
        48000,
        (45800, 45300, 46700),
        item="hpwj",
        also=(("stbc", 22000),),
    ),
    Competition(
        1,
        SelectionMethod.PRICE_COMPETITION,
        "污水处理站改造项目水土保持方案编制",
        "青河市东城区食品产业园六路 1 号",
        43000,
        (41500, 40800, 42100),
        "one_hand",
        hands=(Capacity.OWNER,),
    ),
    Competition(
        3,
        SelectionMethod.PRICE_COMPETITION,
        "中央厨房扩建项目水土保持方案编制",
        "青河市东城区食品产业园一路 2 号",
        45000,
        (43800, 27600, 44100),
        "explained",
    ),
    Competition(
        1,
        SelectionMethod.PRICE_COMPETITION,
        "厂区雨污分流改造项目水土保持方案编制",
        "青河市东城区食品产业园三路 6 号",
        42000,
        (40900, 41300, 26800),
        "low",
    ),
    Competition(
        0,
        SelectionMethod.PRICE_COMPETITION,
        "原料库扩建项目水土保持方案编制",
        "青河市东城区食品产业园四路 9 号",
        47000,
        (45100, 44900, 46000),
        "sealed",
    ),
)


def competitions(cast: Cast, days: Days) -> Iterator[Story]:
    """Every need with sealed quotes, once the three who hold keys have set their passphrases."""
    yield _passphrases(cast, days)
    yield _talked(cast, days)
    for each in COMPETITIONS:
        yield _competition(cast, days, each)


def _passphrases(cast: Cast, days: Days) -> Story:
    yield days.at(max(each.before for each in COMPETITIONS) + 1)
    for person in _holders(cast).values():
        made = keys.prepared(DEMO_PASSWORD)
        with transaction():
            keys.keep_passphrase(made, person.actor, clock.now())


def _holders(cast: Cast) -> dict[Capacity, Person]:
    return {
        Capacity.OWNER: cast.approvers["shipin"],
        Capacity.BUREAU: cast.officers["shenpi"],
        Capacity.PLATFORM: cast.officers["anquan"],
    }


def _hand_in(cast: Cast, need_id: int, hands: tuple[Capacity, ...]) -> None:
    """Let holders hand in their shares; with two of them the quotes are opened."""
    for capacity in hands:
        with transaction():
            shares = holding.shares(queries.live_round(db.session.get_one(Need, need_id)))
            share = next(each for each in shares if each.capacity is capacity)
            part = keys.opened_with(share, DEMO_PASSWORD)
            keys.hand_in(share, part, _holders(cast)[capacity].actor)


def _competition(cast: Cast, days: Days, plan: Competition) -> Story:
    owner = "shipin"
    yield days.at(plan.before)
    sketch = NeedSketch(
        owner,
        plan.item,
        plan.title,
        SCOPE if not plan.also else f"编制环境影响评价文件，取得批复；{SCOPE}",
        plan.place,
        str(plan.budget),
        20,
        method=plan.method,
        two_keys=bool(plan.hands),
        also=plan.also,
    )
    need_id = needs.publish(cast, sketch)
    for number, (login, price) in enumerate(zip(FIRMS, plan.quotes, strict=True)):
        with transaction():
            need = db.session.get_one(Need, need_id)
            actions.enter_need(
                need,
                sha256_hex(f"demo {need.number} {login}".encode()),
                Decimal(price),
                cast.firms[login].actor,
                quote_reason(number),
            )
    if plan.turn == "sealed":
        _asked(cast, need_id)
    if plan.turn in ("sealed", "low"):
        return
    yield days.at(plan.before - 1, OPENED)
    if plan.hands:
        _hand_in(cast, need_id, plan.hands)
        if plan.turn == "one_hand":
            return
        yield days.at(plan.before - 1, OPENED.replace(minute=50))
    if plan.turn == "explained":
        yield days.at(plan.before - 2)
        _explain(cast, need_id)
        return
    day = plan.before - 1
    with transaction():
        running = queries.live_round(db.session.get_one(Need, need_id))
        waits = running.ranking is None and running.lottery_day == days.day(day)
    if waits:
        yield days.at(day, AFTER_LOTTERY)
        needs.enter_lottery(cast, days.day(day))
    for before in range(day - 1, 0, -1):
        yield days.at(before)
        firm = needs.accept_offered(cast, need_id)
        if firm is not None:
            dealings.sign(cast, owner, firm, need_id)
            return


def _talked(cast: Cast, days: Days) -> Story:
    """A direct pick before which the owner asks: one firm answers and quotes less, one is due."""
    owner = "shipin"
    yield days.at(1)
    sketch = NeedSketch(
        owner,
        "stbc",
        "成品仓储区改造项目水土保持方案编制",
        "编制水土保持方案报告书，通过专家评审并取得批复",
        "青河市东城区食品产业园七路 2 号",
        "44000",
        20,
    )
    need_id = needs.publish(cast, sketch)
    _asked(cast, need_id, ANSWERED)
    needs.enter(cast, need_id, FIRMS)
    yield days.at(0, OPENED)
    with transaction():
        running = queries.live_round(db.session.get_one(Need, need_id))
        first, second = queries.listed(running)[:2]
        asked = talks.ask(first, TALKED[0], cast.owners[owner].actor)
        talks.ask(second, TALKED[0], cast.owners[owner].actor)
    with transaction():
        talk = db.session.get_one(Talk, asked.id)
        firm = cast.firms[cast.firm_of(talk.entry.organisation_id)]
        price = talk.entry.quoted - 500
        talks.answer(talk, TALKED[1], price, firm.actor, quote_reason(0))


def _asked(cast: Cast, need_id: int, answer: str = "") -> None:
    """A firm asks in public about a need that was just published, and is answered or waits."""
    with transaction():
        need = db.session.get_one(Need, need_id)
        row = asking.ask(need, ASKED, cast.firms[FIRMS[0]].actor)
        if answer:
            asking.answer(row, answer, cast.owners["shipin"].actor)


def _explain(cast: Cast, need_id: int) -> None:
    with transaction():
        need = db.session.get_one(Need, need_id)
        if need.status is not NeedStatus.SELECTING:
            return
        for asked in low.of_round(queries.live_round(need)):
            firm = cast.firms[cast.firm_of(asked.entry.organisation_id)]
            if clock.now() < asked.explain_by:
                low.explain(asked, EXPLAINED, firm.actor)

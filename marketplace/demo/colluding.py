"""A ring that takes turns and quotes for show, a trio that only looks like one, two complaints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from marketplace.foundation import clock, files
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need, SelectionMethod
from marketplace.selection import actions
from marketplace.supervision.collusion import actions as screening
from marketplace.supervision.collusion.models import CollusionFlag, CollusionStatus
from marketplace.supervision.collusion.rules.screens import Screen
from marketplace.supervision.complaints import actions as complaining
from marketplace.supervision.complaints import replying
from marketplace.supervision.complaints.models import SelectionComplaint
from marketplace.supervision.complaints.rules import About

from . import dealings, needs, papers
from .agenda import Days, Story
from .competing import COMPETITIONS, OPENED, Competition
from .competing import FIRMS as TRIO
from .needs import NeedSketch, quote_reason
from .people import CITY, Cast

RING = ("jingwei", "tianhe", "fangyuan")
OWNER = "shipin"
DAYS = 10
# what the ring's members quote for show lies close together, above whose turn it is
RING_NEEDS = (
    (34, "一号车间地形图", (36800, 40600, 40700)),
    (33, "二号车间地形图", (40500, 36900, 40600)),
    (32, "物流园地形图", (40700, 40800, 37000)),
    (30, "停车场地形图", (36700, 40400, 40500)),
    (29, "污水站地形图", (40300, 36500, 40400)),
)
# what two of the ring hand in was written by one person
AUTHORS = dict(zip(RING, ("褚文印", "褚文印", "闵方正"), strict=True))
# one firm works nearby and is cheaper each time: the others reckon alike
ALIKE_NEEDS = (
    (16, "仓库改造项目水土保持方案编制", (37200, 43900, 44100)),
    (14, "办公楼改造项目水土保持方案编制", (36900, 43600, 43500)),
    (11, "道路改造项目水土保持方案编制", (37400, 44200, 44000)),
)
EXPLAINED = (
    "经调阅各件需求的报价说明和在编项目台账，报出最低价的机构同期承担同一园区的方案编制，"
    "现场调查数据可以共用，其他两家按各自成本报价；三家没有共同的人员、设备和资金往来，予以排除"
)
REPLIED = "补充监测的范围在公告附件第三条中载明，答疑期间没有收到口头提问，答疑记录附后。"
COMPLAINED = (
    (
        6,
        3,
        COMPETITIONS[1],
        "qingshan",
        "业主在答疑中只向其中一家说明了补充监测的范围，我方按公告范围报价，请求查明答疑过程并处理。",
        "经调阅答疑记录，补充监测范围在公告附件中载明，未向任何一家单独说明，投诉不成立。",
    ),
    # whoever entered the lottery's numbers for the equals stands aside: it is for the superior office
    (
        1,
        None,
        COMPETITIONS[0],
        "qingshan",
        "并列机构抽取次序时，公告的开奖期次与结果页载明的期次不一致，请求查明登记过程并书面说明。",
        "",
    ),
)


def colluding(cast: Cast, days: Days) -> Iterator[Story]:
    """The ring, the look-alike and how it is cleared, the complaints."""
    for before, title, quotes in RING_NEEDS:
        yield _competition(cast, days, before, "chhy", f"{title}测绘", RING, quotes)
    for before, title, quotes in ALIKE_NEEDS:
        yield _competition(cast, days, before, "stbc", title, TRIO, quotes)
    yield _cleared(cast, days)
    for each in COMPLAINED:
        yield _complained(cast, days, *each)


def _competition(
    cast: Cast,
    days: Days,
    before: int,
    item: str,
    title: str,
    firms: Sequence[str],
    quotes: Sequence[int],
) -> Story:
    yield days.at(before)
    sketch = NeedSketch(
        OWNER,
        item,
        title,
        f"完成{title}的全部工作，提交成果并配合审批部门修改至通过",
        "青河市东城区食品产业园",
        "45000",
        DAYS,
        method=SelectionMethod.PRICE_COMPETITION,
    )
    need_id = needs.publish(cast, sketch)
    for number, (login, price) in enumerate(zip(firms, quotes, strict=True)):
        with transaction():
            need = db.session.get_one(Need, need_id)
            contribution = sha256_hex(f"demo {need.number} {login}".encode())
            actor = cast.firms[login].actor
            actions.enter_need(need, contribution, Decimal(price), actor, quote_reason(number))
    yield days.at(before - 1, OPENED)
    winner = None
    left = before - 2
    while winner is None and left > 0:
        yield days.at(left)
        winner = needs.accept_offered(cast, need_id)
        left -= 1
    if winner is None:
        return
    contract_id = dealings.sign(cast, OWNER, winner, need_id)
    yield days.at(max(left - 1, 0))
    making = None
    if winner in AUTHORS:
        making = papers.Making(AUTHORS[winner], "WPS 文字", clock.now() - timedelta(hours=2))
    dealings.deliver(cast, winner, contract_id, "按合同约定提交成果", making)
    yield days.at(max(left - 2, 0))
    dealings.accept(cast, OWNER, contract_id)


def _cleared(cast: Cast, days: Days) -> Story:
    """An officer looks at what the screen made of the trio, and says why it is nothing."""
    yield days.at(0)
    trio = {cast.firms[login].organisation_id for login in TRIO}
    with transaction():
        for flag in db.session.scalars(
            select(CollusionFlag).where(
                CollusionFlag.screen == Screen.COVER,
                CollusionFlag.status == CollusionStatus.RAISED,
            )
        ):
            if set(flag.firms) == trio:
                officer = cast.desk(CITY, "operator").actor
                screening.decide(flag, False, EXPLAINED, officer, clock.now())


def _complained(
    cast: Cast,
    days: Days,
    before: int,
    decided: int | None,
    competition: Competition,
    firm: str,
    facts: str,
    answer: str,
) -> Story:
    yield days.at(before)
    with transaction():
        need = db.session.scalars(select(Need).where(Need.title == competition.title)).one()
        actor, now = cast.firms[firm].actor, clock.now()
        paper = files.store(papers.pdf("complaint"), "投诉材料.pdf", actor, now, "evidence")
        made_id = complaining.file_complaint(need, About.OWNER, facts, actor, now, paper).id
    if decided is None:
        return
    officer = cast.desk(CITY, "approver").actor
    yield days.at(decided + 1)
    with transaction():
        made = db.session.get_one(SelectionComplaint, made_id)
        complaining.accept_complaint(made, officer, clock.now())
    with transaction():
        made = db.session.get_one(SelectionComplaint, made_id)
        owner, now = cast.owners[OWNER].actor, clock.now()
        paper = files.store(papers.pdf("answers"), "答疑记录.pdf", owner, now, "evidence")
        replying.reply(made.replies[0], REPLIED, paper, owner, now)
    yield days.at(decided)
    with transaction():
        made = db.session.get_one(SelectionComplaint, made_id)
        complaining.decide_complaint(made, False, False, answer, officer, clock.now())

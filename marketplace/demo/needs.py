"""What the demo's owners ask for, and the steps from a draft to an accepted award."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects import actions as projects
from marketplace.projects import drafting
from marketplace.projects import queries as lookup
from marketplace.projects.drafting import NeedContent
from marketplace.projects.models import (
    DrawSource,
    InvestmentKind,
    Need,
    NeedStatus,
    Project,
    SelectionMethod,
)
from marketplace.projects.packages.actions import PartContent
from marketplace.projects.weighing.actions import Weighing
from marketplace.selection import actions as selection
from marketplace.selection import queries
from marketplace.selection.models import Award, AwardStatus

from . import fitting
from .codes import CODES
from .people import DESKS, Cast

# items with a fee standard: firms have promised less than it
STANDARD = ("jsjl", "zbdl", *fitting.ITEMS)
PICK_REASON = "方案完整、承诺时限最短，报价在预算之内"


@dataclass(frozen=True)
class NeedSketch:
    """One invented need. ``budget`` and prices in yuan; ``inputs`` as the fee standard asks."""

    owner: str
    item: str
    title: str
    scope: str
    place: str
    budget: str
    days: int
    investment: InvestmentKind = InvestmentKind.ENTERPRISE
    draw: DrawSource | None = None
    entry_days: int | None = None
    minimum_grade: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    two_keys: bool = False
    weighing: Weighing | None = None
    method: SelectionMethod | None = None  # None: a draw where ``draw`` is given, else a pick
    also: tuple[tuple[str, int], ...] = ()  # items bought with it, with their shares in yuan

    @property
    def share(self) -> Decimal:
        """What the main item has of the budget."""
        return Decimal(self.budget) - sum(share for _item, share in self.also)


def draft(cast: Cast, sketch: NeedSketch, failed: int | None = None) -> int:
    """Write a need down as a draft, with ``failed`` as the next notice of that need; returns its
    id."""
    owner = cast.owner_sketches[sketch.owner]
    with transaction():
        actor, now = cast.owners[sketch.owner].actor, clock.now()
        earlier = _need(failed) if failed is not None else None
        project = earlier.project if earlier else _project(sketch.title, actor, now)
        need = drafting.draft_need(
            project,
            sketch.item,
            NeedContent(
                title=sketch.title,
                scope=sketch.scope,
                place=sketch.place,
                budget=Decimal(sketch.budget),
                fee_inputs=sketch.inputs or fitting.inputs(sketch.item, sketch.share),
                investment=sketch.investment,
                days_wanted=sketch.days,
                method=sketch.method
                or (SelectionMethod.RANDOM_DRAW if sketch.draw else SelectionMethod.DIRECT_PICK),
                draw_source=sketch.draw,
                two_keys=sketch.two_keys,
                weighing=sketch.weighing,
                contact_name=owner.editor,
                contact_phone="0399-5570000",
                minimum_grade=sketch.minimum_grade,
                entry_working_days=sketch.entry_days,
                deviation_reason=budget_reason(sketch.title),
                parts=[
                    PartContent(
                        item,
                        Decimal(share),
                        fitting.inputs(item, Decimal(share)),
                        budget_reason(sketch.title),
                    )
                    for item, share in sketch.also
                ],
            ),
            (),
            actor,
            now,
            earlier=earlier,
        )
        return need.id


def _project(title: str, actor: Actor, now: datetime) -> Project:
    """One project for all needs of those that have a code, else one of its own."""
    for begins, (name, code) in CODES.items():
        if title.startswith(begins):
            known = lookup.project_by_code(actor.organisation_id or 0, code)
            return known or drafting.start_project(name, code, actor, now)
    return drafting.start_project(title.split("项目")[0] + "项目", None, actor, now)


def submit(cast: Cast, sketch: NeedSketch, need_id: int) -> None:
    """Hand a draft to the owner's approver."""
    with transaction():
        drafting.submit_need(_need(need_id), cast.owners[sketch.owner].actor, clock.now())


def publish(cast: Cast, sketch: NeedSketch, failed: int | None = None) -> int:
    """Draft, submit and publish a need, again where ``failed`` names one; returns its id."""
    need_id = draft(cast, sketch, failed)
    submit(cast, sketch, need_id)
    with transaction():
        selection.publish_need(_need(need_id), cast.approvers[sketch.owner].actor, clock.now())
    return need_id


def enter(cast: Cast, need_id: int, firms: Sequence[str], below: str = "0.92") -> None:
    """Let firms enter, each with a price somewhat below the budget."""
    for place, login in enumerate(firms):
        with transaction():
            need = _need(need_id)
            price = (need.budget * (Decimal(below) - Decimal(place) / 200)).quantize(Decimal(1))
            contribution = sha256_hex(f"demo {need.number} {login}".encode())
            selection.enter_need(
                need, contribution, price, cast.firms[login].actor, quote_reason(place)
            )


# kept only where the price check asks for a reason
BUDGET_REASONS = (
    "工作范围比同类项目大，含现场调查和两轮修改",
    "项目规模较小，按实际工作量安排预算",
    "工期紧，需要增派人员，参照上年同类项目的成交价",
    "与相邻地块同批办理，部分资料可以共用，预算从低安排",
)
QUOTE_REASONS = (
    "本机构有相邻项目的基础资料，外业工作量较小，报价从低",
    "采用自有设备和人员，不另行分包，报价从低",
    "按实际投入人员和天数测算",
)


def budget_reason(title: str) -> str:
    """Why an owner of the demo wants a budget far from the standard."""
    return BUDGET_REASONS[len(title) % len(BUDGET_REASONS)]


def quote_reason(place: int) -> str:
    """Why a firm of the demo quotes far from the standard."""
    return QUOTE_REASONS[place % len(QUOTE_REASONS)]


@dataclass(frozen=True)
class Opened:
    """A published need of the demo and who is to be picked (None: a draw decides)."""

    id: int
    sketch: NeedSketch
    chosen: str | None


def open_for(cast: Cast, sketch: NeedSketch, entrants: Sequence[str], chosen: str | None) -> Opened:
    """Publish a need and let firms enter."""
    opened = Opened(publish(cast, sketch), sketch, chosen)
    enter(cast, opened.id, entrants, "0.85" if sketch.item in STANDARD else "0.92")
    return opened


def post_again(cast: Cast, opened: Opened) -> None:
    """Post a need that nobody entered once more, with more money and more time."""
    with transaction():
        failed = _need(opened.id).status is NeedStatus.FAILED
    if failed:
        more = format(Decimal(opened.sketch.budget) * Decimal("1.2"), ".0f")
        eased = replace(opened.sketch, budget=more, days=opened.sketch.days + 5)
        publish(cast, eased, opened.id)


def pick_if_open(cast: Cast, opened: Opened) -> None:
    """Choose an entrant directly once entries have closed; a second person approves if needed."""
    with transaction():
        need = _need(opened.id)
        if opened.chosen is None or need.status is not NeedStatus.SELECTING:
            return
        if queries.award_of(need) is not None:
            return
        entry = queries.my_entry(need, cast.firms[opened.chosen].organisation_id)
        assert entry is not None
        owner = cast.owners[opened.sketch.owner].actor
        award_id = selection.pick_entry(need, entry, PICK_REASON, owner).id
        two = need.two_person
    if two:
        with transaction():
            award = db.session.get_one(Award, award_id)
            selection.approve_pick(award, cast.approvers[opened.sketch.owner].actor)


def withdraw(cast: Cast, opened: Opened) -> None:
    """The owner takes a published need back, with a public reason."""
    with transaction():
        projects.withdraw_need(
            _need(opened.id),
            "养殖规模调整，按新规模不再需要该项服务",
            cast.approvers[opened.sketch.owner].actor,
            clock.now(),
        )


def lottery_is_awaited(opened: Sequence[Opened], day: date) -> bool:
    """Whether a draw waits for the lottery's issue of ``day``."""
    with transaction():
        rounds = [queries.round_of(_need(one.id)) for one in opened if one.chosen is None]
        return any(one is not None and one.lottery_day == day for one in rounds)


def enter_lottery(cast: Cast, day: date) -> None:
    """Let two officers of each bureau whose draws wait note the lottery's issue of a day.

    Its numbers are invented for the demo.
    """
    with transaction():
        waiting = {each.bureau_id for each in queries.lotteries_due(clock.now()) if each.day == day}
    issue = f"{day.year}{day.timetuple().tm_yday:03d}"
    drum = sorted(range(1, 81), key=lambda ball: sha256_hex(f"demo {day} {ball}".encode()))
    numbers = sorted(drum[:20])
    for city, desk in DESKS.items():
        for login in (desk.operator, desk.approver):
            reader = cast.officers.get(login)
            if reader is None or reader.organisation_id not in waiting:
                continue
            with transaction():
                selection.enter_lottery(
                    city,
                    day,
                    issue,
                    [numbers],
                    "演示数据：非真实开奖号码",
                    reader.actor,
                    clock.now(),
                )


def accept_offered(cast: Cast, need_id: int) -> str | None:
    """The winner accepts if the award has been offered; returns its login then."""
    with transaction():
        award = queries.award_of(_need(need_id))
        if award is None or award.status is not AwardStatus.OFFERED:
            return None
        login = cast.firm_of(award.organisation_id)
        selection.accept_award(award, cast.firms[login].actor)
        return login


def _need(need_id: int) -> Need:
    return db.session.get_one(Need, need_id)

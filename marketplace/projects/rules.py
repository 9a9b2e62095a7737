"""What may be posted, for how long firms may enter, and the numbers of the selection edition.

Everything here decides on plain values. (RULES sections 6 and 7)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MinLen

GRADES = ("A", "B", "C", "D")
UNGRADED = "ungraded"
Weekday = Annotated[int, Ge(0), Le(6)]


@dataclass(frozen=True)
class EntryPeriod:
    """The least working days entries stay open for budgets up to ``up_to`` yuan, inclusive.

    Without ``up_to`` the period holds for every larger budget; it must be the last one.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    working_days: Annotated[int, Ge(1), Le(60)]
    up_to: Annotated[Decimal, Ge(Decimal(0))] | None = None


@dataclass(frozen=True)
class Gate:
    """What may not be posted here, because a law sends it elsewhere. Amounts in yuan.

    ``procurement_limit``: fiscal money from this amount on follows government procurement.
    ``central_catalogue``: item codes of the central procurement catalogue, whatever the amount.
    ``tender_limit`` and ``tender_items``: these items, for a project that must by law be
    tendered (fiscal or state-firm money), from this amount on.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    procurement_limit: Annotated[Decimal, Ge(Decimal(1))]
    procurement_basis: Annotated[str, MinLen(1)]
    central_catalogue: tuple[str, ...]
    tender_limit: Annotated[Decimal, Ge(Decimal(1))]
    tender_items: tuple[str, ...]
    tender_basis: Annotated[str, MinLen(1)]


@dataclass(frozen=True)
class OrderRules:
    """Numbers of orders and of 小额快选 (RULES section 6). Amounts in yuan.

    ``quick_limit``: 小额快选 for money that is not fiscal up to this amount, inclusive;
    ``quick_fiscal_limit`` for fiscal money (0: not at all). ``asks_most``: how many firms may be
    asked, one after the other. A firm answers an ask within ``quick_answer_working_days``, the
    order of a listing above the limit within ``answer_working_days``; silence passes it on.
    ``quote_stands_working_days``: how long a quote waits for the owner's yes.
    ``quick_accept_working_days`` and ``quick_accept_reminders_after``: acceptance of a 小额快选.
    ``split_months``: purchases of so many natural months count as possible parts of one.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    quick_limit: Annotated[Decimal, Ge(Decimal(0))]
    quick_fiscal_limit: Annotated[Decimal, Ge(Decimal(0))]
    asks_most: Annotated[int, Ge(1), Le(5)]
    quick_answer_working_days: Annotated[int, Ge(1), Le(10)]
    answer_working_days: Annotated[int, Ge(1), Le(10)]
    quote_stands_working_days: Annotated[int, Ge(1), Le(30)]
    quick_accept_working_days: Annotated[int, Ge(1), Le(30)]
    quick_accept_reminders_after: Annotated[tuple[Annotated[int, Ge(1), Le(30)], ...], MinLen(1)]
    split_months: Annotated[int, Ge(1), Le(60)]

    def __post_init__(self) -> None:
        """Refuse an edition whose parts contradict each other."""
        reminders = list(self.quick_accept_reminders_after)
        if reminders != sorted(set(reminders)) or reminders[-1] >= self.quick_accept_working_days:
            raise ValueError("quick_accept_reminders_after: must rise and stay below the limit")


@dataclass(frozen=True)
class SealedRules:
    """Numbers of the methods with sealed quotes (RULES section 7).

    ``low_share``: a quote below this share of the mean of all others (0.7 = 70 %) must be
    explained in a price competition, within ``explain_working_days``. ``trim_from``: from so many
    quotes on the highest and the lowest are left out of the mean of an average price.
    ``two_keys_from``: from this budget in yuan on, the key is held by three of whom two open it;
    they hand in within ``share_working_days`` of the hour. ``passphrase_shortest``: characters.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    low_share: Annotated[Decimal, Gt(Decimal(0)), Le(Decimal(1))]
    explain_working_days: Annotated[int, Ge(1), Le(10)]
    explanation_shortest: Annotated[int, Ge(1), Le(500)]
    decision_shortest: Annotated[int, Ge(1), Le(500)]
    trim_from: Annotated[int, Ge(3), Le(50)]
    two_keys_from: Annotated[Decimal, Gt(Decimal(0))]
    share_working_days: Annotated[int, Ge(1), Le(10)]
    passphrase_shortest: Annotated[int, Ge(8), Le(64)]


@dataclass(frozen=True)
class TalkRules:
    """Questions to entrants before a direct pick (在线洽谈, RULES section 7): how many rounds with
    each firm, and within how many working days it answers."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    rounds: Annotated[int, Ge(0), Le(10)]
    answer_working_days: Annotated[int, Ge(1), Le(10)]


@dataclass(frozen=True)
class QuestionRules:
    """Public questions about a need: until ``close_working_days`` before entries close, at most
    ``most_per_firm`` of one firm."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    close_working_days: Annotated[int, Ge(0), Le(10)]
    most_per_firm: Annotated[int, Ge(1), Le(50)]


@dataclass(frozen=True)
class SelectionPolicy:
    """Numbers of RULES sections 6 and 7. Amounts in yuan; times are Asia/Shanghai.

    ``entry_closes_at`` / ``choice_from``: closing of entries, and when choices begin that day.
    ``draw_latest``: a draw by lottery value is made at the latest then, on the next working day.
    ``minimum_entrants``: for a random draw; with fewer (not zero) the deadline moves
    ``extensions`` times by ``extension_working_days``, then those there are decide; with
    ``second_notice`` the first notice fails instead and only from the second on do they decide.
    ``direct_pick_limit``: a direct pick with government money must stay below it.
    ``government_minimum_grade``: for government-invested needs; ``ungraded_counts_as`` is what a
    firm without a grade counts as there (a set minimum of A always refuses it).
    ``recusals_most``: how many firms an owner may bar from one need.
    ``package_items_most``: how many items one need may name, the main one included (1: only it).
    ``few_firms``: with fewer firms that could enter, the owner is warned and the bureau looks.
    ``notice_working_days``: public notice of a result; ``objection_answer_working_days``: answer.
    ``accept_working_days``: for the winner, and for each reserve after it.
    ``lottery_*``: which national lottery gives the public value, when it is drawn (weekdays,
    Monday is 0), and its title. ``ceremony_*``: commits end at ``ceremony_commit_until`` on the
    day entries close, numbers are revealed within ``ceremony_reveal_minutes``; without anybody
    outside the bureau it moves by a number of working days, ``ceremony_postponements`` at most.
    """

    SECTION: ClassVar[str] = "selection"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    entry_periods: Annotated[tuple[EntryPeriod, ...], MinLen(1)]
    entry_longest_working_days: Annotated[int, Ge(1), Le(60)]
    entry_closes_at: time
    choice_from: time
    draw_latest: time
    minimum_entrants: Annotated[int, Ge(1), Le(20)]
    extensions: Annotated[int, Ge(0), Le(5)]
    extension_working_days: Annotated[int, Ge(1), Le(30)]
    direct_pick_limit: Annotated[Decimal, Ge(Decimal(0))]
    pick_reason_shortest: Annotated[int, Ge(1), Le(500)]
    government_minimum_grade: Literal["A", "B", "C", "D"]
    ungraded_counts_as: Literal["B", "C", "D"]
    notice_working_days: Annotated[int, Ge(1), Le(30)]
    objection_answer_working_days: Annotated[int, Ge(1), Le(30)]
    accept_working_days: Annotated[int, Ge(1), Le(30)]
    lottery_game: Literal["kl8", "ssq", "dlt", "fc3d", "pl5"]
    lottery_title: Annotated[str, MinLen(1)]
    lottery_drawn_at: time
    lottery_weekdays: Annotated[tuple[Weekday, ...], MinLen(1)]
    ceremony_commit_until: time
    ceremony_reveal_minutes: Annotated[int, Ge(1), Le(600)]
    ceremony_postponements: Annotated[int, Ge(0), Le(10)]
    ceremony_postpone_working_days: Annotated[int, Ge(1), Le(30)]
    annul_reason_shortest: Annotated[int, Ge(1), Le(500)]
    recusals_most: Annotated[int, Ge(0), Le(20)]
    package_items_most: Annotated[int, Ge(1), Le(20)]
    few_firms: Annotated[int, Ge(0), Le(50)]
    second_notice: bool
    gate: Gate
    orders: OrderRules
    questions: QuestionRules
    sealed: SealedRules
    talks: TalkRules

    def __post_init__(self) -> None:
        """Refuse an edition whose parts contradict each other."""
        limits = [period.up_to for period in self.entry_periods]
        if limits[-1] is not None or any(limit is None for limit in limits[:-1]):
            raise ValueError("entry_periods: only the last period, and it, has no up_to")
        if limits[:-1] != sorted(set(limits[:-1])):  # type: ignore[type-var]
            raise ValueError("entry_periods: up_to must rise")
        longest = max(period.working_days for period in self.entry_periods)
        if longest > self.entry_longest_working_days:
            raise ValueError("entry_longest_working_days: shorter than an entry period")
        if self.choice_from < self.entry_closes_at:
            raise ValueError("choice_from: before entry_closes_at")
        if self.ceremony_commit_until < self.entry_closes_at:
            raise ValueError("ceremony_commit_until: before entry_closes_at")


def least_entry_days(policy: SelectionPolicy, budget: Decimal) -> int:
    """The least working days entries must stay open for a budget in yuan."""
    for period in policy.entry_periods:
        if period.up_to is None or budget <= period.up_to:
            return period.working_days
    raise AssertionError("the last period has no limit")


def minimum_grade_of(policy: SelectionPolicy, government: bool, own: str | None) -> str | None:
    """The stricter of the need's own minimum grade and the edition's for government money."""
    asked = [own] if own else []
    if government:
        asked.append(policy.government_minimum_grade)
    return min(asked, key=GRADES.index) if asked else None


def meets_minimum_grade(
    grade: str, minimum: str | None, government: bool, ungraded_counts_as: str
) -> bool:
    """Whether a firm's grade (``A``–``D`` or ``ungraded``) reaches a need's minimum.

    ``ungraded`` is refused by a minimum of A, allowed by private needs otherwise, and counts as
    the edition says where the money is the government's. (RULES section 6)
    """
    if minimum is None:
        return True
    if grade == UNGRADED:
        if minimum == "A":
            return False
        if not government:
            return True
        grade = ungraded_counts_as
    return GRADES.index(grade) <= GRADES.index(minimum)


def is_quick(orders: OrderRules, fiscal: bool, budget: Decimal) -> bool:
    """Whether 小额快选 is open to ``budget`` yuan of this money."""
    limit = orders.quick_fiscal_limit if fiscal else orders.quick_limit
    return budget <= limit


_PLACE_NOISE = re.compile(r"[\s,,。.、;;::()()\-—]+")


def same_place(one: str, other: str) -> bool:
    """Whether two addresses are the same apart from blanks and punctuation."""
    return _PLACE_NOISE.sub("", one).casefold() == _PLACE_NOISE.sub("", other).casefold()


def dodged_limit(
    policy: SelectionPolicy,
    *,
    fiscal: bool,
    quick: bool,
    direct: bool,
    budget: Decimal,
    total: Decimal,
) -> Decimal | None:
    """The lowest limit that ``budget`` stays under while ``total`` of the possible parts does not.

    Amounts in yuan. None: together they would have gone the same way.
    """
    limits: list[tuple[Decimal, bool]] = []
    if quick:
        orders = policy.orders
        limit = orders.quick_fiscal_limit if fiscal else orders.quick_limit
        limits.append((limit, total > limit >= budget))
    if fiscal and direct:
        limits.append((policy.direct_pick_limit, total >= policy.direct_pick_limit > budget))
    if fiscal:
        procurement = policy.gate.procurement_limit
        limits.append((procurement, total >= procurement > budget))
    return min((limit for limit, dodged in limits if dodged), default=None)


def gate_refusal(
    gate: Gate, *, fiscal: bool, state_owned: bool, item_code: str, amount: Decimal
) -> str | None:
    """Why ``amount`` yuan of an item must be bought elsewhere: a rule code, or None.

    ``gate.central`` or ``gate.procurement`` (government procurement law), ``gate.tender``
    (work that must be tendered). Private money never stops here.
    """
    if fiscal and item_code in gate.central_catalogue:
        return "gate.central"
    if (fiscal or state_owned) and item_code in gate.tender_items and amount >= gate.tender_limit:
        return "gate.tender"
    if fiscal and amount >= gate.procurement_limit:
        return "gate.procurement"
    return None


_CODE = re.compile(r"(\d{4})-(\d{6})-(\d{2})-(\d{2})-(\d{6})")
KINDS = {"01": "审批", "02": "核准", "03": "备案"}


def project_code_fault(code: str) -> str | None:
    """What is wrong with a project code ``YYYY-RRRRRR-II-TT-NNNNNN``; None when nothing is.

    24 characters: year, region (GB/T 2260), industry, kind (01 审批, 02 核准, 03 备案), serial.
    Answers ``form``, ``year``, ``region`` or ``kind``.
    """
    match = _CODE.fullmatch(code) if code.isascii() else None
    if match is None:
        return "form"
    year, region, _industry, kind, _serial = match.groups()
    if not 2013 <= int(year) <= 2099:
        return "year"
    if not 11 <= int(region[:2]) <= 82:
        return "region"
    return None if kind in KINDS else "kind"

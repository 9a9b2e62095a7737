"""What would come of a need as it is filled in so far: who could enter, what its price may be,
how much time the law leaves. Nothing is stored and nothing is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.fees import queries as fees
from marketplace.fees.checking import look_at_price
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.errors import Invalid
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects import checking
from marketplace.projects import queries as projects
from marketplace.projects.actions import entry_deadline_for
from marketplace.projects.drafting import TWO_PERSON_KINDS
from marketplace.projects.forms import NeedForm
from marketplace.projects.models import (
    DrawSource,
    InvestmentKind,
    Need,
    NeedChannel,
    Project,
    SelectionMethod,
)
from marketplace.projects.packages.actions import PartContent, check_shares
from marketplace.projects.packages.forms import contents_of
from marketplace.projects.packages.models import NeedPart
from marketplace.projects.pricing import price_of
from marketplace.projects.rules import SelectionPolicy, least_entry_days

from .. import queries

# by what a firm of the register may not enter, in the order of the rules
GROUNDS = {
    "listed": _l("未在册上架"),
    "bar": _l("暂停或终止服务"),
    "grade": _l("信用等级"),
    "recusal": _l("回避"),
    "qualification": _l("资质"),
    "practitioner": _l("执业人员"),
    "pause": _l("暂停接单"),
    "capacity": _l("承接已满"),
}
NOT_YET = Decimal(1)


@dataclass(frozen=True)
class Firms:
    """``offering`` firms are listed for the item, ``eligible`` of them could enter now; fewer than
    ``least`` are too few. ``stopped``: by which ground how many of the others may not."""

    offering: int
    eligible: int
    least: int
    stopped: Sequence[tuple[Any, int]]

    @property
    def few(self) -> bool:
        """Requirements that hardly anybody can meet are looked into."""
        return self.eligible < self.least


@dataclass(frozen=True)
class Price:
    """What the published standard makes of an item's quantities, lowest and highest in yuan, or
    why it cannot be said; and the verdict on its share of the budget, once there is one."""

    item_name: str
    low: Decimal | None
    high: Decimal | None
    why_not: str
    check: PriceCheck | None
    binds: bool


@dataclass(frozen=True)
class Times:
    """If it were published now. Days are working days where nothing else is said."""

    least_days: int
    deadline: datetime
    choice_at: datetime
    notice_days: int
    accept_days: int


@dataclass(frozen=True)
class Preview:
    """All that is said beside the form; ``need`` is in no database."""

    need: Need
    item: ServiceItem
    firms: Firms
    prices: Sequence[Price]
    times: Times | None
    lowest_grade: str | None
    open_points: Sequence[str]


def preview(
    form: NeedForm, item: ServiceItem, project: Project | None, actor: Actor, now: datetime
) -> Preview:
    """What would come of what stands in the form; a field that is wrong counts as empty.

    ``project``: the one chosen, None for a new one. The form must have been validated.
    """
    assert actor.organisation_id is not None
    owner = accounts.organisation(actor.organisation_id)
    day = clock.local_day(now)
    need = _need(form, item, project, owner)
    policy = projects.selection_policy(owner.jurisdiction_code, day).values
    budget = _right(form, "budget")
    return Preview(
        need=need,
        item=item,
        firms=_firms(need, [firm for firm, _reason in form.recused], policy, now),
        prices=_prices(need, form, budget, actor, now),
        times=_times(need, policy, budget, now),
        lowest_grade=projects.lowest_grade(need, day),
        open_points=_open_points(need, form, item, owner, policy, now),
    )


def _right(form: NeedForm, name: str) -> Any:
    """What a field holds, None where it is wrong or empty."""
    field = form[name]
    return None if field.errors else field.data or None


def _need(form: NeedForm, item: ServiceItem, project: Project | None, owner: Organisation) -> Need:
    investment = InvestmentKind(_right(form, "investment") or InvestmentKind.ENTERPRISE)
    method, source = _right(form, "method"), _right(form, "draw_source")
    return Need(
        number="",
        project=project
        or Project(
            owner=owner,
            name=_right(form, "project_name") or "",
            code=(_right(form, "project_code") or "").upper() or None,
            jurisdiction_code=owner.jurisdiction_code,
        ),
        owner=owner,
        owner_id=owner.id,
        jurisdiction_code=owner.jurisdiction_code,
        channel=NeedChannel.OPEN,
        title=_right(form, "title") or "",
        item_code=item.code,
        item_name=item.name,
        off_list=not item.on_list,
        scope=_right(form, "scope") or "",
        place=_right(form, "place") or "",
        fee_inputs={} if form["fee"].errors else form.fee_inputs(),
        budget=_right(form, "budget") or NOT_YET,
        investment=investment,
        qualifications=list(item.qualifications),
        any_qualification=item.qualification_rule == "any",
        days_wanted=_right(form, "days_wanted") or item.statutory_days,
        days_kind=item.statutory_days_kind,
        method=SelectionMethod(method) if method else SelectionMethod.RANDOM_DRAW,
        draw_source=DrawSource(source) if source else None,
        minimum_grade=_right(form, "minimum_grade"),
        entry_working_days=_right(form, "entry_working_days") or 1,
        contact_name=_right(form, "contact_name") or "",
        contact_phone=_right(form, "contact_phone") or "",
        two_person=owner.kind in TWO_PERSON_KINDS or investment is InvestmentKind.GOVERNMENT,
        items_count=1 + len(form.parts),
        parts=[
            _part(item, one) for item, one in _further(form, owner.jurisdiction_code, clock.today())
        ],
    )


def _further(
    form: NeedForm, jurisdiction_code: str, day: date
) -> list[tuple[ServiceItem, PartContent]]:
    lineage = accounts.lineage(jurisdiction_code)
    return [(catalogue.item(one.item_code, day, lineage), one) for one in contents_of(form)]


def _part(item: ServiceItem, said: PartContent) -> NeedPart:
    return NeedPart(
        item_code=item.code,
        item_name=item.name,
        off_list=not item.on_list,
        qualifications=list(item.qualifications),
        any_qualification=item.qualification_rule == "any",
        fee_inputs=dict(said.fee_inputs),
        budget=said.budget,
    )


def _firms(need: Need, recused: Sequence[int], policy: SelectionPolicy, now: datetime) -> Firms:
    register = accounts.register_of(need.jurisdiction_code)
    offering = intermediaries.organisations_offering(register, need.item_code)
    answers = queries.eligibility_of(need, offering, now)
    eligible = [each for each in offering if answers[each].ok and each not in recused]
    grounds = Counter(
        rule for each in offering for rule in {one.rule for one in answers[each].refusals}
    )
    grounds["recusal"] += sum(each in recused for each in offering)
    return Firms(
        offering=len(offering),
        eligible=len(eligible),
        least=policy.few_firms,
        stopped=[(title, grounds[rule]) for rule, title in GROUNDS.items() if grounds[rule]],
    )


def _prices(
    need: Need, form: NeedForm, budget: Decimal | None, actor: Actor, now: datetime
) -> list[Price]:
    """What is said of every item's price; of its share only while the shares can be."""
    said = [_right(form, "deviation_reason") or ""]
    said += [one.deviation_reason for one in contents_of(form)]
    shares = need.item_budgets
    known = budget is not None and min(shares) > 0
    return [
        _price(need, item, reason if known else None, actor, now)
        for item, reason in zip(need.each_item, said, strict=True)
    ]


def _price(
    need: Need, item: Need | NeedPart, reason: str | None, actor: Actor, now: datetime
) -> Price:
    found = fees.pricing(item.item_code, need.jurisdiction_code, clock.local_day(now))
    try:
        worked = fees.calculation(found, item.fee_inputs)
        check = None
        if reason is not None:
            part = item if isinstance(item, NeedPart) else None
            question = price_of(need, Gate.BUDGET, need, need.budget, now, reason=reason, part=part)
            check = look_at_price(question, actor, now)
    except Invalid as error:
        return Price(item.item_name, None, None, error.message, None, found.binds)
    why = worked.reason
    return Price(
        item_name=item.item_name,
        low=worked.band.low if worked.band else None,
        high=worked.band.high if worked.band else None,
        why_not=str(_(why.text, **dict(why.values))) if why and not worked.band else "",
        check=check,
        binds=found.binds,
    )


def _times(
    need: Need, policy: SelectionPolicy, budget: Decimal | None, now: datetime
) -> Times | None:
    if budget is None:
        return None
    deadline = entry_deadline_for(policy, budget, now, need.entry_working_days)
    return Times(
        least_days=least_entry_days(policy, budget),
        deadline=deadline,
        choice_at=moment(clock.local_day(deadline), policy.choice_from),
        notice_days=policy.notice_working_days,
        accept_days=policy.accept_working_days,
    )


def _open_points(
    need: Need,
    form: NeedForm,
    item: ServiceItem,
    owner: Organisation,
    policy: SelectionPolicy,
    now: datetime,
) -> list[str]:
    """What would be refused of what is filled in, beside the fields' own rules."""
    rules: list[Callable[[], None]] = [lambda: checking.check_commissioner(item, owner.kind)]
    if _right(form, "investment"):
        rules.append(lambda: checking.check_investment(owner.kind, need.investment))
    if _right(form, "days_wanted"):
        rules.append(lambda: checking.check_days(item, need.days_wanted))
    if _right(form, "budget"):
        shares = [each.budget for each in need.further if each.budget]
        rules.append(lambda: check_shares(need.budget, shares))
        rules.append(lambda: checking.require_gate(need, need.budget, now))
        if _right(form, "method"):
            rules.append(lambda: checking.check_method(need, policy))
    found = []
    for rule in rules:
        try:
            rule()
        except Invalid as refusal:
            found.append(refusal.message)
    return found

"""What an owner may change before it posts a failed need again; every hint names its facts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries as fees
from marketplace.foundation import clock
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects import queries as projects
from marketplace.projects.models import Need
from marketplace.projects.rules import SelectionPolicy, minimum_grade_of
from marketplace.ratings.rules.entries import Grade

from .. import queries


def suggestions(need: Need, now: datetime) -> list[str]:
    """In the order of what keeps most firms away: demands, price, time."""
    day = clock.local_day(now)
    policy = projects.selection_policy(need.jurisdiction_code, day).values
    return [
        *_of_demands(need, policy, now),
        *_of_price(need, now),
        *_of_time(need, policy, now),
    ]


def _of_demands(need: Need, policy: SelectionPolicy, now: datetime) -> list[str]:
    register = accounts.register_of(need.jurisdiction_code)
    offering = intermediaries.organisations_offering(register, need.item_code)
    answers = queries.eligibility_of(need, offering, now)
    eligible = sum(each.ok for each in answers.values())
    found = [
        _(
            "现在可以报名的机构 %(eligible)s 家，承接本事项的在册机构 %(offering)s 家",
            eligible=eligible,
            offering=len(offering),
        )
    ]
    kept_out = _only_by(answers, "grade")
    least = minimum_grade_of(policy, need.government_invested, None)
    if need.minimum_grade and need.minimum_grade != least and kept_out:
        found.append(
            _(
                "自行设定的最低信用等级为 %(grade)s，仅因等级不能报名的机构 %(count)s 家，可以降低或者不设",
                grade=Grade(need.minimum_grade).value,
                count=kept_out,
            )
        )
    if recused := _only_by(answers, "recusal"):
        found.append(_("因回避不能报名的机构 %(count)s 家，请核对回避是否必要", count=recused))
    return found


def _only_by(answers: dict[int, queries.Eligibility], rule: str) -> int:
    """How many firms this rule alone keeps out."""
    return sum(
        {one.rule for one in each.refusals} == {rule} for each in answers.values() if not each.ok
    )


def _of_price(need: Need, now: datetime) -> list[str]:
    day = clock.local_day(now)
    found = fees.pricing(need.item_code, need.jurisdiction_code, day)
    try:
        worked = fees.calculation(found, need.fee_inputs)
    except Invalid:
        return []  # the standard asks otherwise than it did then: the form will ask again
    hints = []
    low = worked.band.low if worked.band is not None else None
    if low is not None and need.budget < low:
        hints.append(
            _(
                "预算 %(budget)s 元低于收费标准的下限 %(low)s 元",
                budget=format_yuan(need.budget),
                low=format_yuan(_fen(low)),
            )
        )
    reference = fees.reference(found, day)
    amounts = reference.amounts(worked.basic) if reference is not None else None
    if amounts is not None and need.budget < amounts[0]:
        hints.append(
            _(
                "预算 %(budget)s 元低于四分之三的同类合同（%(lower)s 元以上）",
                budget=format_yuan(need.budget),
                lower=format_yuan(_fen(amounts[0])),
            )
        )
    return hints


def _fen(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def _of_time(need: Need, policy: SelectionPolicy, now: datetime) -> list[str]:
    hints = []
    try:
        lineage = accounts.lineage(need.jurisdiction_code)
        item = catalogue.item(need.item_code, clock.local_day(now), lineage)
    except Missing:
        return [_("该服务事项已不在目录中，请重新选择事项")]
    if need.days_wanted < item.statutory_days:
        hints.append(
            _(
                "办理时限 %(days)s %(kind)s，法定时限 %(most)s %(kind)s，可以放宽",
                days=need.days_wanted,
                most=item.statutory_days,
                kind=item.statutory_days_kind.title,
            )
        )
    if need.entry_working_days < policy.entry_longest_working_days:
        hints.append(
            _(
                "报名时间 %(days)s 个工作日，最长可设 %(most)s 个工作日",
                days=need.entry_working_days,
                most=policy.entry_longest_working_days,
            )
        )
    return hints

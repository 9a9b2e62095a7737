"""Forms of trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, get_args, get_type_hints

from annotated_types import Ge, Gt, Le
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message
from marketplace.ratings.rules.policy import RatingPolicy

from .running import NUMBERS
from .titles import GROUPS, KEY_TITLES


@dataclass(frozen=True)
class Bounds:
    """Between which numbers one may be, and whether it is a whole one."""

    low: Any
    high: Any
    above: bool
    whole: bool

    @property
    def words(self) -> str:
        """For the hint beside the field."""
        if self.above:
            text = _("大于 %(low)s，至 %(high)s", low=self.low, high=self.high)
        else:
            text = _("%(low)s 至 %(high)s", low=self.low, high=self.high)
        return _("%(bounds)s，整数", bounds=text) if self.whole else text


def _bounds() -> dict[str, Bounds]:
    found = {}
    for key, kind in get_type_hints(RatingPolicy, include_extras=True).items():
        if key not in NUMBERS:
            continue
        plain, *limits = get_args(kind)
        low = next(each for each in limits if isinstance(each, Ge | Gt))
        high = next(each.le for each in limits if isinstance(each, Le))
        above = isinstance(low, Gt)
        found[key] = Bounds(low.gt if isinstance(low, Gt) else low.ge, high, above, plain is int)
    return found


BOUNDS = _bounds()


@dataclass(frozen=True)
class Number:
    """One number of the form: its field, the one in force, whether another was written."""

    field: Any
    present: str
    bounds: Bounds

    @property
    def is_changed(self) -> bool:
        """Whether what was written is not the number in force; what is no number is another."""
        written = (self.field.data or "").strip()
        try:
            return Decimal(written) != Decimal(self.present)
        except InvalidOperation:
            return True


@dataclass(frozen=True)
class Part:
    """A part of the rules with its numbers."""

    title: Any
    numbers: list[Number]

    @property
    def changed(self) -> int:
        """How many are not those in force."""
        return sum(each.is_changed for each in self.numbers)

    @property
    def wrong(self) -> bool:
        """Whether one of them was refused."""
        return any(each.field.errors for each in self.numbers)


class _TrialForm(Form):
    """Name and day; the numbers follow below."""

    title = StringField(
        _l("规则名称"),
        [InputRequired(_l("请填写规则名称")), Length(min=4, max=200, message=length_message())],
        description=_l("采用后以此名称公布"),
    )
    day = DateField(
        _l("按哪一天的信用记录试算"), [InputRequired(_l("请填写试算日期，例如 2026-03-02"))]
    )

    def numbers(self) -> dict[str, str]:
        """What was written for each number, by its key."""
        return {key: self[key].data or "" for key in NUMBERS}

    def parts(self, present: Mapping[str, str]) -> list[Part]:
        """The numbers by part of the rules, each beside the one in force."""
        found: list[Part] = []
        for key in NUMBERS:
            if key in GROUPS:
                found.append(Part(GROUPS[key], []))
            found[-1].numbers.append(Number(self[key], present[key], BOUNDS[key]))
        return found


TrialForm = type(
    "TrialForm",
    (_TrialForm,),
    {
        key: StringField(KEY_TITLES[key], [InputRequired(_l("请填写数字")), Length(max=12)])
        for key in NUMBERS
    },
)


class AdoptionForm(Form):
    """What an adoption rests on."""

    effective_from = DateField(
        _l("执行日期"),
        [InputRequired(_l("请填写执行日期，例如 2026-04-01"))],
        description=_l("最早自审批次日起执行，以往日期的等级不变"),
    )
    legal_basis = TextAreaField(
        _l("制定依据"),
        [InputRequired(_l("请填写制定依据")), Length(min=5, max=1000, message=length_message())],
        description=_l("写明法律、法规或者文件的名称、文号和条款"),
    )
    review_document = StringField(
        _l("公平竞争审查文书"),
        [
            InputRequired(_l("请填写公平竞争审查文书")),
            Length(min=4, max=200, message=length_message()),
        ],
    )
    review_conclusion = TextAreaField(
        _l("公平竞争审查结论"),
        [
            InputRequired(_l("请填写公平竞争审查结论")),
            Length(min=5, max=500, message=length_message()),
        ],
    )
    review_date = DateField(
        _l("公平竞争审查日期"), [InputRequired(_l("请填写公平竞争审查日期，例如 2026-03-02"))]
    )


class AdoptForm(Form):
    """Adopt: nothing to fill in."""


class ReturnForm(Form):
    """Send a proposal back."""

    note = TextAreaField(
        _l("退回理由"),
        [InputRequired(_l("请填写退回理由")), Length(min=5, max=1000, message=length_message())],
    )

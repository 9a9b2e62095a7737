"""Forms of trials."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message

from .running import NUMBERS
from .titles import GROUPS, KEY_TITLES


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

    def groups(self) -> list[tuple[Any, list[Any]]]:
        """The fields of the numbers in groups with their titles."""
        found: list[tuple[Any, list[Any]]] = []
        for key in NUMBERS:
            if key in GROUPS:
                found.append((GROUPS[key], []))
            found[-1][1].append(self[key])
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

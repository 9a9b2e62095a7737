"""Forms of the expert pool."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.accounts import queries as accounts
from marketplace.foundation.forms import Form, length_message, options

_FILLED = InputRequired(_l("请填写此项"))


class DeclarationForm(Form):
    """What an expert judges, and whom he has to do with."""

    trades = SelectMultipleField(
        _l("评审专业"),
        [InputRequired(_l("请选择评审专业"))],
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    relations = TextAreaField(
        _l("有关系的单位"),
        [Optional(), Length(max=2000, message=length_message())],
        description=_l(
            "除任职单位外，与本人、配偶、近亲属有任职、持股、顾问等关系的单位，每行一家："
            "统一社会信用代码、空格、关系；涉及这些单位的项目不会抽取您"
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.related: list[tuple[int, str]] = []

    def offer(self, trades: list[str]) -> DeclarationForm:
        """Let these trades be chosen."""
        self.trades.choices = options([(trade, trade) for trade in trades])
        return self

    def validate_relations(self, field: TextAreaField) -> None:
        """Every line is a known credit code and a relation."""
        self.related = []
        for number, line in enumerate((field.data or "").splitlines(), 1):
            if not line.strip():
                continue
            code, _space, how = line.strip().partition(" ")
            found = accounts.organisation_by_credit_code(code.upper())
            if found is None:
                raise ValidationError(
                    _("第 %(number)d 行的统一社会信用代码没有对应的单位", number=number)
                )
            if not how.strip():
                raise ValidationError(_("第 %(number)d 行没有写明是什么关系", number=number))
            self.related.append((found.id, how.strip()))


class ApplyForm(DeclarationForm):
    """An application to the pool."""

    title = StringField(_l("职称或者执业资格"), [_FILLED, Length(2, 60, message=length_message())])
    credentials = TextAreaField(
        _l("专业经历"),
        [_FILLED, Length(max=2000, message=length_message())],
        description=_l("从事的专业、年限、参加过的评审"),
    )
    file = FileField(
        _l("职称或者资格证书"), [Optional()], description=_l("PDF、JPG、PNG，不超过 20 MB")
    )
    declared = BooleanField(
        _l("承诺客观公正评审，不与参评机构、项目业主私下接触，不向他人透露评审情况"),
        [InputRequired(_l("请确认后提交"))],
    )


class DutyForm(Form):
    """Whether one can be drawn now, or from what day on."""

    available = BooleanField(_l("可以参加评审"))
    away_until = DateField(
        _l("暂不参加至"), [Optional()], description=_l("当日及以前不抽取；不填的随时可以抽取")
    )


class ReasonForm(Form):
    """A reason that is kept."""

    reason = TextAreaField(_l("理由"), [_FILLED, Length(2, 1000, message=length_message())])


class DecisionForm(Form):
    """Whether an applicant is admitted."""

    verdict = RadioField(
        _l("审批意见"),
        choices=options([("admit", _l("同意入库")), ("refuse", _l("不予入库"))]),
        validators=[InputRequired(_l("请选择审批意见"))],
    )
    reason = TextAreaField(
        _l("理由"),
        [Optional(), Length(max=1000, message=length_message())],
        description=_l("不予入库的须写明，告知申请人"),
    )


class RemovalForm(Form):
    """Whether an expert is removed as proposed."""

    verdict = RadioField(
        _l("决定"),
        choices=options([("remove", _l("移出专家库")), ("keep", _l("不予移出"))]),
        validators=[InputRequired(_l("请选择"))],
    )

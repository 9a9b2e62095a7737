"""Fields and wording of entries, picks, ceremonies, lottery readings and annulments."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.fees.forms import reason_field
from marketplace.foundation.forms import Form, PercentField, YuanField, length_message, options

from .methods.public_value import LOTTERIES


class EntryForm(Form):
    """A firm's sign-up: its price and its contribution to the draw."""

    price = YuanField(_l("报价"), validators=[InputRequired(_l("请填写报价"))])
    discount = PercentField(_l("下浮率"), validators=[InputRequired(_l("请填写下浮率"))])
    deviation_reason = reason_field()
    contribution = StringField(
        _l("随机贡献值"),
        description=_l("已随机填好，可以改成自己的 64 位小写十六进制字符；它参与决定抽取次序"),
        validators=[
            InputRequired(_l("请填写随机贡献值")),
            Regexp("[0-9a-f]{64}$", message=_l("请填写 64 位小写十六进制字符（0-9、a-f）")),
        ],
    )
    plan = TextAreaField(
        _l("服务方案"),
        [Optional()],
        description=_l("隐名评审：不写本机构名称、代码和人员姓名；评审专家只看到代称"),
    )
    practitioners = SelectMultipleField(
        _l("投入的执业人员"),
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description=_l("评审专家看到执业类别和人数，看不到姓名"),
    )
    agree = BooleanField(
        _l("已阅读需求内容，报价包含全部费用，中选后按报价签订合同"),
        validators=[InputRequired(_l("请确认后提交"))],
    )

    def __init__(self, *args: Any, by_discount: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # one of the two is asked
        if by_discount:
            del self.price
        else:
            del self.discount

    def validate_discount(self, field: PercentField) -> None:
        """A discount leaves something to pay."""
        if field.data is not None and field.data >= 1:
            raise ValidationError(_("请填写下浮率，在 0 至 99.99 之间"))

    def validate_price(self, field: YuanField) -> None:
        """A price is more than nothing."""
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("报价应大于 0"))


class ReasonForm(Form):
    """A button with a reason that others will read."""

    reason = TextAreaField(
        _l("理由"),
        validators=[InputRequired(_l("请写明理由")), Length(5, 1000, message=length_message())],
    )


class ExplainForm(Form):
    """Why a firm can work at a price far below all others."""

    explanation = TextAreaField(
        _l("低价理由"),
        description=_l("写明成本构成、投入的人员设备和保证质量的办法；将随结果公布"),
        validators=[InputRequired(_l("请写明理由")), Length(1, 2000, message=length_message())],
    )


class LowDecisionForm(Form):
    """Whether a low quote is found explained, with the reason all may read."""

    verdict = RadioField(
        _l("认定结论"),
        choices=options(
            [
                ("upheld", _l("说明成立，按报价次序继续选取")),
                ("refused", _l("说明不成立，由下一位递补")),
            ]
        ),
        validators=[InputRequired(_l("请选择认定结论"))],
    )
    reason = TextAreaField(
        _l("认定理由"),
        description=_l("将随结果公布"),
        validators=[InputRequired(_l("请写明理由")), Length(1, 1000, message=length_message())],
    )


class PickForm(Form):
    """The owner's choice of one entrant, with its published reason."""

    entry = RadioField(_l("选取机构"), validators=[InputRequired(_l("请选择一家机构"))])
    reason = TextAreaField(
        _l("选取理由"),
        description=_l("将随结果公示"),
        validators=[InputRequired(_l("请写明选取理由")), Length(1, 1000, message=length_message())],
    )


class NumberForm(Form):
    """A number for a ceremony."""

    number = StringField(
        _l("数字"),
        description=_l("24 至 78 位数字；请自行留存，公布时须填同一个数"),
        validators=[
            InputRequired(_l("请填写数字")),
            Regexp("[0-9]{24,78}$", message=_l("请填写 24 至 78 位数字")),
        ],
    )


class LotteryForm(Form):
    """One officer's reading of a lottery's issue."""

    day = RadioField(_l("开奖日期"), validators=[InputRequired(_l("请选择开奖日期"))])
    issue = StringField(
        _l("期号"),
        validators=[
            InputRequired(_l("请填写期号")),
            Regexp("[0-9]{5,7}$", message=_l("期号应为 5 至 7 位数字")),
        ],
    )
    numbers = StringField(
        _l("开奖号码"),
        description=_l("号码之间用空格隔开，前区与后区（红球与蓝球）之间用 + 隔开"),
        validators=[
            InputRequired(_l("请填写开奖号码")),
            Length(1, 200, message=length_message()),
        ],
    )
    source = StringField(
        _l("号码来源"),
        description=_l("例如发行机构网站公告的网址"),
        validators=[InputRequired(_l("请填写号码来源")), Length(2, 140, message=length_message())],
    )

    def validate_numbers(self, field: Any) -> None:
        """Only digits, separators and the sign between drums."""
        if field.data and not re.fullmatch(r"[0-9 ,，、+＋|]+", field.data):
            raise ValidationError(_("只填写号码、空格和 +"))

    def groups(self, game: str) -> list[list[int]]:
        """The numbers as typed, drum by drum; digits written together count one by one."""
        drums = re.split(r"[+＋|]", self.numbers.data or "")
        single = LOTTERIES[game].groups[0].width == 1
        pattern = r"[0-9]" if single else r"[0-9]{1,3}"
        return [[int(number) for number in re.findall(pattern, drum)] for drum in drums]

"""What a firm writes into its file, and what officers and departments answer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.fees.forms import inputs_form, reason_field
from marketplace.foundation.forms import Form, PercentField, YuanField, options

from .actions import POINTS, Finding, FixedPrice, one_time_notice
from .models import Offering

_REQUIRED = _l("请填写此项")
_CHOOSE = _l("请选择")
_LONGEST = _l("请控制在 %(max)d 个字以内")
_WHOLE = _l("请填写整数")
LONGEST_REASON = 1000
_COUNTABLE = NumberRange(0, 10**13, message=_WHOLE)


def _text(label: Any, longest: int, required: bool = True, **more: Any) -> StringField:
    first = InputRequired(_REQUIRED) if required else Optional()
    return StringField(label, [first, Length(max=longest, message=_LONGEST)], **more)


def _long_text(label: Any, longest: int, required: bool = True, **more: Any) -> TextAreaField:
    first = InputRequired(_REQUIRED) if required else Optional()
    return TextAreaField(label, [first, Length(max=longest, message=_LONGEST)], **more)


class SubjectForm(Form):
    """Who the firm is, who speaks for it, what it declares."""

    legal_representative = _text(_l("法定代表人（负责人）"), 60)
    legal_identity = _text(
        _l("法定代表人身份证件号码"),
        18,
        required=False,
        description=_l("不公开，只保存校验摘要，用于识别关联机构；已登记的可不再填写"),
    )
    agent_name = _text(_l("经办人姓名"), 60)
    agent_phone = TelField(
        _l("经办人电话"), [InputRequired(_REQUIRED), Length(max=40, message=_LONGEST)]
    )
    controller_name = _text(
        _l("控股股东（持股超过 50%）"), 120, required=False, description=_l("没有的不填")
    )
    controller_identity = _text(
        _l("控股股东证件号码或统一社会信用代码"),
        18,
        required=False,
        description=_l("只保存校验摘要"),
    )
    introduction = _long_text(_l("机构简介"), 2000, required=False)
    licence = FileField(_l("登记证照"), description=_l("PDF、JPG 或 PNG，不超过 20 MB"))
    decoupled = BooleanField(
        _l("本机构与行政机关在人员、资金、管理上没有隶属和利益关系（脱钩声明）")
    )
    version = HiddenField()


class CommitmentForm(Form):
    """The signed commitment that sends the application."""

    committed = BooleanField(
        _l(
            "承诺：所提交材料真实有效，依法依规执业，按公开的价格和时限提供服务，"
            "接受评价和监督；违反承诺的，接受暂停或终止服务"
        )
    )


class QualificationForm(Form):
    """A certificate."""

    type = SelectField(_l("资质类型"), [InputRequired(_CHOOSE)])
    grade = _text(_l("等级"), 40, required=False, description=_l("不分等级的不填"))
    number = _text(_l("证书编号"), 80)
    issuer = _text(_l("发证机关"), 120)
    valid_from = DateField(_l("发证日期"), [InputRequired(_l("请填写日期"))])
    valid_until = DateField(
        _l("有效期至"), [Optional()], description=_l("长期有效的不填，到期当日仍有效")
    )
    file = FileField(_l("证书扫描件"), description=_l("PDF、JPG 或 PNG，不超过 20 MB"))


class PractitionerForm(Form):
    """A named professional."""

    name = _text(_l("姓名"), 60)
    profession = _text(_l("执业类别"), 80)
    number = _text(_l("执业证书编号"), 80)
    valid_until = DateField(
        _l("证书有效期至"), [Optional()], description=_l("长期有效的不填，到期当日仍有效")
    )


class OfferingForm(Form):
    """The promise for one service item."""

    item_code = SelectField(_l("服务事项"), [InputRequired(_CHOOSE)])
    discount = PercentField(
        _l("承诺下浮率"),
        [InputRequired(_REQUIRED)],
        description=_l("在收费标准基础上下浮的百分比，不下浮填 0"),
    )
    deviation_reason = reason_field()
    promised_days = IntegerField(
        _l("承诺时限"),
        [
            InputRequired(_REQUIRED),
            NumberRange(1, 1000, message=_l("请填写 1 至 1000 的整数")),
        ],
        description=_l("计日方式与该事项的法定时限相同（工作日或日），不超过法定时限"),
    )


class ListingForm(Form):
    """A promise at a fixed price for a range of quantities; ``listing_form`` adds the inputs of
    the item's fee standard as ``fee``."""

    amount = YuanField(_l("承诺价格"), [InputRequired(_REQUIRED)])
    deviation_reason = reason_field()
    base_unit = StringField(
        _l("数量单位"),
        [Optional(), Length(max=20, message=_LONGEST)],
        description=_l("例如：件、平方米、点位"),
    )
    base_from = IntegerField(_l("适用数量下限"), [Optional(), _COUNTABLE])
    base_to = IntegerField(_l("适用数量上限"), [InputRequired(_REQUIRED), _COUNTABLE])
    promised_days = IntegerField(
        _l("承诺时限"),
        [
            InputRequired(_REQUIRED),
            NumberRange(1, 1000, message=_l("请填写 1 至 1000 的整数")),
        ],
        description=_l("计日方式与该事项的法定时限相同（工作日或日），不超过法定时限"),
    )

    def fixed(self) -> FixedPrice:
        """What was filled in, as the action takes it."""
        assert self.amount.data is not None
        assert self.base_to.data is not None
        return FixedPrice(
            amount=self.amount.data,
            base_to=Decimal(self.base_to.data),
            base_from=None if self.base_from.data is None else Decimal(self.base_from.data),
            base_unit=self.base_unit.data or "",
            inputs={key: value for key, value in self["fee"].data.items() if value},
        )


def listing_form(item_code: str, register: str, day: date, offered: Offering | None) -> ListingForm:
    """The form for one item, with what stands."""
    inputs = inputs_form(item_code, register, day)

    class ItemListingForm(ListingForm):
        fee = FormField(inputs, _l("适用数量下限的计费基数"))

    stands = offered is not None and offered.amount is not None
    return ItemListingForm(
        data={
            "amount": offered.amount,
            "base_unit": offered.base_unit,
            "base_from": offered.base_from,
            "base_to": offered.base_to,
            "promised_days": offered.promised_days,
        }
        if stands and offered is not None
        else None
    )


class OrderTermsForm(Form):
    """Which orders a listing takes."""

    paused = BooleanField(_l("暂停该事项接单"))
    capacity = IntegerField(
        _l("同时承接订单上限"),
        [Optional(), NumberRange(1, 999, message=_l("承接上限为 1 至 999 份合同"))],
        description=_l("不设上限的不填"),
    )
    areas = SelectMultipleField(
        _l("服务区域"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description=_l("不勾选的视为服务整个名录范围"),
    )


class AvailabilityForm(Form):
    """Taking orders or not, and how many at once."""

    paused = BooleanField(_l("暂停接单"))
    capacity = IntegerField(
        _l("同时承接合同上限"),
        [Optional(), NumberRange(1, 999, message=_l("承接上限为 1 至 999 份合同"))],
        description=_l("不设上限的不填"),
    )


class FormCheckForm(Form):
    """The checklist of the form check; the points are added by ``check_form``."""

    outcome = RadioField(
        _l("审查结论"),
        [InputRequired(_CHOOSE)],
        choices=options(
            [
                ("list", _l("建议准予入驻")),
                ("return", _l("出具一次性告知书，退回补正")),
                ("refuse", _l("建议不予入驻")),
            ]
        ),
    )
    reason = _long_text(_l("不予入驻的理由"), 1000, required=False)
    preview = HiddenField()

    def findings(self) -> dict[str, Finding]:
        """The officer's answer on every point."""
        return {
            code: Finding(self[code].data == "pass", self[f"{code}_reason"].data or "")
            for code in POINTS
        }

    def notice_so_far(self) -> str:
        """The 一次性告知书 from what is marked to be mended already."""
        marked = {
            code: Finding(self[code].data != "mend", self[f"{code}_reason"].data or "")
            for code in POINTS
        }
        return one_time_notice(marked)


@lru_cache(maxsize=1)
def check_form() -> type[FormCheckForm]:
    """The checklist with one pair of fields per point."""
    fields: dict[str, Any] = {}
    for code, title in POINTS.items():
        fields[code] = RadioField(
            title,
            [InputRequired(_CHOOSE)],
            choices=options([("pass", _l("通过")), ("mend", _l("需补正"))]),
        )
        fields[f"{code}_reason"] = _text(_l("补正内容"), LONGEST_REASON, required=False)
    return type("CheckForm", (FormCheckForm,), fields)


class DecisionForm(Form):
    """The approver's decision."""

    outcome = RadioField(
        _l("审批决定"),
        [InputRequired(_CHOOSE)],
        choices=options([("list", _l("准予入驻")), ("refuse", _l("不予入驻"))]),
    )
    reason = _long_text(
        _l("决定理由"),
        1000,
        required=False,
        description=_l("随决定告知机构；准予入驻的，同时在名录查验页公开。不予入驻的必须填写"),
    )


class QuestionForm(Form):
    """The decision on an objection."""

    outcome = RadioField(
        _l("处理决定"),
        [InputRequired(_CHOOSE)],
        choices=options(
            [("keep", _l("异议不成立，恢复上架")), ("remove", _l("异议成立，移出名录"))]
        ),
    )
    reason = _long_text(_l("处理理由"), 1000)


class OpinionForm(Form):
    """A department's professional check."""

    outcome = RadioField(
        _l("核查意见"),
        [InputRequired(_CHOOSE)],
        choices=options([("none", _l("无异议")), ("object", _l("有异议"))]),
    )
    reason = _long_text(_l("异议的事实和依据"), 1000, required=False)

"""Fields of an order, of a firm's answer, and of an acceptance with its marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from marketplace.accounts.models import OrganisationKind
from marketplace.evaluations.forms import FORMS
from marketplace.evaluations.rules import Direction
from marketplace.fees.forms import PricedForm, inputs_form, reason_field
from marketplace.foundation.forms import Form, YuanField, length_message, options
from marketplace.foundation.money import format_yuan
from marketplace.foundation.showing import percent
from marketplace.intermediaries.models import Offering
from marketplace.projects.checking import investments_of
from marketplace.projects.models import InvestmentKind

from . import queries
from .placing import OrderContent

GRADE_WORDS = {"ungraded": _l("未评级")}


class ContentForm(PricedForm):
    """What every order says."""

    place = StringField(
        _l("服务地点"),
        [DataRequired(_l("请填写服务地点")), Length(2, 200, message=length_message())],
    )
    scope = TextAreaField(
        _l("服务内容"),
        [DataRequired(_l("请填写服务内容")), Length(5, 2000, message=length_message())],
    )
    quantity = StringField(
        _l("数量"),
        [DataRequired(_l("请填写数量")), Length(1, 60, message=length_message())],
        description=_l("例如 1200 件、3 个点位、1 份"),
    )
    declared = BooleanField(
        _l("不属于依法必须招标、涉密或者应急的项目，没有拆分采购"),
        [
            InputRequired(
                _l(
                    "请确认不属于依法必须招标、涉密或者应急的项目，也没有拆分采购；属于的，不能在此下单"
                )
            )
        ],
    )


class QuickForm(ContentForm):
    """小额快选: the item is chosen already, the other five fields and up to three firms."""

    budget = YuanField(_l("预算"), [InputRequired(_l("请填写预算"))])
    deviation_reason = reason_field()
    wanted_by = DateField(_l("完成日期"), [InputRequired(_l("请填写完成日期"))])
    first = SelectField(_l("首选机构"), [DataRequired(_l("请选择一家机构"))])
    second = SelectField(_l("第二家"), [Optional()])
    third = SelectField(_l("第三家"), [Optional()])

    def validate_budget(self, field: YuanField) -> None:
        """A budget is more than nothing."""
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("预算应大于 0"))

    def firms(self) -> list[int]:
        """Organisations in the owner's sequence."""
        picked = (self.first.data, self.second.data, self.third.data)
        return [self.keys[each] for each in picked if each]

    keys: dict[str, int]

    def content(self, investment: InvestmentKind) -> OrderContent:
        """What was filled in, as the action takes it."""
        return OrderContent(
            place=self.place.data or "",
            scope=self.scope.data or "",
            quantity=self.quantity.data or "",
            investment=investment,
            fee_inputs=self.fee_inputs(),
            budget=self.budget.data,
            wanted_by=self.wanted_by.data,
            deviation_reason=self.deviation_reason.data or "",
        )


def quick_form(item_code: str, jurisdiction_code: str, day: date, now: datetime) -> QuickForm:
    """The form for one item: its base quantities, and the firms that can be asked."""

    class ItemQuickForm(QuickForm):
        fee = FormField(inputs_form(item_code, jurisdiction_code, day), _l("计费基数"))

    form = ItemQuickForm()
    found = queries.choices(jurisdiction_code, item_code, now)
    choices = [(each.firm.public_id, choice_title(each, grade)) for each, grade in found]
    form.keys = {each.firm.public_id: each.firm.organisation_id for each, _grade in found}
    form.first.choices = options([("", _("请选择")), *choices])
    form.second.choices = form.third.choices = options([("", _("不选")), *choices])
    return form


def choice_title(offering: Offering, grade: str) -> str:
    """One listing in a line: firm, grade, price, days."""
    price = (
        _("%(amount)s 元", amount=format_yuan(offering.amount))
        if offering.amount is not None
        else _("下浮 %(rate)s", rate=percent(offering.discount))
    )
    words = GRADE_WORDS.get(grade, grade)
    return f"{offering.firm.organisation.name} · {words} · {price}"


class ListingOrderForm(ContentForm):
    """An order of a listing at its terms."""

    investment = SelectField(_l("资金性质"), [DataRequired(_l("请选择资金性质"))])
    units = IntegerField(
        _l("计价数量"),
        [Optional(), NumberRange(0, 10**13, message=_l("请填写整数"))],
        description=_l("承诺价格按这一数量核对，须在承诺的范围内"),
    )

    def content(self) -> OrderContent:
        """What was filled in, as the action takes it."""
        return OrderContent(
            place=self.place.data or "",
            scope=self.scope.data or "",
            quantity=self.quantity.data or "",
            investment=InvestmentKind(self.investment.data),
            fee_inputs=self.fee_inputs(),
            units=None if self.units.data is None else Decimal(self.units.data),
        )


def listing_order_form(
    offering: Offering, jurisdiction_code: str, kind: OrganisationKind, day: date
) -> ListingOrderForm:
    """The form for one listing and one owner."""

    class ItemOrderForm(ListingOrderForm):
        fee = FormField(inputs_form(offering.item_code, jurisdiction_code, day), _l("计费基数"))

    form = ItemOrderForm()
    form.investment.choices = options(
        [
            ("", _("请选择")),
            *((one.value, one.title) for one in investments_of(kind)),
        ]
    )
    return form


class QuoteForm(Form):
    """A firm's price for what it was asked."""

    price = YuanField(_l("报价"), [InputRequired(_l("请填写报价"))])
    deviation_reason = reason_field()
    note = StringField(_l("说明"), [Optional(), Length(max=300, min=0, message=length_message())])
    agree = BooleanField(
        _l("报价包含全部费用，业主确认后即为合同"),
        [InputRequired(_l("请确认后提交"))],
    )


class OrderReasonForm(Form):
    """A reason the other side will read."""

    reason = TextAreaField(
        _l("理由"), [DataRequired(_l("请写明理由")), Length(2, 500, message=length_message())]
    )


class WithdrawForm(Form):
    """Why an order is taken back."""

    withdrawal_reason = TextAreaField(
        _l("撤回理由"),
        [DataRequired(_l("请写明理由")), Length(2, 500, message=length_message())],
    )


AcceptanceForm = FORMS[Direction.OWNER_TO_FIRM]
PARTS: Sequence[str] = tuple(Direction.OWNER_TO_FIRM.parts)

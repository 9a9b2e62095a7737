"""Forms of a contract's life: terms, delivery, change, reasons, buttons."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, FileField, FormField, TextAreaField
from wtforms.validators import InputRequired, Optional, ValidationError

from marketplace.fees.forms import PricedForm, inputs_form
from marketplace.foundation.forms import Form, YuanField
from marketplace.projects.forms import length_between, required

from . import queries
from .models import Contract
from .rules import ContractTerms


class DayField(DateField):
    """A day; says in plain words how it is written."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            self.data = None
            raise ValueError(_("请按 2026-03-02 的格式填写日期")) from error


class TermsForm(Form):
    """What may be agreed beside the award and the standard text."""

    starts_on = DayField(_l("开始日期"), [InputRequired(_l("请填写开始日期"))])
    ends_on = DayField(_l("完成日期"), [InputRequired(_l("请填写完成日期"))])
    extra_terms = TextAreaField(
        _l("补充约定"),
        [Optional(), length_between(0, 2000)],
        description=_l("不得改变价款，不得与选取结果相抵触"),
    )

    def terms(self) -> ContractTerms:
        """What was filled in, as the action takes it."""
        assert self.starts_on.data is not None
        assert self.ends_on.data is not None
        return ContractTerms(self.starts_on.data, self.ends_on.data, self.extra_terms.data or "")


class DeliveryForm(Form):
    """One version of the result."""

    upload = FileField(_l("成果文件"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))
    note = TextAreaField(_l("说明"), [Optional(), length_between(0, 1000)])


class ContinueForm(Form):
    """Why a contract goes on although its firm was sanctioned."""

    continue_reason = TextAreaField(
        _l("继续履行的理由"), [required(_l("请填写继续履行的理由")), length_between(5, 1000)]
    )


class ReturnForm(Form):
    """Why a delivery is given back."""

    return_reason = TextAreaField(
        _l("退回理由"), [required(_l("请填写退回理由")), length_between(5, 1000)]
    )


class AmendmentForm(PricedForm):
    """Another price or end date, for other base quantities where the item's standard asks any."""

    amended_price = YuanField(_l("变更后价款"), [InputRequired(_l("请填写价款"))])
    amended_ends_on = DayField(_l("变更后完成日期"), [InputRequired(_l("请填写完成日期"))])
    amendment_reason = TextAreaField(
        _l("变更理由"), [required(_l("请填写变更理由")), length_between(5, 1000)]
    )

    def validate_amended_price(self, field: YuanField) -> None:
        """A price is more than nothing."""
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("金额应大于 0"))

    def quantities(self) -> dict[str, str] | None:
        """The base quantities as filled in; None where the item has none."""
        return self.fee_inputs() if self["fee"].form._fields else None

    def change(self) -> tuple[Decimal, date, str]:
        """Price, end date and reason as filled in."""
        assert self.amended_price.data is not None
        assert self.amended_ends_on.data is not None
        reason = self.amendment_reason.data or ""
        return self.amended_price.data, self.amended_ends_on.data, reason


def amendment_form(contract: Contract, day: date, **given: Any) -> AmendmentForm:
    """The form of a change, filled with what stands; ``day``: whose standard counts."""
    need = contract.need
    inputs = inputs_form(need.item_code, need.jurisdiction_code, day)

    class ItemAmendmentForm(AmendmentForm):
        fee = FormField(inputs, _l("计费基数"))

    return ItemAmendmentForm(
        data={
            "amended_price": contract.price,
            "amended_ends_on": contract.ends_on,
            "fee": queries.paid_for(contract),
        },
        **given,
    )


class TerminationForm(Form):
    """Why a contract should end."""

    termination_reason = TextAreaField(
        _l("终止理由"), [required(_l("请填写终止理由")), length_between(5, 1000)]
    )

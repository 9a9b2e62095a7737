"""The form of a correction: what the need says now, to be changed, and why."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FormField, StringField, TextAreaField
from wtforms.validators import InputRequired

from marketplace.fees.forms import PricedForm, inputs_form, reason_field
from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import YuanField

from .correcting import Correction
from .forms import WholeNumberField, grade_field, length_between, positive, required
from .models import Need
from .packages.forms import contents_of, groups_of, part_groups, refuse_part, values_of_parts
from .pricing import said_of


class CorrectionForm(PricedForm):
    """What may be corrected after publication, and why; ``correction_form`` adds the quantities
    of the fee standards, and the shares of a package's further items."""

    scope = TextAreaField(
        _l("服务内容"), [required(_l("请填写服务内容")), length_between(10, 5000)]
    )
    place = StringField(_l("服务地点"), [required(_l("请填写服务地点")), length_between(2, 200)])
    budget = YuanField(_l("预算金额（元）"), [InputRequired(_l("请填写预算金额"))])
    deviation_reason = reason_field()
    days_wanted = WholeNumberField(_l("办理时限"), [InputRequired(_l("请填写办理时限"))])
    minimum_grade = grade_field()
    reason = TextAreaField(_l("更正理由"), [required(_l("请填写更正理由")), length_between(5, 500)])

    def validate_budget(self, field: YuanField) -> None:
        """A budget is more than nothing."""
        positive(field.data)

    def correction(self) -> Correction:
        """What was filled in, as the action takes it."""
        assert self.budget.data is not None
        assert self.days_wanted.data is not None
        return Correction(
            scope=self.scope.data or "",
            place=self.place.data or "",
            budget=self.budget.data,
            days_wanted=self.days_wanted.data,
            deviation_reason=self.deviation_reason.data or "",
            fee_inputs=self.fee_inputs(),
            minimum_grade=self.minimum_grade.data or "",
            parts=contents_of(self),
        )

    def refuse(self, error: DomainError) -> None:
        """A refusal about a further item is told at its own field."""
        if not refuse_part(self, error):
            super().refuse(error)

    @property
    def parts(self) -> list[tuple[str, Any]]:
        """The groups of further items, by item code."""
        return groups_of(self)


def correction_form(need: Need, day: date) -> CorrectionForm:
    """The form for correcting a need, holding what it says now."""
    inputs = inputs_form(need.item_code, need.jurisdiction_code, day)

    class NeedCorrectionForm(CorrectionForm):
        fee = FormField(inputs, _l("计费基数"))

    groups = part_groups(need.item_codes[1:], need.jurisdiction_code, day)
    for name, group in groups.items():
        setattr(NeedCorrectionForm, name, group)
    return NeedCorrectionForm(
        data={
            "scope": need.scope,
            "place": need.place,
            "budget": need.budget,
            "deviation_reason": said_of(need.price_check_id) or "",
            "days_wanted": need.days_wanted,
            "minimum_grade": need.minimum_grade or "",
            "fee": need.fee_inputs,
            **values_of_parts(need),
        }
    )

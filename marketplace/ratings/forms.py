"""Forms of the rating desk."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from marketplace.foundation.forms import Form, length_message


class ConfirmForm(Form):
    """Confirm a proposal: nothing to fill in."""


class RejectForm(Form):
    """Reject a proposal with a reason."""

    reason = TextAreaField(
        _l("不予通过的理由"),
        description=_l("理由将告知被评机构，请勿写入个人信息"),
        validators=[
            DataRequired(_l("请填写不予通过的理由")),
            Length(min=5, max=1000, message=length_message()),
        ],
    )


class ScoreField(StringField):
    """A score from 0 to 100 with at most two decimals."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the digits exactly."""
        self.raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not self.raw:
            return
        try:
            if not self.raw.isascii():
                raise InvalidOperation
            value = Decimal(self.raw)
            if not value.is_finite() or not 0 <= value <= 100 or value * 100 % 1:
                raise InvalidOperation
        except InvalidOperation as error:
            raise ValidationError(_("检查得分须为 0 到 100，最多两位小数，例如 92.50")) from error
        self.data = value

    def _value(self) -> str:
        if isinstance(self.data, Decimal):
            return format(self.data, "f")
        return getattr(self, "raw", "") or ""


class InspectionForm(Form):
    """Record the result of an official inspection."""

    credit_code = StringField(
        _l("被检查机构的统一社会信用代码"),
        validators=[
            InputRequired(_l("请填写统一社会信用代码")),
            Length(min=18, max=18, message=_l("统一社会信用代码为 18 位")),
        ],
    )
    inspected_on = DateField(
        _l("检查日期"), validators=[InputRequired(_l("请填写检查日期，例如 2026-03-02"))]
    )
    document = StringField(
        _l("检查文书号"),
        validators=[
            InputRequired(_l("请填写检查文书号")),
            Length(min=2, max=120, message=length_message()),
        ],
    )
    result = ScoreField(_l("检查得分"), validators=[InputRequired(_l("请填写检查得分"))])
    findings = TextAreaField(
        _l("检查情况"),
        description=_l("请勿写入个人信息"),
        validators=[
            InputRequired(_l("请填写检查情况")),
            Length(min=2, max=1000, message=length_message()),
        ],
    )

"""Forms of judges, and of those who say something about them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from marketplace.foundation.forms import Form, length_message, options

_FILLED = InputRequired(_l("请填写此项"))


class PointsField(StringField):
    """Points of a mark: at most one decimal; the bounds are the criterion's."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not self.raw:
            return
        plain = len(self.raw) <= 5 and all(sign in "0123456789." for sign in self.raw)
        try:
            self.data = Decimal(self.raw) if plain else None
        except InvalidOperation:
            self.data = None
        if self.data is None:
            raise ValidationError(_("请填写分数，最多一位小数"))

    def _value(self) -> str:
        return str(self.data) if self.data is not None else getattr(self, "raw", "") or ""


class AcceptForm(Form):
    """Taking part, with the declaration that goes with it."""

    declared = BooleanField(
        _l(
            "与项目业主和参评机构没有任职、持股、亲属等可能影响公正评审的关系，评审结束前不向他人透露评审情况"
        ),
        [InputRequired(_l("请确认后提交；有关系的，请选择不参加"))],
    )


class AsideForm(Form):
    """Why one does not take part."""

    reason = TextAreaField(_l("理由"), [_FILLED, Length(2, 500, message=length_message())])


class SheetForm(Form):
    """The marks for one firm."""

    plan = PointsField(_l("方案分"), [_FILLED])
    practitioners = PointsField(_l("人员分"), [_FILLED])
    reason = TextAreaField(
        _l("评分理由"),
        [_FILLED, Length(2, 500, message=length_message())],
        description=_l("评审结束后与姓名、评分一并公布"),
    )


class ExplainForm(Form):
    """Why a total lies so far from the others'."""

    text = TextAreaField(
        _l("偏离说明"),
        [_FILLED, Length(2, 1000, message=length_message())],
        description=_l("随评分公布"),
    )


class FeedbackForm(Form):
    """What the owner or the bureau says of a judge."""

    mark = RadioField(
        _l("评价"),
        choices=options([(str(mark), _l("%(mark)s 分", mark=mark)) for mark in range(5, 0, -1)]),
        validators=[InputRequired(_l("请选择"))],
    )
    text = TextAreaField(
        _l("评价意见"),
        [_FILLED, Length(2, 500, message=length_message())],
        description=_l("按时、客观、专业等方面；仅管理机构可见"),
    )

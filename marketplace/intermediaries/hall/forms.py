"""Forms of the hall: a call, an application, judges, marks, windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.foundation.errors import Invalid
from marketplace.foundation.forms import Form, length_message, options

from . import calling, entering
from .models import HallCriterion
from .rules import Criterion

_FILLED = InputRequired(_l("请填写此项"))
_WHOLE = _l("请填写整数")


class WholeField(IntegerField):
    """A whole number; anything else is refused in Chinese."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            self.data = None
            raise ValueError(str(_WHOLE)) from error


class CallForm(Form):
    """A call: what is called for, until when, what is marked."""

    title = StringField(
        _l("公告标题"),
        [_FILLED, Length(min=5, max=120, message=length_message())],
    )
    seats = WholeField(
        _l("席位数"),
        [_FILLED, NumberRange(min=1, max=500, message=_l("请填写 1 至 500 的整数"))],
    )
    term_months = WholeField(
        _l("任期"), [_FILLED, NumberRange(min=1, max=60, message=_l("请填写 1 至 60 的整数"))]
    )
    apply_until = DateField(
        _l("申请截止日"), [_FILLED], description=_l("当日 17:00 截止，在册机构均可申请")
    )
    items = SelectMultipleField(
        _l("窗口办理的服务事项"),
        description=_l("不选为全部事项"),
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )

    _items: Mapping[str, Mapping[str, str]]

    @property
    def groups(self) -> list[tuple[str, list[Any], int]]:
        """The boxes of each category, with how many of them are ticked."""
        boxes = {box.data: box for box in self.items}
        chosen = set(self.items.data or ())
        return [
            (category, [boxes[code] for code in named], len(chosen & set(named)))
            for category, named in self._items.items()
        ]

    @property
    def rows(self) -> list[tuple[int, Any, Any, Any]]:
        """The criteria's fields, row by row; none where nobody marks."""
        return [
            (number, self[f"name_{number}"], self[f"looked_{number}"], self[f"points_{number}"])
            for number in range(1, calling.MOST_CRITERIA + 1)
            if f"name_{number}" in self
        ]

    def criteria(self) -> list[Criterion]:
        """The rows that are filled; raises Invalid for one filled in part or after a gap."""
        found: list[Criterion] = []
        for number, name, looked, points in self.rows:
            if not (name.data or looked.data or points.data is not None):
                continue
            for field in (name, looked, points):
                if field.data in (None, ""):
                    raise Invalid(
                        str(_l("请把这一评分项填写完整")), field=field.name, rule="hall.criteria"
                    )
            if len(found) != number - 1:
                raise Invalid(
                    str(_l("请从第 1 项起依次填写，中间不要留空")),
                    field=name.name,
                    rule="hall.criteria",
                )
            found.append(Criterion(name.data, looked.data, points.data))
        return found


def call_form(scored: bool, items: Mapping[str, Mapping[str, str]], **given: Any) -> CallForm:
    """The form of a call, with rows of criteria where judges mark."""
    fields: dict[str, Any] = {}
    for number in range(1, calling.MOST_CRITERIA + 1) if scored else ():
        fields[f"name_{number}"] = StringField(
            _l("评分项"), [Optional(), Length(max=60, message=length_message())]
        )
        fields[f"looked_{number}"] = TextAreaField(
            _l("考察内容"), [Optional(), Length(max=300, message=length_message())]
        )
        fields[f"points_{number}"] = WholeField(
            _l("分值"),
            [Optional(), NumberRange(min=1, max=100, message=_l("分值为 1 至 100 的整数"))],
        )
    made: CallForm = type("WrittenCallForm", (CallForm,), fields)(**given)
    made._items = items
    made.items.choices = [pair for named in items.values() for pair in named.items()]
    return made


class ReasonForm(Form):
    """Why: told to those concerned."""

    reason = TextAreaField(
        _l("理由"),
        [
            _FILLED,
            Length(min=calling.SHORTEST, max=calling.LONGEST, message=length_message()),
        ],
        description=_l("告知有关机构，请勿写入个人信息"),
    )


class JudgeForm(Form):
    """Name a judge by the sign-in name."""

    login = StringField(
        _l("评委登录名"),
        [_FILLED, Length(max=60, message=length_message())],
        description=_l("评委来自不同单位，须先在本平台开立账号"),
    )
    speciality = StringField(
        _l("专业领域"), [_FILLED, Length(min=2, max=60, message=length_message())]
    )

    def user(self) -> User:
        """The person named; raises Invalid at the field."""
        found = accounts.user_by_login(self.login.data or "")
        if found is None:
            raise Invalid(str(_l("没有找到该登录名")), field="login", rule="hall.judge")
        return found


class WindowForm(Form):
    """Open a window."""

    number = WholeField(
        _l("窗口号"), [_FILLED, NumberRange(min=1, max=9999, message=_l("窗口号为正整数"))]
    )
    location = StringField(
        _l("位置"),
        [_FILLED, Length(min=2, max=80, message=length_message())],
        description=_l("办事人员能够找到的楼层和区域，例如：二楼东区"),
    )


class FillForm(Form):
    """Seat the next in order at a free window."""

    window = SelectField(_l("空闲窗口"), [InputRequired(_l("请选择窗口"))])


def fill_form(windows: Sequence[Any], **given: Any) -> FillForm:
    """The form with the windows that are free."""
    form = FillForm(**given)
    form.window.choices = options([(each.public_id, f"{each.number}") for each in windows])
    return form


class ApplicationForm(Form):
    """A firm's word on every criterion, and its commitment."""

    committed = BooleanField(
        _l("本机构承诺所填内容真实，入选后按期进驻、按窗口规定服务"),
        [InputRequired(_l("请阅读并勾选承诺"))],
    )

    def answers(self) -> dict[str, str]:
        """What was said, by the position of the criterion."""
        return {
            name.removeprefix("answer_"): field.data or ""
            for name, field in self._fields.items()
            if name.startswith("answer_")
        }

    @property
    def said(self) -> list[Any]:
        """The fields of the criteria, in order."""
        return [field for name, field in self._fields.items() if name.startswith("answer_")]


def application_form(criteria: Sequence[HallCriterion], **given: Any) -> ApplicationForm:
    """The form of an application to a call."""
    fields: dict[str, Any] = {
        f"answer_{each.position}": TextAreaField(
            each.name,
            [
                _FILLED,
                Length(min=entering.SHORTEST, max=entering.LONGEST, message=length_message()),
            ],
            description=each.looked_at,
        )
        for each in criteria
    }
    made: ApplicationForm = type("WrittenApplicationForm", (ApplicationForm,), fields)(**given)
    return made


class PointsField(DecimalField):
    """Points with at most one decimal."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        raw = (valuelist[0] if valuelist else "").strip()
        if not raw:
            return
        try:
            self.data = Decimal(raw)
            if not self.data.is_finite():
                raise ArithmeticError
        except ArithmeticError as error:
            self.data = None
            raise ValueError(str(_l("请填写分数，最多一位小数"))) from error


class SheetForm(Form):
    """A judge's marks for one application, with the reason."""

    reason = TextAreaField(
        _l("评分理由"),
        [
            _FILLED,
            Length(min=calling.SHORTEST, max=calling.LONGEST, message=length_message()),
        ],
        description=_l("与评分一并公开，请勿写入个人信息"),
    )

    @property
    def given(self) -> list[Any]:
        """The fields of the marks, in the order of the criteria."""
        return [field for name, field in self._fields.items() if name.startswith("mark_")]


def sheet_form(criteria: Sequence[HallCriterion], **given: Any) -> SheetForm:
    """The form of a judge's marks on a call's criteria."""
    fields: dict[str, Any] = {
        f"mark_{each.position}": PointsField(
            each.name,
            [
                InputRequired(_l("请填写分数")),
                NumberRange(
                    min=0,
                    max=each.points,
                    message=_l("0 至 %(most)s 分，最多一位小数", most=each.points),
                ),
            ],
            description=each.looked_at,
        )
        for each in criteria
    }
    made: SheetForm = type("WrittenSheetForm", (SheetForm,), fields)(**given)
    return made


class ExplanationForm(Form):
    """Why one's total lies so far from the mean."""

    text = TextAreaField(
        _l("偏离说明"),
        [
            _FILLED,
            Length(min=calling.SHORTEST, max=calling.LONGEST, message=length_message()),
        ],
        description=_l("与评分一并公开，请勿写入个人信息"),
    )

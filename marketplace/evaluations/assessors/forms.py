"""Forms of appointments and of an assessor's marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation.errors import Invalid
from marketplace.foundation.forms import Form, length_message, options

from ..forms import MARK_TITLES, EvaluationForm
from ..models import PART_TITLES
from .models import AssessorKind


class AppointmentForm(Form):
    """Propose an assessor."""

    subject = StringField(
        _l("评价人"),
        description=_l("单位填写统一社会信用代码；自然人填写其登录名"),
        validators=[InputRequired(_l("请填写此项")), Length(max=60, message=_l("代码过长"))],
    )
    kind = RadioField(
        _l("类别"),
        choices=options([(each.value, each.title) for each in AssessorKind]),
        validators=[InputRequired(_l("请选择类别"))],
    )
    items = SelectMultipleField(
        _l("评价的服务事项"),
        description=_l("不选为全部事项"),
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    starts_on = DateField(_l("聘期自"), validators=[InputRequired(_l("请填写日期"))])
    ends_on = DateField(_l("聘期至"), validators=[InputRequired(_l("请填写日期"))])
    basis = StringField(
        _l("聘任依据"),
        description=_l("文件名称和文号、遴选方式"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=2, max=200, message=length_message()),
        ],
    )

    def __init__(self, items: Mapping[str, Mapping[str, str]], **given: Any) -> None:
        """``items`` are those that may be chosen: category, code, name."""
        super().__init__(**given)
        self._items = items
        self.items.choices = [pair for named in items.values() for pair in named.items()]

    @property
    def groups(self) -> list[tuple[str, list[Any], int]]:
        """The boxes of each category, with how many of them are ticked."""
        boxes = {box.data: box for box in self.items}
        chosen = set(self.items.data or ())
        return [
            (category, [boxes[code] for code in named], len(chosen & set(named)))
            for category, named in self._items.items()
        ]

    def organisation(self) -> Organisation:
        """The body or person named; raises Invalid at the field."""
        text = (self.subject.data or "").strip()
        found = accounts.organisation_by_credit_code(text.upper())
        if found is None:
            user = accounts.user_by_login(text)
            found = accounts.home_of(user) if user is not None else None
        if found is None:
            raise Invalid(
                _("没有找到该评价人，请先在本平台注册"), field="subject", rule="assessor.subject"
            )
        return found


class ReasonForm(Form):
    """A reason for refusing, ending or standing aside."""

    reason = TextAreaField(
        _l("理由"),
        description=_l("请勿写入个人信息"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=5, max=500, message=length_message()),
        ],
    )


class AsideForm(Form):
    """Why an assessor stands aside from a contract."""

    why = TextAreaField(
        _l("回避理由"),
        description=_l("请勿写入个人信息"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=5, max=500, message=length_message()),
        ],
    )


def assessment_form(parts: Sequence[str], **given: Any) -> EvaluationForm:
    """The form of marks for the parts an edition names."""
    fields: dict[str, Any] = {
        part: RadioField(
            PART_TITLES[part],
            choices=options(list(MARK_TITLES.items())),
            validators=[InputRequired(_l("请选择 1 到 5 分"))],
        )
        for part in parts
    }
    made: EvaluationForm = type("AssessmentForm", (EvaluationForm,), fields)(**given)
    return made

"""The two forms of marks, and the titles of the marks."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options

from .models import PART_TITLES
from .rules import Direction

MARK_TITLES = {
    "5": _l("5 分 很满意"),
    "4": _l("4 分 满意"),
    "3": _l("3 分 基本满意"),
    "2": _l("2 分 不满意"),
    "1": _l("1 分 很不满意"),
}


class EvaluationForm(Form):
    """What both directions share."""

    reason = TextAreaField(
        _l("事实和理由"),
        description=_l("有 1 分或 2 分时必填；公开后可见，请勿写入个人信息"),
        validators=[Optional(), Length(max=1000, min=0, message=length_message())],
    )

    def marks(self, direction: Direction) -> dict[str, int]:
        """The marks as whole numbers by part."""
        return {part: int(self[part].data) for part in direction.parts}


def _form(direction: Direction) -> type[EvaluationForm]:
    fields: dict[str, Any] = {
        part: RadioField(
            PART_TITLES[part],
            choices=options(list(MARK_TITLES.items())),
            validators=[InputRequired(_l("请选择 1 到 5 分"))],
        )
        for part in direction.parts
    }
    if direction is Direction.FIRM_TO_DEPARTMENT:
        fields["reason"] = TextAreaField(
            _l("事实和理由"),
            description=_l("有 1 分或 2 分时必填；部门看不到，请勿写入个人信息"),
            validators=[Optional(), Length(max=1000, min=0, message=length_message())],
        )
    return type(f"{direction.name.title()}Form", (EvaluationForm,), fields)


FORMS: dict[Direction, type[EvaluationForm]] = {
    direction: _form(direction) for direction in Direction
}

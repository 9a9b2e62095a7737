"""Forms of replies, disputes and reviews."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST, LONGEST_REPLY, SHORTEST


def text_area(label: Any, longest: int = LONGEST, hint: Any = "") -> TextAreaField:
    """A required text of the length that the actions take."""
    return TextAreaField(
        label,
        description=hint,
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=SHORTEST, max=longest, message=length_message()),
        ],
    )


class ReplyForm(Form):
    """The one reply."""

    text = text_area(
        _l("回应内容"), LONGEST_REPLY, _l("只能回应一次，与评价一同公开，请勿写入个人信息")
    )


class DisputeForm(Form):
    """A dispute."""

    grounds = text_area(_l("异议的事实和理由"), hint=_l("由管理机构调查后答复"))


class LookForm(Form):
    """What an officer found."""

    outcome = RadioField(
        _l("调查结论"),
        choices=options(
            [("keep", _l("评价成立，予以维持")), ("exclude", _l("建议剔除，由其他人员决定"))]
        ),
        validators=[InputRequired(_l("请选择结论"))],
    )
    finding = text_area(
        _l("查明的事实和理由"), hint=_l("将告知双方；剔除后理由公开，请勿写入个人信息")
    )


class DecisionForm(Form):
    """The decision on a proposal to exclude."""

    outcome = RadioField(
        _l("决定"),
        choices=options([("exclude", _l("剔除该评价")), ("keep", _l("不予剔除，维持评价"))]),
        validators=[InputRequired(_l("请选择决定"))],
    )
    reason = text_area(_l("决定的理由"), hint=_l("剔除后评价划线保留、理由公开，得分自次日起冲正"))

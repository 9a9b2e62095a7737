"""Forms about objections."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST, SHORTEST


class ObjectionForm(Form):
    """An objection to a notice."""

    text = TextAreaField(
        _l("异议的事实和理由"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=SHORTEST, max=LONGEST, message=length_message()),
        ],
    )


class AnswerForm(Form):
    """The bureau's answer."""

    conclusion = RadioField(
        _l("结论"),
        choices=options([("upheld", _l("异议成立")), ("rejected", _l("异议不成立"))]),
        validators=[InputRequired(_l("请选择结论"))],
    )
    answer = TextAreaField(
        _l("答复的事实和依据"),
        description=_l("答复将公开，请勿写入个人信息"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=SHORTEST, max=LONGEST, message=length_message()),
        ],
    )

"""Forms of service ratings and their call-backs."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options

from .models import FollowUpOutcome, Satisfaction


class RatingForm(Form):
    """One of five grades; the reason where it is a bad one."""

    grade = RadioField(
        _l("总体评价"),
        choices=options([(each.value, each.title) for each in Satisfaction]),
        validators=[InputRequired(_l("请选择评价"))],
    )
    reason = TextAreaField(
        _l("理由"),
        description=_l("不满意、非常不满意的必填；请勿写入个人信息"),
        validators=[Optional(), Length(max=1000, min=0, message=length_message())],
    )


class AnswerForm(Form):
    """What a call-back found, and the answer."""

    outcome = RadioField(
        _l("回访结果"),
        choices=options([(each.value, each.title) for each in FollowUpOutcome]),
        validators=[InputRequired(_l("请选择回访结果"))],
    )
    answer = TextAreaField(
        _l("答复"),
        description=_l("发给评价单位；请勿写入个人信息"),
        validators=[
            InputRequired(_l("请填写答复")),
            Length(max=1000, min=5, message=length_message()),
        ],
    )

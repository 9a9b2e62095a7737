"""Forms about off-list demands."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST, SHORTEST

_FILLED = InputRequired(_l("请填写此项"))
_SAID = Length(min=SHORTEST, max=LONGEST, message=length_message())


class ReportForm(Form):
    """What was asked for, by whom, when."""

    department = SelectField(_l("提出要求的部门"), [InputRequired(_l("请选择部门"))])
    item_name = StringField(
        _l("被要求购买的服务"), [_FILLED, Length(max=120, message=length_message())]
    )
    approval = StringField(
        _l("办理的审批事项"), [_FILLED, Length(max=120, message=length_message())]
    )
    asked_on = DateField(_l("提出要求的日期"), [InputRequired(_l("请填写日期"))])
    facts = TextAreaField(
        _l("经过"),
        [_FILLED, _SAID],
        description=_l("在哪个窗口、以什么方式提出，有无书面通知"),
    )
    file = FileField(
        _l("证据材料"),
        [Optional()],
        description=_l("书面通知、截图或者照片，PDF、JPG、PNG，不超过 20 MB"),
    )


class ReasonForm(Form):
    """Why a report is not taken in."""

    reason = TextAreaField(_l("不予受理的理由"), [_FILLED, _SAID])


class AnswerForm(Form):
    """How the department says it was."""

    answer = TextAreaField(
        _l("情况说明"),
        [_FILLED, _SAID],
        description=_l("说明依据的法律法规和条款；没有依据的，说明如何改正"),
    )


class DecisionForm(Form):
    """Whether a report is true."""

    conclusion = RadioField(
        _l("认定"),
        choices=options([("upheld", _l("查实")), ("dismissed", _l("查不属实"))]),
        validators=[InputRequired(_l("请选择认定结论"))],
    )
    finding = TextAreaField(
        _l("认定的事实和依据"),
        [_FILLED, _SAID],
        description=_l("告知反映人和部门，请勿写入反映人的信息"),
    )

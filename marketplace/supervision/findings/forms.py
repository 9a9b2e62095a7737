"""Forms of findings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from marketplace.foundation.forms import Form, length_message, options

from .models import FindingKind, FindingSeverity


class FindingForm(Form):
    """What is wrong with a sampled thing, and on which evidence."""

    kind = SelectField(
        _l("问题类型"),
        [InputRequired(_l("请选择"))],
        choices=options([(kind.value, kind.title) for kind in FindingKind]),
    )
    severity = RadioField(
        _l("严重程度"),
        [InputRequired(_l("请选择"))],
        choices=options([(each.value, each.title) for each in FindingSeverity]),
    )
    text = TextAreaField(
        _l("问题描述"),
        [InputRequired(_l("请填写此项")), Length(min=2, max=2000, message=length_message())],
    )
    evidence = StringField(
        _l("证据"),
        [InputRequired(_l("请填写此项")), Length(min=2, max=500, message=length_message())],
        description=_l("文件名称、文号、页面或者记录编号"),
    )
    entry_number = IntegerField(
        _l("涉及的信用记录编号"),
        [Optional(), NumberRange(1, 10**12, message=_l("序号请填写正整数"))],
    )


class AnswerForm(Form):
    """What the audited bureau says."""

    answer = TextAreaField(
        _l("答复"),
        [InputRequired(_l("请填写此项")), Length(min=2, max=2000, message=length_message())],
        description=_l("核实情况、原因、整改措施和完成日期"),
    )


class JudgementForm(Form):
    """Whether an answer is enough."""

    outcome = RadioField(
        _l("审核意见"),
        [InputRequired(_l("请选择"))],
        choices=options([("close", _l("答复充分，办结")), ("return", _l("退回补充答复"))]),
    )
    judgement = TextAreaField(
        _l("审核说明"),
        [InputRequired(_l("请填写此项")), Length(min=2, max=2000, message=length_message())],
    )

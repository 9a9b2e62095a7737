"""What the firm says, what an officer proposes, what another decides."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST
from .models import OUTCOMES

_FILLED = InputRequired(_l("请填写此项"))
_SAID = Length(min=2, max=LONGEST, message=length_message())


class StatementForm(Form):
    """The firm's view."""

    statement = TextAreaField(
        _l("陈述意见"),
        [_FILLED, _SAID],
        description=_l("写明相同之处的由来，例如共用办公场所、人员调入；作出认定前可以修改"),
    )


class FindingForm(Form):
    """What an officer found."""

    outcome = RadioField(
        _l("核查意见"),
        choices=options([(each.value, each.title) for each in OUTCOMES]),
        validators=[InputRequired(_l("请选择核查意见"))],
    )
    reason = TextAreaField(_l("事实和理由"), [_FILLED, _SAID])


class MatchDecisionForm(Form):
    """Whether another officer decides so."""

    conclusion = RadioField(
        _l("审批"),
        choices=options([("decide", _l("同意，按核查意见认定")), ("return", _l("退回重新核查"))]),
        validators=[InputRequired(_l("请选择审批结论"))],
    )
    reason = TextAreaField(_l("理由"), [_FILLED, _SAID])

"""A question to an entrant, and its answer."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.fees.forms import reason_field
from marketplace.foundation.forms import Form, YuanField, length_message


class AskForm(Form):
    """What the owner wants to know."""

    question = TextAreaField(
        _l("洽谈内容"),
        description=_l("围绕服务内容、人员、时限和价格提问；问答将随结果公布"),
        validators=[InputRequired(_l("请填写洽谈内容")), Length(5, 1000, message=length_message())],
    )


class AnswerForm(Form):
    """What the firm says, and what it quotes from now on."""

    answer = TextAreaField(
        _l("答复"),
        description=_l("将随结果公布"),
        validators=[InputRequired(_l("请填写答复")), Length(2, 2000, message=length_message())],
    )
    price = YuanField(
        _l("新报价"), description=_l("不填则维持原报价；不得高于原报价"), validators=[Optional()]
    )
    deviation_reason = reason_field()

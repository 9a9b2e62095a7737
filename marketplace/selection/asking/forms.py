"""Forms of questions and answers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from marketplace.foundation.forms import Form


class QuestionForm(Form):
    """What a firm wants to know."""

    question = TextAreaField(
        _l("问题"),
        [InputRequired(_l("请填写问题"))],
        description=_l("公开显示，不显示提问机构；请勿写入本机构名称、联系方式和报价"),
    )


class AnswerForm(Form):
    """What the owner says to it."""

    answer = TextAreaField(
        _l("答复"),
        [InputRequired(_l("请填写答复"))],
        description=_l("提交后立即公开，不能再改；需要改变公告内容的，请发布更正"),
    )

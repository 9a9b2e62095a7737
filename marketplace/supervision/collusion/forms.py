"""The form in which an officer says what a flag is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST, SHORTEST


class CollusionForm(Form):
    """The decision on a flag."""

    outcome = RadioField(
        _l("核实结论"),
        choices=options(
            [
                ("clear", _l("有合理解释，予以排除")),
                ("pursue", _l("需要处理，转其他程序办理")),
            ]
        ),
        validators=[InputRequired(_l("请选择结论"))],
    )
    reason = TextAreaField(
        _l("核实的事实和理由"),
        description=_l("记录在案；没有新的选取，同样情形不再提示"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=SHORTEST, max=LONGEST, message=length_message()),
        ],
    )

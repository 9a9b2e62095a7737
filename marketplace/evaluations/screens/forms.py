"""The form in which an officer says what a flag is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import InputRequired

from marketplace.foundation.forms import Form, options

from ..reviews.forms import text_area


class FlagForm(Form):
    """The decision on a flag."""

    outcome = RadioField(
        _l("核实结论"),
        choices=options(
            [("clear", _l("有合理解释，予以排除")), ("pursue", _l("需要处理，转相应程序办理"))]
        ),
        validators=[InputRequired(_l("请选择结论"))],
    )
    reason = text_area(_l("核实的事实和理由"), hint=_l("记录在案；没有新的评价，同样情形不再提示"))

"""What officers hand in about the list of bodies not decoupled."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, options

_LONGEST = _l("请控制在 %(max)d 个字以内")


class UploadForm(Form):
    """The whole list, with the document it came with."""

    document = StringField(
        _l("来源文件"),
        [InputRequired(_l("请填写此项")), Length(max=200, message=_LONGEST)],
        description=_l("编办出具名单的文件名称和文号"),
    )
    file = FileField(
        _l("名单文件（.xlsx 或 .csv）"),
        [InputRequired(_l("请选择要导入的文件"))],
        description=_l("须为完整名单：不在文件中的，确认后移出"),
    )


class DecouplingForm(Form):
    """What became of a firm that stands on the list."""

    tie_outcome = RadioField(
        _l("核对结论"),
        [InputRequired(_l("请选择"))],
        choices=options(
            [("cleared", _l("已脱钩或不是同一机构")), ("tied", _l("尚未脱钩，不予入驻"))]
        ),
    )
    tie_reason = TextAreaField(
        _l("核对依据和理由"),
        [InputRequired(_l("请填写此项")), Length(max=1000, message=_LONGEST)],
    )

"""The form a list is uploaded with."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms.validators import InputRequired

from marketplace.foundation.forms import Form


class UploadForm(Form):
    """The file of the list."""

    file = FileField(
        _l("名单文件（.xlsx 或 .csv）"),
        [InputRequired(_l("请选择要导入的文件"))],
        description=_l("须为完整名单：不在文件中的，确认后移出"),
    )

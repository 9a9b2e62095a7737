"""Uploading a file of charges."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import Length, Optional

from marketplace.foundation.forms import Form, length_message


class ChargesForm(Form):
    """The file, and what the audit is called."""

    title = StringField(
        _l("核对名称"),
        [Optional(), Length(max=120, message=length_message())],
        description=_l("可不填，例如“2026 年一季度监理收费”"),
    )
    file = FileField(
        _l("收费明细（.xlsx）"),
        [FileRequired(_l("请选择收费明细文件"))],
        description=_l("按模板填写，最多 5,000 行，不超过 20 MB"),
    )

"""The form of an inspection's outcome."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from .actions import DOCUMENT, FINDINGS
from .models import InspectionStatus

_OUTCOMES = (InspectionStatus.SOUND, InspectionStatus.FAULTS)


class OutcomeForm(Form):
    """What the inspection of a contract found."""

    outcome = RadioField(
        _l("检查结论"),
        choices=options([(each.value, each.title) for each in _OUTCOMES]),
        validators=[InputRequired(_l("请选择检查结论"))],
    )
    document = StringField(
        _l("检查文书号"),
        validators=[
            InputRequired(_l("请填写检查文书号")),
            Length(min=DOCUMENT[0], max=DOCUMENT[1], message=length_message()),
        ],
    )
    findings = TextAreaField(
        _l("检查情况"),
        description=_l("告知合同双方；请勿写入个人信息"),
        validators=[
            InputRequired(_l("请填写检查情况")),
            Length(min=FINDINGS[0], max=FINDINGS[1], message=length_message()),
        ],
    )
    evidence = FileField(
        _l("证据材料"),
        description=_l("发现问题的必附；PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"),
    )

"""Forms of credit repair."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField
from wtforms.validators import InputRequired

from marketplace.foundation.forms import Form, options

from ..forms import long_text


class RepairForm(Form):
    """What was put right."""

    correction = long_text(_l("整改情况"), _l("写明违规事项如何改正、损失如何弥补"))
    evidence = FileField(_l("证明材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))


class VerificationForm(Form):
    """Whether the correction is true."""

    conclusion = RadioField(
        _l("核实结论"),
        choices=options([("yes", _l("属实，建议准予修复")), ("no", _l("不属实，建议不予修复"))]),
        validators=[InputRequired(_l("请选择核实结论"))],
    )
    verification = long_text(_l("核实情况"))


class RepairDecisionForm(Form):
    """Granted or refused."""

    conclusion = RadioField(
        _l("修复决定"),
        choices=options([("grant", _l("准予修复")), ("refuse", _l("不予修复"))]),
        validators=[InputRequired(_l("请选择修复决定"))],
    )
    reason = long_text(_l("理由"))

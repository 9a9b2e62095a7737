"""Forms of an appeal."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from ..forms import MonthsField, long_text


class AppealForm(Form):
    """Why a decision is wrong."""

    grounds = long_text(
        _l("申诉的事实和理由"), _l("写明不服哪一项、理由和请求；每个决定只能申诉一次")
    )
    evidence = FileField(_l("证明材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))


class StayForm(Form):
    """Whether the decision is carried out meanwhile."""

    conclusion = RadioField(
        _l("复核期间"),
        choices=options([("stay", _l("停止执行")), ("go_on", _l("不停止执行"))]),
        validators=[InputRequired(_l("请选择是否停止执行"))],
    )
    reason = long_text(_l("理由"))


class ReviewForm(Form):
    """What the review comes to."""

    outcome = RadioField(
        _l("复核结论"),
        choices=options(
            [
                ("uphold", _l("维持原决定")),
                ("change", _l("变更原决定，缩短期限")),
                ("revoke", _l("撤销原决定")),
            ]
        ),
        validators=[InputRequired(_l("请选择复核结论"))],
    )
    shorter = MonthsField(
        _l("变更后的期限"), description=_l("变更时填写：黑名单填月数，红牌填天数，自原决定之日起算")
    )
    panel = StringField(
        _l("复核组成员"),
        description=_l("由复核组办理的，写明成员"),
        validators=[Length(max=500, message=length_message())],
    )
    reason = long_text(_l("理由"))

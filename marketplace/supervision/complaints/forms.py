"""Forms of a complaint: filing it, taking it on, deciding it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST, SHORTEST
from .models import ABOUT_TITLES
from .replying import SHORTEST as REPLY_SHORTEST


def _text(label: Any, description: Any = "") -> TextAreaField:
    return TextAreaField(
        label,
        description=description,
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=SHORTEST, max=LONGEST, message=length_message()),
        ],
    )


class ComplaintForm(Form):
    """What is complained of, with facts and evidence."""

    about = RadioField(
        _l("投诉事项"),
        choices=options([(each.value, title) for each, title in ABOUT_TITLES.items()]),
        validators=[InputRequired(_l("请选择投诉事项"))],
    )
    facts = _text(
        _l("事实、理由和请求"),
        _l("写明何时、何人、何事，有何依据，希望如何处理；请勿写入无关的个人信息"),
    )
    evidence = FileField(_l("证明材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))


class AcceptanceForm(Form):
    """Whether a complaint is taken on."""

    outcome = RadioField(
        _l("是否受理"),
        choices=options([("accept", _l("受理")), ("refuse", _l("不予受理"))]),
        validators=[InputRequired(_l("请选择是否受理"))],
    )
    reason = TextAreaField(
        _l("不予受理的理由"),
        description=_l("不予受理时填写，并写明应当向何处提出"),
        validators=[Length(max=LONGEST, message=length_message())],
    )


class DecisionForm(Form):
    """What a complaint comes to."""

    outcome = RadioField(
        _l("处理决定"),
        choices=options(
            [
                ("dismiss", _l("投诉不成立")),
                ("uphold", _l("投诉成立，不影响选取结果")),
                ("annul", _l("投诉成立，建议撤销选取、重新公告")),
            ]
        ),
        validators=[InputRequired(_l("请选择处理决定"))],
    )
    reason = _text(_l("查明的事实、依据和理由"), _l("决定将公告，请勿写入投诉人名称和个人信息"))


class ReplyForm(Form):
    """What one of those complained of says of it."""

    text = TextAreaField(
        _l("书面答复"),
        description=_l("逐项说明事实和依据；提交后不能更改，作出决定时投诉人可以看到"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=REPLY_SHORTEST, max=LONGEST, message=length_message()),
        ],
    )
    evidence = FileField(_l("证明材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))

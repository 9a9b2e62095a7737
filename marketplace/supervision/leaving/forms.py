"""What a firm declares and says, what officers set down and decide."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options
from marketplace.intermediaries.leaving.actions import LONGEST
from marketplace.intermediaries.leaving.models import Ground
from marketplace.intermediaries.leaving.rules import Contracts
from marketplace.sanctions.measures.forms import MomentField

_FILLED = InputRequired(_l("请填写此项"))
_SAID = Length(min=2, max=LONGEST, message=length_message())


def _papers() -> MultipleFileField:
    return MultipleFileField(
        _l("附件"),
        description=_l(
            "可选多份，最多 10 份，每份不超过 20 MB；PDF、JPG、PNG、DOCX、XLSX。双方均可查看"
        ),
    )


class DeclarationForm(Form):
    """A firm leaves."""

    contracts = RadioField(
        _l("履行中的合同"),
        choices=options(
            [
                (Contracts.FINISH.value, _l("继续履行，全部办结后退出")),
                (Contracts.OWNERS.value, _l("交由项目业主决定继续或者终止，办结后退出")),
            ]
        ),
        validators=[InputRequired(_l("请选择履行中的合同如何办理"))],
    )
    reason = TextAreaField(
        _l("退出原因"), [Optional(), Length(max=LONGEST, message=length_message())]
    )


class RemovalForm(Form):
    """A removal is begun."""

    ground = RadioField(
        _l("移出事由"),
        choices=options([(each.value, each.title) for each in Ground]),
        validators=[InputRequired(_l("请选择移出事由"))],
    )
    facts = TextAreaField(
        _l("事实和依据"), [_FILLED, _SAID], description=_l("告知机构；写明文号、日期和核查情况")
    )
    papers = _papers()


class StatementForm(Form):
    """The firm speaks."""

    statement = TextAreaField(_l("陈述申辩"), [_FILLED, _SAID])
    hearing = BooleanField(_l("申请听证"))
    papers = _papers()


class HearingForm(Form):
    """When the hearing is."""

    at = MomentField(
        _l("听证时间"),
        [InputRequired(_l("请填写时间"))],
        format="%Y-%m-%dT%H:%M",
        description=_l("例如 2026-12-08T09:00，北京时间"),
    )


class RecordForm(Form):
    """What was said at it."""

    record = TextAreaField(_l("听证记录"), [_FILLED, _SAID])
    papers = _papers()


class ProposalForm(Form):
    """An officer proposes the removal."""

    reason = TextAreaField(
        _l("移出的理由"), [_FILLED, _SAID], description=_l("说明陈述申辩和听证意见是否采纳及理由")
    )


class RemovalDecisionForm(Form):
    """Another decides."""

    conclusion = RadioField(
        _l("决定"),
        choices=options(
            [
                ("remove", _l("移出名录")),
                ("dismiss", _l("不予移出")),
                ("return", _l("退回重新提出意见")),
            ]
        ),
        validators=[InputRequired(_l("请选择决定"))],
    )
    reason = TextAreaField(_l("理由"), [_FILLED, _SAID])


class AppealForm(Form):
    """The firm appeals."""

    grounds = TextAreaField(_l("申诉的事实和理由"), [_FILLED, _SAID])
    papers = _papers()


class ReviewForm(Form):
    """The superior office reviews."""

    outcome = RadioField(
        _l("复核结论"),
        choices=options([("uphold", _l("维持移出决定")), ("revoke", _l("撤销移出决定"))]),
        validators=[InputRequired(_l("请选择复核结论"))],
    )
    reason = TextAreaField(_l("理由"), [_FILLED, _SAID])

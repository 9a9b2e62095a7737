"""Forms about cards and cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.errors import Invalid
from marketplace.foundation.forms import Form, grouped_options, length_message, options

from .actions.cards import LONGEST, SHORTEST
from .models import SEVERITY_TITLES, Breach, Cause


def long_text(label: Any, description: Any = "") -> TextAreaField:
    """A text that has to be written, of decent length."""
    return TextAreaField(
        label,
        description=description,
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=SHORTEST, max=LONGEST, message=length_message()),
        ],
    )


class MonthsField(IntegerField):
    """A whole number of months."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Refuses what is not a whole number, in Chinese."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = int(valuelist[0])
        except ValueError as error:
            raise ValueError(_("请填写整数，例如 12")) from error


class SubjectForm(Form):
    """Whom it is about, by credit code."""

    credit_code = StringField(
        _l("统一社会信用代码"),
        description=_l("处理对象的 18 位代码"),
        validators=[InputRequired(_l("请填写此项")), Length(max=40, message=_l("代码过长"))],
    )

    def organisation(self) -> Organisation:
        """The organisation named; raises Invalid at the field."""
        found = accounts.organisation_by_credit_code((self.credit_code.data or "").upper())
        if found is None:
            raise Invalid(
                _("没有找到使用该统一社会信用代码的机构，请核对后重新填写"),
                field="credit_code",
                rule="sanction.organisation",
            )
        return found


class CardForm(SubjectForm):
    """Propose a card."""

    breach = SelectField(
        _l("违规情形"),
        choices=options([("", _l("请选择")), *((breach.value, breach.title) for breach in Breach)]),
        validators=[InputRequired(_l("请选择违规情形"))],
    )
    item_code = SelectField(_l("涉及的服务事项"), choices=[])
    facts = long_text(_l("事实和依据"), _l("写明时间、事项、经过和违反的承诺条款"))
    evidence = FileField(_l("证据材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item_code.choices = grouped_options(
            catalogue.by_category(clock.today()), _("不限于某一事项")
        )


class CardDecisionForm(Form):
    """Issue a proposed card or refuse it."""

    conclusion = RadioField(
        _l("审批结论"),
        choices=options([("issue", _l("同意出具")), ("reject", _l("不予出具"))]),
        validators=[InputRequired(_l("请选择审批结论"))],
    )
    reason = TextAreaField(
        _l("不予出具的理由"),
        description=_l("同意出具时不必填写"),
        validators=[Length(max=LONGEST, message=_l("请控制在 4000 个字以内"))],
    )


class CorrectionForm(Form):
    """What the firm has put right."""

    text = long_text(_l("整改情况"))


class JudgementForm(Form):
    """Whether a correction is done."""

    conclusion = RadioField(
        _l("核查结论"),
        choices=options([("done", _l("整改完成")), ("undone", _l("未完成整改，转为红牌"))]),
        validators=[InputRequired(_l("请选择核查结论"))],
    )
    reason = long_text(_l("核查情况"))


class CaseForm(SubjectForm):
    """Open a case."""

    cause = SelectField(
        _l("事由"),
        choices=[],
        description=_l("标注“立案即暂停”的，立案之时起暂停承接新业务和订单"),
        validators=[InputRequired(_l("请选择事由"))],
    )
    facts = long_text(_l("事实和依据"), _l("写明时间、经过、证据和违反的承诺条款；将告知当事机构"))
    evidence = FileField(_l("证据材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # nothing is chosen beforehand: some causes suspend the firm at once
        self.cause.choices = options(
            [
                ("", _("请选择")),
                *(
                    (
                        cause.value,
                        _("%(cause)s（立案即暂停）", cause=cause.title)
                        if cause.is_veto
                        else cause.title,
                    )
                    for cause in Cause
                ),
            ]
        )


class StatementForm(Form):
    """The firm's statement."""

    statement = long_text(_l("陈述申辩意见"), _l("只能提交一次；没有异议的也可写明"))
    evidence = FileField(_l("证明材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))


class ProposalForm(Form):
    """What is proposed to be decided; ``known`` are the names of the items that may be barred."""

    severity = RadioField(
        _l("严重程度"),
        choices=options([(severity.value, title) for severity, title in SEVERITY_TITLES.items()]),
        validators=[InputRequired(_l("请选择严重程度"))],
    )
    months = MonthsField(_l("期限"), validators=[InputRequired(_l("请填写此项"))])
    items = SelectMultipleField(
        _l("限制的服务事项"),
        description=_l("一项也不选的，限制全部服务事项"),
        choices=[],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    reason = long_text(_l("处理意见和理由"))

    def __init__(self, known: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items.choices = options(known.items())


class ReasonForm(Form):
    """A decision's reasons."""

    reason = long_text(_l("理由"))

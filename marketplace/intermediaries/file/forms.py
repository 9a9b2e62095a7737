"""What a firm writes into its file once it is there, and what officers answer."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.accounts.permissions import SCOPES
from marketplace.foundation.forms import Form, length_message, options

from .actions import NO, POINTS, YES, Answer
from .models import ChangeKind

_FILLED = InputRequired(_l("请填写此项"))
_CHOSEN = InputRequired(_l("请选择"))
_DATED = InputRequired(_l("请填写日期"))
_PAPER = _l("PDF、JPG 或 PNG，不超过 20 MB")
_SAID = Length(min=5, max=2000, message=length_message())


def _text(label: Any, longest: int, *, required: bool = True, hint: Any = "") -> StringField:
    first = _FILLED if required else Optional()
    return StringField(
        label, [first, Length(max=longest, message=length_message())], description=hint
    )


class BranchForm(Form):
    """A branch office."""

    name = _text(_l("分支机构名称"), 120)
    credit_code = _text(_l("统一社会信用代码"), 18, hint=_l("分支机构自己的代码，18 位"))
    address = _text(_l("地址"), 200)
    head_name = _text(_l("负责人姓名"), 60, hint=_l("对外不显示"))
    head_phone = TelField(_l("负责人电话"), [Optional(), Length(max=40, message=length_message())])


class AgentForm(Form):
    """Who acts for the firm from now on."""

    name = _text(_l("经办人姓名"), 60)
    phone = TelField(_l("经办人电话"), [_FILLED, Length(max=40, message=length_message())])
    account = SelectField(
        _l("经办人的登录账号"),
        [Optional()],
        description=_l(
            "选定后，该账号为本单位办理的事项以下列授权事项为准，立即生效；授权终止时其经办人角色同时终止"
        ),
    )
    scope = SelectMultipleField(
        _l("授权事项"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        choices=options([(code, title) for code, (title, _covered) in SCOPES.items()]),
    )
    document_number = _text(_l("授权书编号"), 80)
    document = FileField(_l("授权书"), [FileRequired(_l("请上传授权书"))], description=_PAPER)
    starts_on = DateField(_l("授权自"), [_DATED])
    ends_on = DateField(_l("授权至"), [_DATED], description=_l("含当日"))


class EndForm(Form):
    """Why an authority ends early."""

    reason = TextAreaField(
        _l("终止授权的理由"), [_FILLED, Length(max=200, message=length_message())]
    )


class EraseForm(Form):
    """Why old personal values are erased."""

    reason = TextAreaField(
        _l("删除的依据"),
        [_FILLED, Length(min=5, max=200, message=length_message())],
        description=_l("例如：保存期满，按单位个人信息保存期限清理；不要写姓名和号码"),
    )


class TransferForm(Form):
    """Whom the firm asks for."""

    name = _text(_l("姓名"), 60)
    number = _text(_l("执业证书编号"), 80, hint=_l("与现登记机构登记的姓名和编号一致"))
    valid_until = DateField(
        _l("证书有效期至"), [Optional()], description=_l("长期有效的不填，到期当日仍有效")
    )
    statement = FileField(
        _l("执业人员本人声明"),
        [Optional()],
        description=_l("本人签名的转入声明，裁定时作为证据；PDF、JPG 或 PNG，不超过 20 MB"),
    )


class ReleaseForm(Form):
    """The present firm's answer."""

    outcome = RadioField(
        _l("答复"),
        [_CHOSEN],
        choices=options([("release", _l("同意转出")), ("refuse", _l("不同意转出"))]),
    )
    reason = TextAreaField(
        _l("理由"),
        [Optional(), Length(max=2000, message=length_message())],
        description=_l("不同意转出的须写明事实和理由，告知对方机构"),
    )


class DisputeForm(Form):
    """Why the refusal is wrong."""

    dispute = TextAreaField(_l("事实和理由"), [_FILLED, _SAID])
    evidence = FileField(
        _l("证据材料"), [Optional()], description=_l("劳动合同、社保记录等，PDF、JPG 或 PNG")
    )


class DecisionForm(Form):
    """The officer's decision on a professional's transfer."""

    outcome = RadioField(
        _l("裁定"),
        [_CHOSEN],
        choices=options([("grant", _l("准予转出")), ("deny", _l("不予转出"))]),
    )
    reason = TextAreaField(_l("裁定的事实和理由"), [_FILLED, _SAID])


class ExtensionForm(Form):
    """Until when a professional's certificate is valid now."""

    valid_until = DateField(
        _l("证书有效期至"), [Optional()], description=_l("长期有效的不填，到期当日仍有效")
    )


class IntroductionForm(Form):
    """What the firm says of itself."""

    value = TextAreaField(_l("机构简介"), [Optional(), Length(max=2000, message=length_message())])


class DecouplingForm(Form):
    """The declaration, made or taken back."""

    value = RadioField(
        _l("变更后的内容"),
        [_CHOSEN],
        choices=options([(YES, _l("声明与行政机关已脱钩")), (NO, _l("撤回脱钩声明"))]),
    )
    evidence = FileField(_l("证明材料"), [Optional()], description=_PAPER)


LONGEST = {
    ChangeKind.NAME: 120,
    ChangeKind.LEGAL_REPRESENTATIVE: 60,
    ChangeKind.ADDRESS: 200,
    ChangeKind.CONTROLLER: 120,
}


def change_form(kind: ChangeKind) -> Form:
    """The form for one kind of change, with the fields it needs."""
    if kind is ChangeKind.DECOUPLING:
        return DecouplingForm()
    if kind is ChangeKind.INTRODUCTION:
        return IntroductionForm()
    return _line_form(kind)()


@cache
def _line_form(kind: ChangeKind) -> type[Form]:
    names = {
        ChangeKind.CONTROLLER: _l("控股股东（持股超过 50%，没有的不填）"),
        ChangeKind.LEGAL_REPRESENTATIVE: _l("新任法定代表人姓名"),
    }
    fields: dict[str, Any] = {
        "value": _text(
            names.get(kind, _l("变更后的内容")),
            LONGEST[kind],
            required=kind is not ChangeKind.CONTROLLER,
        )
    }
    if kind is ChangeKind.LEGAL_REPRESENTATIVE:
        fields["identity"] = _text(
            _l("身份证件号码"), 18, hint=_l("只保存校验摘要，用于识别关联机构")
        )
    if kind is ChangeKind.CONTROLLER:
        fields["identity"] = _text(
            _l("证件号码或统一社会信用代码"),
            18,
            required=False,
            hint=_l("只保存校验摘要，用于识别关联机构"),
        )
        fields["evidence"] = FileField(_l("证明材料"), [Optional()], description=_PAPER)
    else:
        fields["evidence"] = FileField(
            _l("变更后的登记证照"),
            [FileRequired(_l("请上传变更后的登记证照"))],
            description=_PAPER,
        )
    return type("LineForm", (Form,), fields)


class RecheckForm(Form):
    """What the officer found about a change."""

    outcome = RadioField(
        _l("核查结论"),
        [_CHOSEN],
        choices=options([("accept", _l("核查通过")), ("reject", _l("核查未通过"))]),
    )
    reason = TextAreaField(
        _l("说明"),
        [Optional(), Length(max=1000, message=length_message())],
        description=_l("未通过的须写明事实和理由，告知机构"),
    )


class SelfCheckForm(Form):
    """The points of the yearly self-check are added by ``self_check_form``."""

    def answers(self) -> dict[str, Answer]:
        """What the firm says to every point."""
        return {
            code: Answer(self[code].data == "holds", self[f"{code}_note"].data or "")
            for code in POINTS
        }


@lru_cache(maxsize=1)
def self_check_form() -> type[SelfCheckForm]:
    """One pair of fields for each point."""
    fields: dict[str, Any] = {}
    for code, title in POINTS.items():
        fields[code] = RadioField(
            title,
            [_CHOSEN],
            choices=options([("holds", _l("属实")), ("changed", _l("有变化"))]),
        )
        fields[f"{code}_note"] = _text(_l("有何变化"), 500, required=False)
    return type("PointsForm", (SelfCheckForm,), fields)

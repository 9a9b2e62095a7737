"""What is asked at the door: signing in, registering, the first start."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.foundation.forms import Form, length_message, options

from .models import OrganisationKind
from .queries import registrable_areas
from .registering import NOT_A_FIRM, Side
from .rules import LONGEST

_REQUIRED = _l("请填写此项")
_LONGEST = _l("请控制在 %(max)d 个字以内")


def _text(label: Any, longest: int, required: bool = True, **more: Any) -> StringField:
    first = InputRequired(_REQUIRED) if required else Optional()
    return StringField(label, [first, Length(max=longest, message=_LONGEST)], **more)


def _password(label: Any, required: bool = True, **more: Any) -> PasswordField:
    first = InputRequired(_REQUIRED) if required else Optional()
    return PasswordField(
        label, [first, Length(max=LONGEST, message=_l("密码不能超过 128 位"))], **more
    )


class SignInForm(Form):
    """Login and password."""

    login = _text(_l("登录名"), 60)
    password = _password(_l("密码"))


class RegisterForm(Form):
    """A firm's or an owner's organisation with its first account."""

    name = _text(_l("单位名称（自然人填姓名）"), 120)
    kind = SelectField(_l("主体类型"))
    credit_code = _text(
        _l("统一社会信用代码"), 30, required=False, description=_l("18 位，自然人不填")
    )
    address = _text(_l("住所"), 200, required=False)
    phone = TelField(_l("联系电话"), [InputRequired(_REQUIRED), Length(max=40, message=_LONGEST)])
    email = EmailField(
        _l("电子邮箱"),
        [
            Optional(),
            Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", message=_l("电子邮箱格式不正确")),
            Length(max=200, message=_LONGEST),
        ],
        description=_l("用于接收办理提醒"),
    )
    person_name = _text(_l("经办人姓名"), 60)
    login = _text(_l("登录名"), 40, description=_l("3 至 40 位小写字母、数字或 . _ -，以字母开头"))
    password = _password(_l("密码"), description=_l("至少 12 位，含三类字符；或不少于 20 位"))
    password_again = PasswordField(
        _l("再次输入密码"), [EqualTo("password", _l("两次输入的密码不一致"))]
    )
    agreed = BooleanField(
        _l("所填内容真实有效，同意本平台为办理业务处理上述信息"),
        [InputRequired(_l("请阅读并勾选"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = options([(kind.value, kind.title) for kind in self.kinds()])

    def kinds(self) -> list[OrganisationKind]:
        """The kinds of organisation that may register on this side."""
        raise NotImplementedError


class RegisterFirmForm(RegisterForm):
    """A firm."""

    side = Side.FIRM
    name = _text(_l("机构名称"), 120)
    credit_code = _text(_l("统一社会信用代码"), 30, required=False, description=_l("18 位"))
    legal_representative = _text(_l("法定代表人（负责人）"), 60)

    def kinds(self) -> list[OrganisationKind]:
        """Bodies that may sell services."""
        return [kind for kind in OrganisationKind if kind not in NOT_A_FIRM]


class RegisterOwnerForm(RegisterForm):
    """An owner, with an approver where two people are needed."""

    side = Side.OWNER
    identity_number = _text(
        _l("身份证件号码"),
        18,
        required=False,
        description=_l("仅自然人填写，不公开，只保存校验摘要"),
    )
    certificate = FileField(
        _l("特别法人统一社会信用代码证书"),
        [Optional()],
        description=_l("仅村（居）民委员会上传，PDF、JPG 或 PNG，不超过 20 MB"),
    )
    jurisdiction_code = SelectField(_l("所在辖区"))
    approver_name = _text(_l("审批人姓名"), 60, required=False)
    approver_login = _text(_l("审批人登录名"), 40, required=False)
    approver_password = _password(_l("审批人密码"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.jurisdiction_code.choices = options(
            [(area.code, area.name) for area in registrable_areas()]
        )

    def kinds(self) -> list[OrganisationKind]:
        """Anybody may buy."""
        return list(OrganisationKind)


class SetupForm(Form):
    """The bureau and its two administrators, with the token printed at the first start."""

    token = _text(_l("初始化口令"), 100)
    bureau_name = _text(_l("管理机构名称"), 120)
    credit_code = _text(_l("统一社会信用代码"), 30)
    phone = _text(_l("监督投诉电话"), 40)
    system_name = _text(_l("系统管理员姓名"), 60)
    system_login = _text(_l("系统管理员登录名"), 40)
    system_password = _password(_l("系统管理员密码"), description=_l("至少 15 位"))
    security_name = _text(_l("安全管理员姓名"), 60)
    security_login = _text(_l("安全管理员登录名"), 40)
    security_password = _password(_l("安全管理员密码"), description=_l("至少 15 位"))
    superior_name = _text(_l("上级监督机构名称"), 120)
    superior_credit_code = _text(_l("上级监督机构统一社会信用代码"), 30)
    supervisor_name = _text(_l("上级监督员姓名"), 60)
    supervisor_login = _text(_l("上级监督员登录名"), 40)
    supervisor_password = _password(_l("上级监督员密码"), description=_l("至少 15 位"))


_EMAIL = Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", message=_l("电子邮箱格式不正确"))


def _email(label: Any, required: bool = False, **more: Any) -> EmailField:
    first = InputRequired(_REQUIRED) if required else Optional()
    return EmailField(label, [first, _EMAIL, Length(max=200, message=_LONGEST)], **more)


class InviteForm(Form):
    """A person invited into the own organisation."""

    name = _text(_l("姓名"), 60)
    role = SelectField(_l("角色"), [InputRequired(_l("请选择"))])
    email = _email(_l("电子邮箱"), description=_l("填写后链接直接发送至本人，不在页面显示"))


class RoleForm(Form):
    """One more role for somebody of the own organisation."""

    role = SelectField(_l("角色"), [InputRequired(_l("请选择"))])


class OfficialForm(InviteForm):
    """A person proposed for an office."""

    office = SelectField(_l("单位"), [InputRequired(_l("请选择"))])
    login = _text(
        _l("已有登录名"),
        40,
        required=False,
        description=_l("此人已有账号时填写，批准后直接增加角色"),
    )


class AcceptForm(Form):
    """The invited person's own sign-in name and password."""

    login = _text(_l("登录名"), 40, description=_l("3 至 40 位小写字母、数字或 . _ -，以字母开头"))
    email = _email(_l("电子邮箱"), description=_l("用于找回密码"))
    password = _password(_l("密码"))
    password_again = PasswordField(
        _l("再次输入密码"), [EqualTo("password", _l("两次输入的密码不一致"))]
    )


class CodeForm(Form):
    """A code of the second factor."""

    code = _text(_l("验证码"), 30, description=_l("验证器应用显示的 6 位数字"))


class ConfirmForm(Form):
    """A fresh proof: the code, or the password; ``kept`` is the form that waits for it."""

    code = _text(_l("验证码"), 30, required=False, description=_l("验证器应用显示的 6 位数字"))
    password = _password(_l("密码"), required=False)
    kept = HiddenField()


class PasswordForm(Form):
    """A new password after the present one."""

    current = _password(_l("当前密码"))
    password = _password(
        _l("新密码"), description=_l("至少 12 位（公职人员 15 位），含三类字符；或不少于 20 位")
    )
    password_again = PasswordField(
        _l("再次输入新密码"), [EqualTo("password", _l("两次输入的密码不一致"))]
    )


class AskResetForm(Form):
    """Whose password is forgotten."""

    login = _text(_l("登录名"), 60)


class ResetForm(Form):
    """The new password a mailed link allows."""

    password = _password(
        _l("新密码"), description=_l("至少 12 位（公职人员 15 位），含三类字符；或不少于 20 位")
    )
    password_again = PasswordField(
        _l("再次输入新密码"), [EqualTo("password", _l("两次输入的密码不一致"))]
    )


class EmailForm(Form):
    """The address links are mailed to."""

    email = _email(_l("电子邮箱"))


class FactorResetForm(Form):
    """Whose factor is lost, and how the person was identified."""

    login = _text(_l("登录名"), 40)
    reason = TextAreaField(
        _l("核验情况"),
        [InputRequired(_REQUIRED), Length(min=10, max=500, message=length_message())],
        description=_l("写明本人到场或视频核验的时间、方式和证件"),
    )


class AgentForm(Form):
    """An owner's authority for an agent."""

    agent_name = _text(_l("代办员姓名"), 60)
    document_number = _text(_l("授权书编号"), 80)
    document = FileField(_l("授权书"), [FileRequired(_l("请上传盖章的授权书"))])
    scope = SelectMultipleField(
        _l("授权事项"),
        choices=options(
            [
                ("prepare", _l("编写需求、提出选取和合同、验收成果")),
                ("evaluate", _l("评价机构")),
                ("objections", _l("提出异议和申诉")),
            ]
        ),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description=_l("发布、确认选取结果和签约由本单位审批人办理，不能授权"),
    )
    starts_on = DateField(_l("起始日期"), [InputRequired(_REQUIRED)])
    ends_on = DateField(_l("截止日期"), [InputRequired(_REQUIRED)])


class RevokeForm(Form):
    """Why an authority ends early."""

    reason = _text(_l("撤销原因"), 200)


class RevealForm(Form):
    """Why a masked value is looked at."""

    reason = StringField(
        _l("查看原因"),
        [InputRequired(_REQUIRED), Length(min=4, max=200, message=length_message())],
        description=_l("写明办理的业务，原因记入查看记录，数据主体和监督人员可见"),
    )

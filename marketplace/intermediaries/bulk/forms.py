"""What officers write about an uploaded register, and a firm that claims its file."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, options

_REQUIRED = _l("请填写此项")
_LONGEST = _l("请控制在 %(max)d 个字以内")


class UploadForm(Form):
    """The file of a register."""

    file = FileField(
        _l("名录文件（.xlsx 或 .csv）"),
        [InputRequired(_l("请选择要导入的文件"))],
        description=_l("不超过 20 MB、每张表 20000 行；.csv 只含“机构”一张表"),
    )


class SubmitForm(Form):
    """Which register it was, and on what it is taken over."""

    title = StringField(
        _l("原名录名称"), [InputRequired(_REQUIRED), Length(max=120, message=_LONGEST)]
    )
    document = StringField(
        _l("原名录文号"),
        [InputRequired(_REQUIRED), Length(max=120, message=_LONGEST)],
        description=_l("公布或备案原名录的文件，例如 青政服〔2025〕12号"),
    )
    legal_basis = TextAreaField(
        _l("承接依据"),
        [InputRequired(_REQUIRED), Length(max=1000, message=_LONGEST)],
        description=_l("依据的规定和条款，随公示公开"),
    )
    leave_out = BooleanField(_l("只承接没有错误的机构，有错误的本次不承接"))


class ReasonForm(Form):
    """Why it is given back, or stopped."""

    reason = TextAreaField(
        _l("理由"), [InputRequired(_REQUIRED), Length(max=500, message=_LONGEST)]
    )


class InviteForm(Form):
    """Who claims a firm's file."""

    name = StringField(
        _l("管理员姓名"), [InputRequired(_REQUIRED), Length(max=60, message=_LONGEST)]
    )
    email = StringField(
        _l("电子邮箱"),
        [Optional(), Length(max=200, message=_LONGEST)],
        description=_l("填写的，邀请链接寄到该邮箱；不填的，链接只显示一次，请当面交给本人"),
    )


class ExportForm(Form):
    """What the register is exported for."""

    kind = RadioField(
        _l("文件格式"),
        [InputRequired(_l("请选择"))],
        choices=options([("xlsx", _l("Excel 工作簿（全部表）")), ("csv", _l("CSV（机构表）"))]),
        default="xlsx",
    )
    reason = StringField(
        _l("导出用途"),
        [InputRequired(_REQUIRED), Length(min=5, max=200, message=_l("请写明用途，5 到 200 个字"))],
        description=_l("记入审计台账"),
    )


class ClaimForm(Form):
    """A firm that was taken over signs what every other firm signed when it came."""

    decoupled = BooleanField(
        _l("本机构与行政机关在人员、资金、管理上没有隶属和利益关系（脱钩声明）")
    )
    committed = BooleanField(
        _l(
            "承诺：所承接的资料经核对真实有效，依法依规执业，按公开的价格和时限提供服务，"
            "接受评价和监督；违反承诺的，接受暂停或终止服务"
        ),
        [InputRequired(_l("请阅读并勾选入驻承诺"))],
    )


def claim_form(decoupling: bool) -> ClaimForm:
    """The form of a register; ``decoupling``: whether it asks for the declaration. Both boxes are
    told of at once."""
    form = ClaimForm()
    if decoupling:
        required = InputRequired(_l("请作出脱钩声明；未脱钩的不能在中介超市从事中介服务"))
        form.decoupled.validators = [required]
    return form

"""Forms about fee lists."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options

from .wording import FIELDS, WORDS

_FILLED = InputRequired(_l("请填写此项"))


class UploadForm(Form):
    """The file of a list."""

    file = FileField(
        _l("收费目录清单文件（.xlsx）"),
        [InputRequired(_l("请选择要导入的文件"))],
        description=_l("用下载的模板填写；上传后先核对、再确认，确认之前不保存为清单"),
    )


class FactsForm(Form):
    """The head of a list."""

    title = StringField(_l("清单名称"), [_FILLED, Length(max=120, message=length_message())])
    document = StringField(
        _l("公布文号"),
        [_FILLED, Length(max=120, message=length_message())],
        description=_l("例如 青河发改价〔2026〕12号"),
    )
    legal_basis = TextAreaField(
        _l("制定依据"),
        [_FILLED, Length(max=1000, message=length_message())],
        description=_l("依据的法律、定价目录和上级文件"),
    )
    effective_from = DateField(
        _l("施行日期"),
        [InputRequired(_l("请填写日期"))],
        description=_l("当日零时起施行，不能早于今天"),
    )


class ApproveForm(Form):
    """Approval of a list, bound to what the approver had before them."""

    seen = HiddenField()


class ReasonForm(Form):
    """Why a list is given back."""

    reason = TextAreaField(
        _l("退回理由"), [_FILLED, Length(min=5, max=1000, message=length_message())]
    )


class RowForm(Form):
    """One row, column by column; what the columns must say together the action asks."""

    code = StringField(FIELDS["code"], [_FILLED])
    name = StringField(FIELDS["name"], [_FILLED])
    department = StringField(FIELDS["department"], [Optional()])
    price_form = SelectField(
        FIELDS["price_form"], choices=options(list(WORDS["price_form"].items()))
    )
    binds = SelectField(FIELDS["binds"], choices=options(list(WORDS["binds"].items())))
    standard = SelectField(FIELDS["standard"], [Optional()])
    variants = StringField(
        FIELDS["variants"],
        [Optional()],
        description=_l("标准中适用的类别，用顿号分开；不填为全部适用"),
    )
    low = StringField(
        _l("最低收费"), [Optional()], description=_l("自定收费才填；只规定最高的不填")
    )
    high = StringField(
        _l("最高收费"), [Optional()], description=_l("固定收费的最低、最高填同一个数")
    )
    unit = SelectField(
        _l("金额单位"),
        [Optional()],
        choices=options([("", "—"), ("元", _l("元")), ("万元", _l("万元")), ("%", "%")]),
    )
    per = StringField(
        _l("计价单位"),
        [Optional()],
        description=_l("例如 平方米、宗、项；金额单位为百分比的填计费基数，例如 工程造价"),
    )
    legal_basis = StringField(FIELDS["legal_basis"], [Optional()])
    freed_by = StringField(FIELDS["freed_by"], [Optional()])
    freed_on = StringField(FIELDS["freed_on"], [Optional()], description=_l("格式如 2026-03-02"))
    basis_date = SelectField(
        FIELDS["basis_date"], choices=options(list(WORDS["basis_date"].items()))
    )
    deviation_band = StringField(_l("偏离幅度（百分比）"), [Optional()])
    remarks = TextAreaField(FIELDS["remarks"], [Optional()])

    def offer(self, standards: Any) -> None:
        """Let the choice of a standard offer these."""
        self.standard.choices = options(
            [("", _l("不按已公布的标准"))]
            + [
                (key, f"{told.document}　{told.title}"[:90])
                for key, told in standards.by_id.items()
            ]
        )

    def values(self) -> dict[str, str]:
        """What was filled in, by column."""
        skipped = ("csrf_token", "idempotency_key")
        return {key: value or "" for key, value in self.data.items() if key not in skipped}

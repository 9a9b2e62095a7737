"""Forms about changes of the item list."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options

from ..models import Commissioner, DaysKind, PriceForm, Stage
from ..wording import FIELDS

_FILLED = InputRequired(_l("请填写此项"))
_ONE_A_LINE = _l("每行一项")


def _line(name: str, most: int = 120, hint: Any = "") -> Any:
    return StringField(
        FIELDS[name], [_FILLED, Length(max=most, message=length_message())], description=hint
    )


def _lines(name: str, hint: Any = _ONE_A_LINE, *, label: Any = None, needed: bool = True) -> Any:
    return TextAreaField(
        label or FIELDS[name],
        [_FILLED if needed else Optional(), Length(max=8000, message=length_message())],
        description=hint,
    )


class ItemForm(Form):
    """A whole item, one thing a line; what the lines must say the action asks."""

    name = _line("name")
    category = _line("category")
    # Form.summary tells what is wrong
    described = TextAreaField(
        FIELDS["summary"], [_FILLED, Length(max=500, message=length_message())]
    )
    on_list = BooleanField(
        _l("列入清单（可以作为办理审批的条件）"),
        description=_l("清单外的服务可以购买，但任何部门不得把它作为办理审批的条件"),
    )
    approval_items = _lines("approval_items", needed=False)
    legal_basis = _lines("legal_basis", _l("每行一件，写明文件名称、文号和条款"))
    commissioned_by = SelectField(
        FIELDS["commissioned_by"],
        choices=options((each.value, each.title) for each in Commissioner),
    )
    stage = SelectField(
        FIELDS["guide.stage"], choices=options((each.value, each.title) for each in Stage)
    )
    window = _line("guide.window")
    phone = _line("guide.phone", 40)
    complaint = _line("guide.complaint", 40)
    conditions = _lines("guide.conditions")
    required = _lines("materials", label=_l("材料：要件"), hint=_l("每行一项，委托时提供"))
    deferrable = _lines(
        "materials", label=_l("材料：可容缺"), hint=_l("每行一项，可在约定日期前补齐"), needed=False
    )
    forms = _lines(
        "guide.forms",
        _l("第一行写表格名称，以下每行写一栏：栏目：示例；两张表格之间空一行"),
    )
    steps = _lines("guide.steps", _l("每行一步，写成：名称：说明"))
    statutory_days = IntegerField(FIELDS["statutory_days"], [_FILLED])
    statutory_days_kind = SelectField(
        FIELDS["statutory_days_kind"],
        choices=options((each.value, each.title) for each in DaysKind),
    )
    promised_days = IntegerField(
        FIELDS["guide.promised_days"], [_FILLED], description=_l("不能长于服务时限")
    )
    price_form = SelectField(
        FIELDS["price_form"],
        choices=options((each.value, each.title) for each in PriceForm),
        description=_l("收费标准在收费目录清单中维护"),
    )
    result = _line("result")
    norm = _lines("guide.norm", _l("每行一项：完整的成果应当包含什么"))
    qualifications = _lines(
        "qualifications",
        _l(
            "每行一项；有等级的写成：资质名称｜最低等级｜由高到低的等级，例如 工程监理资质｜乙级｜甲级、乙级"
        ),
        needed=False,
    )
    qualification_rule = SelectField(
        FIELDS["qualification_rule"],
        choices=options([("all", _l("各项均应具备")), ("any", _l("具备其中一项即可"))]),
    )
    regional_assessment = BooleanField(_l("所在地块已完成区域评估的，无需再购买"))
    covered = _lines(
        "guide.covered",
        _l("每行一处，写成：地块｜公布文号｜有效期至，例如 2028-06-30"),
        needed=False,
    )
    exemptions = _lines("guide.exemptions", _l("每行一种，写成：情形｜依据"), needed=False)
    parts = StringField(
        FIELDS["parts"],
        [Optional(), Length(max=200, message=length_message())],
        description=_l("多评合一、多测合一的事项填写：所含事项的代码，用顿号分开"),
    )
    reason = TextAreaField(
        _l("修改理由"), [_FILLED, Length(min=5, max=1000, message=length_message())]
    )

    def values(self) -> dict[str, Any]:
        """What was filled in, by field."""
        skipped = ("csrf_token", "idempotency_key", "reason", "code", "department")
        return {
            key: "" if value is None else value
            for key, value in self.data.items()
            if key not in skipped
        }


class NewItemForm(ItemForm):
    """An item the list does not hold; the bureau says whose it is."""

    code = StringField(
        FIELDS["code"],
        [_FILLED, Length(min=2, max=20, message=length_message())],
        description=_l("字母、数字，公布后不变"),
    )
    department = SelectField(FIELDS["department_code"])


class ReasonForm(Form):
    """Why something is proposed, refused or given back."""

    reason = TextAreaField(_l("理由"), [_FILLED, Length(min=5, max=1000, message=length_message())])


class FactsForm(Form):
    """The head of a new edition."""

    title = StringField(_l("清单名称"), [_FILLED, Length(max=120, message=length_message())])
    document = StringField(_l("公布文号"), [_FILLED, Length(max=120, message=length_message())])
    effective_from = DateField(
        _l("施行日期"),
        [InputRequired(_l("请填写日期"))],
        description=_l("须在公示期满之后"),
    )

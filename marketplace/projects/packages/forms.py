"""The fields of a need's further items, one group for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FormField, SelectField
from wtforms.validators import InputRequired, Optional, ValidationError

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.fees.forms import InputsForm, inputs_form, reason_field
from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import YuanField, grouped_options, plain_characters

from ..models import Need
from ..pricing import said_of
from .actions import PartContent

# a group's name is this and the item's code; a hyphen parts it from its fields' names
PREFIX = "part_"


def _name_of(item_code: str) -> str:
    return PREFIX + item_code.replace("-", "~")


def _code_of(name: str) -> str:
    return name.removeprefix(PREFIX).replace("~", "-")


class PartForm(InputsForm):
    """What is asked about a further item; ``part_group`` adds the inputs of its fee standard."""

    budget = YuanField(_l("预算金额"), [InputRequired(_l("请填写该事项的预算金额"))])
    deviation_reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self["deviation_reason"]
        reason.validators = [plain_characters, *reason.validators]

    def validate_budget(self, field: YuanField) -> None:
        """A share of the budget is more than nothing."""
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("金额应大于 0"))

    def refuse(self, error: DomainError) -> None:
        """A refused input of the standard is told at its own field."""
        fee = self["fee"].form
        if error.field and error.field in fee:
            fee.refuse(error)
        else:
            super().refuse(error)


def further_field() -> Any:
    """The choice of one more item."""
    return SelectField(
        _l("再加入一个服务事项"),
        [Optional()],
        validate_choice=False,
        description=_l(
            "几个事项由一家机构承担、订一份合同的，可以打包采购；机构须符合每个事项的条件"
        ),
    )


def part_groups(codes: Sequence[str], jurisdiction_code: str, day: date) -> dict[str, FormField]:
    """The groups of fields of further items, by their names in the form; an unknown item has none."""
    names = catalogue.names(day, accounts.lineage(jurisdiction_code))
    return {
        _name_of(code): _group(code, names[code], jurisdiction_code, day)
        for code in codes
        if code in names
    }


def _group(item_code: str, title: str, jurisdiction_code: str, day: date) -> FormField:
    inputs = inputs_form(item_code, jurisdiction_code, day)

    class ItemPartForm(PartForm):
        fee = FormField(inputs, _l("计费基数"))

    return FormField(ItemPartForm, title)


def codes_wanted(main: str, begun_with: Mapping[str, Any] | None) -> list[str]:
    """The further items a form is about: those sent, with one newly chosen and without one taken
    out; for a fresh form those it is ``begun_with``."""
    if request.method != "POST":
        begun = begun_with or {}
        return [_code_of(name) for name in begun if name.startswith(PREFIX)]
    sent = [name.split("-", 1)[0] for name in request.form if name.startswith(PREFIX)]
    chosen = [_code_of(name) for name in sent] + [request.form.get("further_item", "")]
    without = {"", main, request.args.get("without", "")}
    return [code for code in dict.fromkeys(chosen) if code not in without]


def offer_further(
    field: SelectField, taken: Sequence[str], lineage: Sequence[str], day: date
) -> None:
    """What can still be chosen: every item that the need does not name. A choice made has become
    a group of fields already."""
    groups = {
        category: {code: name for code, name in items.items() if code not in taken}
        for category, items in catalogue.by_category(day, lineage).items()
    }
    field.choices = grouped_options({key: of for key, of in groups.items() if of}, _("请选择"))
    field.data = ""


def groups_of(form: Any) -> list[tuple[str, Any]]:
    """The groups of further items in a form, as item code and field, in the order they stand."""
    return [
        (_code_of(field.short_name), field) for field in form if field.short_name.startswith(PREFIX)
    ]


def contents_of(form: Any) -> list[PartContent]:
    """What was filled in about further items."""
    found = []
    for code, group in groups_of(form):
        inputs = group.form["fee"].data
        found.append(
            PartContent(
                item_code=code,
                budget=group.form["budget"].data or Decimal(0),
                fee_inputs={key: value for key, value in inputs.items() if value},
                deviation_reason=group.form["deviation_reason"].data or "",
            )
        )
    return found


def refuse_part(form: Any, error: DomainError) -> bool:
    """Show a refusal at the field of a further item, where it is about one; whether it was."""
    if not (error.field or "").startswith("part:"):
        return False
    _part, code, name = str(error.field).split(":", 2)
    group = form._fields.get(_name_of(code))
    if group is None:
        return False
    told = type(error)(error.message, field=name, rule=error.rule)
    group.form.refuse(told)
    return True


def values_of_parts(need: Need) -> dict[str, Any]:
    """What a need says of its further items, by the groups of its form."""
    return {
        _name_of(each.item_code): {
            "budget": each.budget,
            "fee": each.fee_inputs,
            "deviation_reason": said_of(each.price_check_id) or "",
        }
        for each in need.further
    }

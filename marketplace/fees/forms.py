"""The questions a price check asks, as a form; the calculator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    Form,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import Form as SiteForm
from marketplace.foundation.forms import YuanField, clean_text, length_message

from . import queries
from .models import LONGEST_REASON, SHORTEST_REASON
from .rules.calculating import QuantityError
from .rules.inputs import (
    FACTORS,
    FACTORS_TITLE,
    LOTS,
    LOTS_TITLE,
    InputField,
    read_number,
    read_numbers,
)
from .wording import unit


class NumberField(StringField):
    """A plain decimal of at least zero, kept as text so that nothing is lost on the way."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not a plain number, in the reader's language."""
        if not self.data:
            return
        try:
            read_number(self.short_name, self.label.text, self.data)
        except QuantityError as error:
            reason = _(error.reason.text, **dict(error.reason.values))
            raise ValidationError(
                _("%(title)s：%(reason)s", title=self.label.text, reason=reason)
            ) from error


class NumbersField(StringField):
    """Several plain decimals in one line, kept as text."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not plain numbers, in the reader's language."""
        try:
            read_numbers(self.short_name, self.label.text, self.data or "")
        except QuantityError as error:
            reason = _(error.reason.text, **dict(error.reason.values))
            raise ValidationError(
                _("%(title)s：%(reason)s", title=self.label.text, reason=reason)
            ) from error


class DayField(DateField):
    """A day; what is none is refused in the reader's language."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValidationError(_("日期格式应如 2026-03-02")) from error


class ChoicesField(SelectMultipleField):
    """Several rows of one table to be ticked; ``data`` is their codes joined by commas, which is
    also how an address may name them."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = ",".join(code for text in valuelist for code in text.split(",") if code)

    def iter_choices(self) -> list[Choice]:
        """The rows with a mark at those ticked."""
        picked = (self.data or "").split(",")
        return [
            Choice(row.value, str(row.label), row.value in picked, row.render_kw)
            for row in self.choices or ()
        ]

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not among the choices."""
        known = {choice.value for choice in self.choices or ()}
        if any(code not in known for code in (self.data or "").split(",") if code):
            raise ValidationError(_("%(title)s：请从列出的选项中选择", title=self.label.text))


class ChoiceField(SelectField):
    """A choice whose refusal is in the reader's language."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not among the choices."""
        try:
            super().pre_validate(form)
        except ValidationError as error:
            raise ValidationError(
                _("%(title)s：请从列出的选项中选择", title=self.label.text)
            ) from error


class InputsForm(Form):
    """Base of the forms made from a standard. ``.data`` is what ``check_price`` takes."""

    class Meta:
        """Trims text, as the site's own forms do."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            if issubclass(unbound_field.field_class, StringField):
                options = {**options, "filters": [clean_text, *options.get("filters", ())]}
            return unbound_field.bind(form=form, **options)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusals: list[str] = []

    def refuse(self, error: DomainError) -> None:
        """Show a refusal at its field, or above the form."""
        field = self._fields.get(error.field or "")
        if field is None:
            self.refusals.append(error.message)
        else:
            field.errors = [*field.errors, error.message]

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        """(field id or None, message) of everything wrong, for the error summary."""
        found: list[tuple[str | None, str]] = [(None, text) for text in self.refusals]
        found += [(field.id, str(text)) for field in self for text in field.errors]
        return found

    @property
    def summary(self) -> list[tuple[str | None, str]]:
        """The problems: every message here names its field already."""
        return self.problems


def reason_field() -> Any:
    """The field of why a price is far from the fee standard. It stays out of the way until the
    reason is asked for (template ``fees/deviation.html``), so it is never demanded by itself."""
    return TextAreaField(
        _l("偏离理由"),
        [Optional(), Length(SHORTEST_REASON, LONGEST_REASON, message=length_message())],
        description=_l("价格与参考价相差较大的原因，双方和管理机构都能看到"),
    )


class PricedForm(SiteForm):
    """A form that asks, under ``fee``, what an item's fee standard needs to know."""

    def fee_inputs(self) -> dict[str, str]:
        """The base quantities as filled in, without the empty ones."""
        return {key: value for key, value in self["fee"].data.items() if value}

    def refuse(self, error: DomainError) -> None:
        """A refused input of the standard is told at its own field."""
        fee = self["fee"].form
        if error.field and error.field in fee:
            fee.refuse(error)
        else:
            super().refuse(error)


def inputs_form(item_code: str, jurisdiction_code: str, day: date) -> type[InputsForm]:
    """The form for what the price check of an item asks, to be embedded as ``FormField``.

    Where no standard applies it has no fields. Labels are the standard's own words (Chinese) but for the questions every standard has.
    """
    return _form_of(queries.input_fields(item_code, jurisdiction_code, day))


def _form_of(fields: Sequence[InputField]) -> type[InputsForm]:
    return type("FeeInputs", (InputsForm,), {field.key: _field_of(field) for field in fields})


def _field_of(field: InputField) -> Any:
    title = str(_(field.title))
    demanded = InputRequired(_l("请填写“%(title)s”", title=title)) if field.required else Optional()
    label = (
        _("%(title)s（%(unit)s）", title=title, unit=unit(field.unit))
        if _shows_unit(field)
        else title
    )
    if field.several:
        rows = [SelectChoice(code, unit(name)) for code, name in field.choices]
        return ChoicesField(label, [Optional()], choices=rows, description=field.clause)
    if field.kind == "choice":
        choices = [SelectChoice(code, unit(name)) for code, name in field.choices]
        if not field.default:
            choices.insert(0, SelectChoice("", _l("请选择")))
        return ChoiceField(
            label,
            [demanded] if not field.default else [Optional()],
            choices=choices,
            default=field.default,
            description=field.clause,
        )
    return NumberField(label, [demanded], description=field.clause)


def _shows_unit(field: InputField) -> bool:
    return field.kind == "number" and field.unit not in ("", "元", "万元", "亿元")


def calculator_form(
    fields: Sequence[InputField], day: date, *, lots: bool = False, factors: bool = False
) -> type[InputsForm]:
    """The calculator's questions: those of the standard, further ``lots`` and agreed ``factors``
    where the case can have them, a price to be judged, the day that counts."""
    more: dict[str, Any] = {}
    if lots:
        more[LOTS] = NumbersField(
            _(LOTS_TITLE),
            [Optional()],
            description=_l("同一项目分几个标段的，逐个标段计算再相加；多个数用空格隔开"),
        )
    if factors:
        more[FACTORS] = NumbersField(
            _(FACTORS_TITLE),
            [Optional()],
            description=_l("合同已约定系数的填写，代替上面的各项系数，多个系数连乘，用空格隔开"),
        )
    return type(
        "Calculator",
        (_form_of(fields),),
        {
            **more,
            "price": YuanField(
                _l("要核对的价格（元）"), [Optional()], description=_l("可不填；填写后给出结论")
            ),
            "place": StringField(_l("项目所在地区")),
            "day": DayField(_l("适用标准的日期"), [Optional()], default=day),
        },
    )

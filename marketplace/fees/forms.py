"""The questions a price check asks, as a form; the calculator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import Form as SiteForm
from marketplace.foundation.forms import YuanField, clean_text

from . import queries
from .rules.calculating import QuantityError
from .rules.inputs import InputField, read_number
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
    item_code: str, jurisdiction_code: str, day: date, variant: str | None = None
) -> type[InputsForm]:
    """The calculator's questions: exactly those of the variant chosen, or before one is chosen
    those of any; a price to be judged; the day that counts."""
    base = _form_of(queries.input_fields(item_code, jurisdiction_code, day, variant))
    return type(
        "Calculator",
        (base,),
        {
            "price": YuanField(
                _l("要核对的价格（元）"), [Optional()], description=_l("可不填；填写后给出结论")
            ),
            "day": DateField(_l("适用标准的日期"), [Optional()], default=day),
        },
    )

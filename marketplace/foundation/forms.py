"""The base form: CSRF, idempotency key, clean text, no unknown or doubled fields, plain errors."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from babel.support import Translations
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    FieldList,
    FormField,
    HiddenField,
    MultipleFileField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import messages_path
from wtforms.validators import StopValidation, ValidationError

from .errors import DomainError
from .money import parse_yuan

# characters; a longer label is a sentence to agree to, not a name
_LONGEST_NAME = 16
_UNSAFE = {"Cc", "Cs", "Co"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(value: Any) -> Any:
    """Trim a text; used as a filter on every text field but passwords."""
    return value.strip() if isinstance(value, str) else value


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """What a select or a group of radios offers, from pairs of value and title."""
    return [SelectChoice(value, title) for value, title in pairs]


def grouped_options(groups: Mapping[str, Mapping[str, Any]], blank: Any) -> list[SelectChoice]:
    """What a long select offers: ``blank`` for no choice yet, then value → title by group."""
    return [
        SelectChoice("", blank),
        *(
            SelectChoice(value, title, optgroup=group)
            for group, titles in groups.items()
            for value, title in titles.items()
        ),
    ]


@cache
def _messages(locale: str) -> Any:
    """What the form library itself says, in a language; by itself it reads the file each time."""
    return Translations.load(messages_path(), [locale], domain="wtforms")


class Form(FlaskForm):
    """Base of every form that changes something."""

    idempotency_key = HiddenField()

    class Meta(FlaskForm.Meta):
        """Adds trimming to text fields, and keeps the library's own messages once read."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            field_class = unbound_field.field_class
            if issubclass(field_class, StringField) and not issubclass(field_class, PasswordField):
                options = {**options, "filters": [clean_text, *options.get("filters", ())]}
            return unbound_field.bind(form=form, **options)

        def get_translations(self, form: Any) -> Any:
            return _messages(str(get_locale()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusals: list[str] = []
        for field in self:
            if isinstance(field, StringField):
                field.validators = [plain_characters, *field.validators]
        if not self.idempotency_key.data:
            self.idempotency_key.data = secrets.token_urlsafe(18)

    @property
    def http_status(self) -> int:
        """200 for a fresh form, 422 for one that was sent and refused."""
        return 422 if self.is_submitted() else 200

    def validate(self, extra_validators: Any = None) -> bool:
        """Field rules first, then what holds for every form."""
        valid = bool(super().validate(extra_validators))
        return self._no_surprises() and self._clean_characters() and valid

    def refuse(self, error: DomainError) -> None:
        """Show a refusal of an action at its field, or above the form."""
        field = self._fields.get(error.field or "")
        if field is None:
            self.refusals.append(error.message)
        elif isinstance(field.errors, list):
            field.errors.append(error.message)
        else:
            field.errors = [*field.errors, error.message]

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        """(field id or None, message) of everything wrong, for the error summary."""
        found: list[tuple[str | None, str]] = [(None, message) for message in self.refusals]
        for field in self:
            found += [(field.id, str(message)) for message in _flat(field.errors)]
        return found

    @property
    def summary(self) -> list[tuple[str | None, str]]:
        """The problems with the field's name before each message: 请填写此项 alone, several
        times over, would not tell which field. A label that is a whole sentence is left out."""
        labels = {field.id: str(field.label.text) for field in self}
        found = []
        for field_id, message in self.problems:
            label = labels.get(field_id or "", "")
            if label and len(label) <= _LONGEST_NAME and label not in message:
                message = _("%(title)s：%(reason)s", title=label, reason=message)
            found.append((field_id, message))
        return found

    def _no_surprises(self) -> bool:
        ok = True
        for name in request.form:
            if name == "csrf_token":
                continue
            field = self._fields.get(name) or self._fields.get(name.split("-", 1)[0])
            if field is None:
                self.refusals.append(
                    _("表单中有不认识的字段“%(name)s”，请刷新页面重新填写", name=name)
                )
                ok = False
            elif len(request.form.getlist(name)) > 1 and not isinstance(
                field, SelectMultipleField | FieldList | FormField | MultipleFileField
            ):
                self.refusals.append(_("字段“%(name)s”重复提交，请刷新页面重新填写", name=name))
                ok = False
        return ok

    def _clean_characters(self) -> bool:
        ok = True
        for field in self:
            if getattr(field.flags, "required", False) and _is_blank(field) and not field.errors:
                field.errors = [_("请填写此项")]
                ok = False
            elif isinstance(field.data, str) and not _is_clean(field.data):
                if not field.errors:
                    field.errors = [_("含有不能使用的控制字符，请删除后重新填写")]
                ok = False
            elif _is_single_line(field) and len(str(field.data or "").splitlines()) > 1:
                field.errors = [*field.errors, _("只能填写一行，请删除换行")]
                ok = False
        return ok


def plain_characters(_form: Any, field: Any) -> None:
    """The first rule of every field of text: none of the others, which may ask the database, is
    given what no text may hold."""
    if isinstance(field.data, str) and not _is_clean(field.data):
        raise StopValidation(_("含有不能使用的控制字符，请删除后重新填写"))


class ButtonForm(Form):
    """A button that needs no input."""


def came_back(name: str, form: Form) -> dict[str, Form]:
    """The forms of a page with several after one was refused: itself under its name, and ``top``.

    What concerns no field of it is told at the top of the page: the form may stand there no more.
    """
    top = ButtonForm(formdata=None)
    top.refusals, form.refusals = form.refusals, []
    return {name: form, "top": top}


class YuanField(StringField):
    """An amount in yuan, exact; at most two decimals."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0] if valuelist else ""
        self.data = None
        if not self.raw.strip():
            return
        try:
            self.data = parse_yuan(self.raw)
        except ValueError as error:
            raise ValidationError(
                _("请填写以元为单位的数字，最多两位小数，例如 128000.00")
            ) from error

    def _value(self) -> str:
        if isinstance(self.data, Decimal):
            return format(self.data, "f")
        return getattr(self, "raw", "") or ""


class PercentField(StringField):
    """A percentage with at most two decimals, kept as its part of one (15 → 0.15)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not self.raw:
            return
        whole, _dot, cents = self.raw.partition(".")
        plain = self.raw.isascii() and whole.isdigit() and (cents.isdigit() or not _dot)
        try:
            if not plain or len(whole) > 3 or len(cents) > 2:
                raise InvalidOperation
            self.data = Decimal(self.raw) / 100
        except InvalidOperation as error:
            raise ValidationError(_("请填写百分数，最多两位小数，例如 15 或 12.5")) from error

    def _value(self) -> str:
        if isinstance(self.data, Decimal):
            text = format(self.data * 100, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        return getattr(self, "raw", "") or ""


def length_message() -> Any:
    """The wording for a text that is too long or too short."""
    return _l("请控制在 %(min)d 到 %(max)d 个字以内")


def _flat(errors: Any) -> list[Any]:
    if isinstance(errors, dict):
        return [item for value in errors.values() for item in _flat(value)]
    out: list[Any] = []
    for item in errors:
        out += _flat(item) if isinstance(item, dict | list | tuple) else [item]
    return out


def _is_blank(field: Any) -> bool:
    """Blanks alone are no answer: WTForms' InputRequired looks at the raw text only."""
    return isinstance(field, StringField) and field.data in (None, "")


def _is_single_line(field: Any) -> bool:
    return isinstance(field, StringField) and not isinstance(
        field, TextAreaField | HiddenField | PasswordField
    )


def _is_clean(text: str) -> bool:
    for character in text:
        if character in "\r\n\t":
            continue
        if character in _BIDI or unicodedata.category(character) in _UNSAFE:
            return False
    return True


__all__ = ["Field", "Form", "YuanField", "clean_text", "length_message"]

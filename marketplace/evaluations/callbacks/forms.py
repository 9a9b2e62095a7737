"""Forms of the call-back desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.forms import Form, length_message, options

from .actions import LONGEST_ANSWER, LONGEST_NOTE
from .models import AttemptOutcome, CallbackStatus

_OUTCOMES = (CallbackStatus.CONFIRMED, CallbackStatus.DENIED, CallbackStatus.UNREACHED)


class AttemptForm(Form):
    """An attempt that reached nobody who answered."""

    how = RadioField(
        _l("拨打情况"),
        choices=options([(each.value, each.title) for each in AttemptOutcome]),
        validators=[InputRequired(_l("请选择拨打情况"))],
    )
    attempt_note = StringField(
        _l("备注"),
        validators=[Optional(), Length(max=LONGEST_NOTE, min=0, message=length_message())],
    )


class FoundForm(Form):
    """What was found; the answers to the questions are added by ``found_form``."""

    outcome = RadioField(
        _l("回访结果"),
        choices=options([(each.value, each.title) for each in _OUTCOMES]),
        validators=[InputRequired(_l("请选择回访结果"))],
    )
    note = TextAreaField(
        _l("情况说明"),
        description=_l("不属实的必填，作为建议剔除的理由；请勿写入个人信息"),
        validators=[Optional(), Length(max=1000, min=0, message=length_message())],
    )
    evidence = FileField(_l("证据材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))

    def answers(self, count: int) -> list[str]:
        """The answers in the order of the questions."""
        return [self[f"answer_{number}"].data or "" for number in range(count)]


def found_form(questions: Sequence[str], **given: Any) -> FoundForm:
    """The form of a call-back with these questions."""
    fields = {
        f"answer_{number}": StringField(
            question,
            validators=[Optional(), Length(max=LONGEST_ANSWER, min=0, message=length_message())],
        )
        for number, question in enumerate(questions)
    }
    made: FoundForm = type("FoundForm", (FoundForm,), fields)(**given)
    return made

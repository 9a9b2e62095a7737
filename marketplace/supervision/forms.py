"""Forms of decisions that touch several packages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from marketplace.foundation.forms import Form, length_message, options

from .models import SampleKind


class DecisionForm(Form):
    """The reasons of a decision."""

    reason = TextAreaField(
        _l("决定理由"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=5, max=4000, message=length_message()),
        ],
    )


class SampleForm(Form):
    """What to draw a sample from, and how many."""

    kind = RadioField(
        _l("抽查对象"),
        [InputRequired(_l("请选择"))],
        choices=options([(kind.value, kind.title) for kind in SampleKind]),
    )
    size = IntegerField(
        _l("抽查件数"),
        [InputRequired(_l("请填写整数")), NumberRange(1, 50, message=_l("抽查件数为 1 至 50"))],
        default=10,
    )


class NoteForm(Form):
    """What the auditor found about one drawn thing."""

    note = TextAreaField(_l("核查意见"), [InputRequired(_l("请填写此项")), Length(max=2000)])


class ConclusionForm(Form):
    """What the sample shows as a whole."""

    conclusion = TextAreaField(_l("核查结论"), [InputRequired(_l("请填写此项")), Length(max=2000)])


class SignForm(Form):
    """Another's agreement, or what is missing."""

    outcome = RadioField(
        _l("复核意见"),
        [InputRequired(_l("请选择"))],
        choices=options([("sign", _l("同意并签认")), ("return", _l("退回补充核查"))]),
    )
    note = TextAreaField(_l("说明"), [Length(max=2000)], description=_l("退回的须写明理由"))

"""Forms of decisions that touch several packages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message


class DecisionForm(Form):
    """The reasons of a decision."""

    reason = TextAreaField(
        _l("决定理由"),
        validators=[
            InputRequired(_l("请填写此项")),
            Length(min=5, max=4000, message=length_message()),
        ],
    )

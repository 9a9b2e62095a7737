"""The form that acknowledges an event."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from marketplace.foundation.forms import Form, length_message


class AcknowledgeForm(Form):
    """What was looked at and what came of it."""

    note = TextAreaField(
        _l("核查情况"),
        [InputRequired(_l("请填写此项")), Length(min=2, max=1000, message=length_message())],
    )

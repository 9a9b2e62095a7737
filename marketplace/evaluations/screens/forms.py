"""The form in which an officer says what a flag is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from marketplace.foundation.forms import Form, options

from ..models import Evaluation
from ..reviews.forms import text_area


def _marks(label: Any, hint: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label,
        description=hint,
        choices=[],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


class FlagForm(Form):
    """The decision on a flag."""

    outcome = RadioField(
        _l("核实结论"),
        choices=options(
            [
                ("clear", _l("有合理解释，予以排除")),
                ("pursue", _l("需要处理，核查所选评价或者转其他程序办理")),
            ]
        ),
        validators=[InputRequired(_l("请选择结论"))],
    )
    reason = text_area(_l("核实的事实和理由"), hint=_l("记录在案；没有新的评价，同样情形不再提示"))
    marks = _marks(
        _l("启动核查的评价"),
        _l("认定需要处理时选择；每项评价单独核查，由两名人员先后建议和决定是否剔除，可以不选"),
    )


class MarksForm(Form):
    """More marks of a flag to be looked into."""

    marks = _marks(_l("启动核查的评价"), _l("每项评价单独核查，由两名人员先后建议和决定是否剔除"))
    grounds = text_area(_l("核查的事实和理由"))


def offer_marks(form: FlagForm | MarksForm, given: Iterable[Evaluation]) -> None:
    """Let these evaluations be chosen."""
    form.marks.choices = [
        (
            each.public_id,
            _(
                "合同 %(number)s：%(rater)s评价%(about)s",
                number=each.window.contract.number,
                rater=each.rater.public_name,
                about=each.about.public_name,
            ),
        )
        for each in given
    ]

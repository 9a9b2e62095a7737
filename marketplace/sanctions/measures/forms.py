"""Forms of soft measures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, DateTimeLocalField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from marketplace.foundation.clock import SHANGHAI
from marketplace.foundation.forms import Form, length_message, options

from ..forms import SubjectForm, long_text
from .actions import Content
from .models import MeasureKind


class MomentField(DateTimeLocalField):
    """A moment in Shanghai."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Refuses what is not a moment, in Chinese."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            self.data = None
            raise ValueError(_("请按 2026-03-02T09:30 的格式填写时间")) from error


class DayField(DateField):
    """A day in Shanghai."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Refuses what is not a day, in Chinese."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            self.data = None
            raise ValueError(_("请按 2026-03-02 的格式填写日期")) from error


class MeasureForm(SubjectForm):
    """Issue a measure."""

    kind = SelectField(
        _l("措施种类"),
        choices=options([("", _l("请选择")), *((each.value, each.title) for each in MeasureKind)]),
        validators=[InputRequired(_l("请选择措施种类"))],
    )
    facts = long_text(_l("事实"), _l("写明时间、事项和经过；写入函件"))
    demand = long_text(_l("要求"), _l("写明要改正、准备或者答复的内容；写入函件"))
    meeting_at = MomentField(_l("面谈时间"), description=_l("约谈时填写"), validators=[Optional()])
    place = StringField(
        _l("面谈地点"),
        description=_l("约谈时填写"),
        validators=[Length(max=200, message=length_message())],
    )
    authority = StringField(
        _l("移送机关"),
        description=_l("移送时填写，例如 市市场监督管理局"),
        validators=[Length(max=100, message=length_message())],
    )
    reference = StringField(
        _l("工单编号"),
        description=_l("12345 工单时填写"),
        validators=[Length(max=60, message=length_message())],
    )
    due_on = DayField(
        _l("答复期限"),
        description=_l("工单或者函件另有要求的填写；不填的按规则计算"),
        validators=[Optional()],
    )
    evidence = FileField(_l("证据材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))

    def content(self) -> Content:
        """What was filled in, as the action takes it."""
        at: datetime | None = self.meeting_at.data
        return Content(
            kind=MeasureKind(self.kind.data),
            facts=self.facts.data or "",
            demand=self.demand.data or "",
            authority=self.authority.data or "",
            reference=self.reference.data or "",
            meeting_at=at.replace(tzinfo=SHANGHAI) if at is not None else None,
            place=self.place.data or "",
            due_on=self.due_on.data,
        )


class ReplyForm(Form):
    """An answer with its evidence."""

    reply = long_text(_l("答复"))
    evidence = FileField(_l("证明材料"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))


class ClosingForm(Form):
    """What came of it."""

    conclusion = RadioField(
        _l("核查结论"),
        choices=options([("close", _l("办结")), ("return", _l("答复不符合要求，退回重新答复"))]),
        default="close",
        validators=[InputRequired(_l("请选择核查结论"))],
    )
    reason = long_text(_l("办理情况"), _l("约谈写明谈话记录；工单写明回复来电人的内容"))


class CriticismForm(Form):
    """Publish or refuse."""

    conclusion = RadioField(
        _l("审批结论"),
        choices=options([("publish", _l("同意通报")), ("reject", _l("不予通报"))]),
        validators=[InputRequired(_l("请选择审批结论"))],
    )
    reason = StringField(
        _l("不予通报的理由"),
        description=_l("同意通报时不必填写"),
        validators=[Length(max=1000, message=length_message())],
    )

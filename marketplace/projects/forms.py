"""Forms of the owner's pages: choosing an item, the need, its correction, reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FileField,
    FormField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from marketplace.accounts import queries as accounts
from marketplace.fees.forms import PricedForm, inputs_form, reason_field
from marketplace.foundation import clock
from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import Form, YuanField, length_message, options
from marketplace.foundation.showing import show_date

from . import queries
from .checking import investments_of
from .drafting import NeedContent
from .models import DrawSource, InvestmentKind, Need, PriceScoring, Project, SelectionMethod
from .packages.forms import (
    codes_wanted,
    contents_of,
    further_field,
    groups_of,
    offer_further,
    part_groups,
    refuse_part,
    values_of_parts,
)
from .pricing import said_of
from .rules import GRADES
from .starting import BLANK
from .weighing.actions import Weighing

MOST_DAYS = 999
_WHOLE = "0123456789"


class WholeNumberField(StringField):
    """A positive whole number in plain digits, below 1000."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not self.raw:
            return
        plain = len(self.raw) <= 3 and all(character in _WHOLE for character in self.raw)
        if not plain or int(self.raw) == 0:
            raise ValidationError(_("请填写 1 到 %(most)d 之间的整数", most=MOST_DAYS))
        self.data = int(self.raw)

    def _value(self) -> str:
        return str(self.data) if self.data is not None else getattr(self, "raw", "") or ""


def required(message: Any) -> DataRequired:
    """A field that must be filled in, with its own wording."""
    return DataRequired(message=message)


def length_between(least: int, most: int) -> Length:
    """A text between so many characters, with the site's wording."""

    class Worded(Length):
        def __call__(self, form: Any, field: Any) -> None:
            size = len(field.data or "")
            if not least <= size <= most:
                raise ValidationError(str(length_message()) % {"min": least, "max": most})

    return Worded(least, most)


def points_field(label: Any) -> WholeNumberField:
    """The full points of a criterion; empty is none."""
    return WholeNumberField(label, [Optional()])


def grade_field() -> SelectField:
    """The least grade of a need's own."""
    return SelectField(
        _l("最低信用等级"),
        [Optional()],
        choices=options([("", _l("不另设")), *((grade, grade) for grade in GRADES[:3])]),
        description=_l("政府投资项目不低于规则规定的等级"),
    )


class NeedForm(PricedForm):
    """A need; ``need_form`` adds the inputs of the item's fee standard as ``fee``."""

    project = SelectField(_l("所属项目"), validate_choice=True)
    project_name = StringField(_l("新项目名称"), [Optional(), length_between(2, 120)])
    project_code = StringField(
        _l("项目代码"),
        [Optional(), Length(max=24, message=_l("项目代码应为 24 位"))],
        description=_l("投资项目在线审批监管平台赋予的 24 位代码，没有的不填"),
    )
    title = StringField(_l("需求名称"), [required(_l("请填写需求名称")), length_between(4, 120)])
    scope = TextAreaField(
        _l("服务内容"),
        [required(_l("请填写服务内容")), length_between(10, 5000)],
        description=_l("写明工作范围、成果要求和验收方式，不写公司规模、所在地等限制条件"),
    )
    place = StringField(_l("服务地点"), [required(_l("请填写服务地点")), length_between(2, 200)])
    budget = YuanField(_l("预算金额"), [InputRequired(_l("请填写预算金额"))])
    deviation_reason = reason_field()
    further_item = further_field()
    investment = SelectField(_l("资金性质"), [required(_l("请选择资金性质"))])
    days_wanted = WholeNumberField(_l("办理时限"), [InputRequired(_l("请填写办理时限"))])
    method = RadioField(
        _l("选取方式"),
        [InputRequired(_l("请选择选取方式"))],
        choices=options([(one.value, one.title) for one in SelectionMethod]),
        description=_l(
            "竞价选取取最低报价，均价选取取最接近平均价的报价；两者的报价密封，截止当日统一开启，家数在截止前不公开。"
            "综合评审按下列分值评分：评审专家公开抽取、隐名评方案和人员，评分齐后开启报价"
        ),
    )
    weight_price = points_field(_l("价格分"))
    weight_rating = points_field(_l("信用分"))
    weight_plan = points_field(_l("方案分"))
    weight_practitioners = points_field(_l("人员分"))
    scoring = SelectField(
        _l("价格分的算法"),
        [Optional()],
        choices=options([(one.value, one.title) for one in PriceScoring]),
    )
    draw_source = SelectField(
        _l("公开值来源"),
        [Optional()],
        choices=options([("", _l("不适用")), *((one.value, one.title) for one in DrawSource)]),
        description=_l("随机抽取时填写"),
    )
    by_discount = BooleanField(
        _l("以下浮率报价"),
        description=_l("只用于密封报价；机构填写在预算金额基础上下浮的百分比，成交价按下浮率计算"),
    )
    two_keys = BooleanField(
        _l("开启报价的密钥由项目业主、管理机构和平台运行方三方分管"),
        description=_l(
            "只用于密封报价；任意两方到开启时间交出份额后才能开启，预算达到规则规定金额的必须分管"
        ),
    )
    minimum_grade = grade_field()
    entry_working_days = WholeNumberField(
        _l("报名时间（工作日）"),
        [Optional()],
        description=_l("不填的按规则规定的最短时间"),
    )
    recusals = TextAreaField(
        _l("回避机构"),
        [Optional(), Length(max=2000, message=_l("回避机构过多，请精简"))],
        description=_l("每行一家：统一社会信用代码、空格、理由；理由将公开"),
    )
    contact_name = StringField(_l("联系人"), [required(_l("请填写联系人")), length_between(2, 60)])
    contact_phone = StringField(
        _l("联系电话"), [required(_l("请填写联系电话")), length_between(5, 40)]
    )
    declared = BooleanField(
        _l("不属于依法必须招标、达到政府采购限额标准、涉密或者应急的项目"),
        [InputRequired(_l("请确认不属于所列情形；属于的，不能在中介超市采购"))],
    )

    def validate_budget(self, field: YuanField) -> None:
        """A budget is more than nothing."""
        positive(field.data)

    def validate_project(self, field: SelectField) -> None:
        """A new project needs a name."""
        if not field.data and not (self.project_name.data or "").strip():
            raise ValidationError(_("请选择已有项目，或填写新项目名称"))

    def validate_scope(self, field: TextAreaField) -> None:
        """A template's blanks are filled in before it is saved."""
        if BLANK in (field.data or ""):
            raise ValidationError(
                _("模板中的空白（以“%(blank)s”开头）须填写或者删去", blank=BLANK),
            )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recused: list[tuple[int, str]] = []

    def validate_recusals(self, field: TextAreaField) -> None:
        """Every line is a known credit code and a reason."""
        for number, line in enumerate((field.data or "").splitlines(), 1):
            if not line.strip():
                continue
            code, _space, reason = line.strip().partition(" ")
            firm = accounts.organisation_by_credit_code(code.upper())
            if firm is None:
                raise ValidationError(
                    _("第 %(number)d 行的统一社会信用代码没有对应的机构", number=number)
                )
            if not reason.strip():
                raise ValidationError(_("第 %(number)d 行没有写明回避理由", number=number))
            self.recused.append((firm.id, reason.strip()))

    def content(self) -> NeedContent:
        """What was filled in, as the action takes it."""
        assert self.budget.data is not None
        assert self.days_wanted.data is not None
        return NeedContent(
            title=self.title.data,
            scope=self.scope.data,
            place=self.place.data,
            budget=self.budget.data,
            fee_inputs=self.fee_inputs(),
            investment=InvestmentKind(self.investment.data),
            days_wanted=self.days_wanted.data,
            method=SelectionMethod(self.method.data),
            draw_source=DrawSource(self.draw_source.data) if self.draw_source.data else None,
            minimum_grade=self.minimum_grade.data or None,
            entry_working_days=self.entry_working_days.data,
            contact_name=self.contact_name.data,
            contact_phone=self.contact_phone.data,
            deviation_reason=self.deviation_reason.data or "",
            two_keys=self.two_keys.data,
            by_discount=self.by_discount.data,
            weighing=self.weighing(),
            parts=contents_of(self),
        )

    def refuse(self, error: DomainError) -> None:
        """A refusal about a further item is told at its own field."""
        if not refuse_part(self, error):
            super().refuse(error)

    @property
    def parts(self) -> list[tuple[str, Any]]:
        """The groups of further items, by item code."""
        return groups_of(self)

    def weighing(self) -> Weighing | None:
        """What a best-value need weighs; None for the other methods."""
        if self.method.data != SelectionMethod.BEST_VALUE.value:
            return None
        return Weighing(
            price=self.weight_price.data or 0,
            rating=self.weight_rating.data or 0,
            plan=self.weight_plan.data or 0,
            practitioners=self.weight_practitioners.data or 0,
            scoring=PriceScoring(self.scoring.data or PriceScoring.LOWEST),
        )


def need_form(
    item_code: str,
    jurisdiction_code: str,
    organisation_id: int,
    day: date,
    need: Need | None,
    begun_with: Mapping[str, Any] | None = None,
) -> NeedForm:
    """The form for one item: with its fee inputs, the owner's projects, a draft's values or, for
    a new need, what it is ``begun_with``."""
    inputs = inputs_form(item_code, jurisdiction_code, day)

    class ItemNeedForm(NeedForm):
        fee = FormField(inputs, _l("计费基数"))

    values = values_of(need) if need is not None else begun_with
    further = codes_wanted(item_code, values)
    for name, group in part_groups(further, jurisdiction_code, day).items():
        setattr(ItemNeedForm, name, group)
    form = ItemNeedForm(data=values)
    lineage = accounts.lineage(jurisdiction_code)
    offer_further(form.further_item, [item_code, *further], lineage, day)
    kind = accounts.organisation(organisation_id).kind
    kinds = [(one.value, one.title) for one in investments_of(kind)]
    form.investment.choices = options([("", _("请选择")), *kinds] if len(kinds) > 1 else kinds)
    form.project.choices = options(
        [
            ("", _("新建项目")),
            *((one.public_id, _told_apart(one)) for one in queries.projects_of(organisation_id)),
        ]
    )
    return form


def _told_apart(project: Project) -> str:
    """An owner may have several projects of one name: the code, or the day it was entered."""
    mark = project.code or show_date(clock.local_day(project.created_at))
    return _("%(title)s（%(unit)s）", title=project.name, unit=mark)


def values_of(need: Need) -> dict[str, Any]:
    """What a need says, by the fields of its form."""
    lines = [f"{one.organisation.credit_code} {one.reason}" for one in queries.recusals(need.id)]
    return {
        "project": need.project.public_id,
        "title": need.title,
        "scope": need.scope,
        "place": need.place,
        "budget": need.budget,
        "deviation_reason": said_of(need.price_check_id) or "",
        "investment": need.investment.value,
        "days_wanted": need.days_wanted,
        "method": need.method.value,
        "draw_source": need.draw_source.value if need.draw_source else "",
        "two_keys": need.two_keys,
        "by_discount": need.by_discount,
        **_weights(need),
        "minimum_grade": need.minimum_grade or "",
        "entry_working_days": need.entry_working_days,
        "recusals": "\n".join(lines),
        "contact_name": need.contact_name,
        "contact_phone": need.contact_phone,
        "fee": need.fee_inputs,
        **values_of_parts(need),
    }


def _weights(need: Need) -> dict[str, Any]:
    kept = need.weights if need.is_weighed else None
    if kept is None:
        return {}
    return {
        "weight_price": kept.price,
        "weight_rating": kept.rating or None,
        "weight_plan": kept.plan,
        "weight_practitioners": kept.practitioners or None,
        "scoring": kept.scoring.value,
    }


def positive(amount: Decimal | None) -> None:
    if amount is not None and amount <= 0:
        raise ValidationError(_("金额应大于 0"))


class ReasonForm(Form):
    """A reason somebody else will read."""

    reason = TextAreaField(_l("理由"), [required(_l("请填写理由")), length_between(5, 500)])


class WithdrawForm(Form):
    """Why a published need is withdrawn."""

    withdrawal_reason = TextAreaField(
        _l("撤回理由"), [required(_l("请填写撤回理由")), length_between(5, 500)]
    )


class FileForm(Form):
    """One file."""

    upload = FileField(_l("附件"), description=_l("PDF、JPG、PNG、DOCX、XLSX，不超过 20 MB"))

"""How a need is written: project, draft, files, hand-over to the approver, and its checks.

Used by ``actions``, which publishes what is drafted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO

from flask_babel import gettext as _
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import Commissioner, ServiceItem
from marketplace.fees import actions as fees
from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.foundation.languages import joined

from . import queries
from .models import (
    DrawSource,
    InvestmentKind,
    Need,
    NeedAttachment,
    NeedChannel,
    NeedCounter,
    NeedRecusal,
    NeedStatus,
    Project,
    SelectionMethod,
)
from .rules import SelectionPolicy, gate_refusal, least_entry_days, project_code_fault

MOST_ATTACHMENTS = 10
TWO_PERSON_KINDS = {OrganisationKind.AGENCY, OrganisationKind.PUBLIC_INSTITUTION}


@dataclass(frozen=True)
class NeedContent:
    """What an owner writes about a need. Amounts in yuan, ``days_wanted`` in the item's kind of days.

    ``fee_inputs`` are the base quantities the item's fee standard asks for. ``draw_source`` only
    with a random draw. ``entry_working_days`` of None takes the least the edition allows.
    """

    title: str
    scope: str
    place: str
    budget: Decimal
    fee_inputs: Mapping[str, str]
    investment: InvestmentKind
    days_wanted: int
    method: SelectionMethod
    draw_source: DrawSource | None
    contact_name: str
    contact_phone: str
    minimum_grade: str | None = None
    entry_working_days: int | None = None


def start_project(name: str, code: str | None, actor: Actor, now: datetime) -> Project:
    """Open a project of the actor's organisation. ``code`` is optional: it is issued elsewhere.

    Raises Invalid for a malformed code or one this owner has used already.
    """
    assert actor.organisation_id is not None
    code = (code or "").strip().upper() or None
    if code is not None:
        _check_project_code(code)
        if queries.project_by_code(actor.organisation_id, code) is not None:
            raise Invalid(
                _("本单位已有使用该项目代码的项目，请在“所属项目”中直接选择"),
                field="project_code",
                rule="project_code.used",
            )
    project = Project(
        owner_id=actor.organisation_id,
        name=name,
        code=code,
        jurisdiction_code=accounts.organisation(actor.organisation_id).jurisdiction_code,
        created_at=now,
    )
    db.session.add(project)
    db.session.flush()
    audit.record("projects.started", actor, project, now, code=code)
    return project


def _check_project_code(code: str) -> None:
    fault = project_code_fault(code)
    if fault is None:
        return
    messages = {
        "form": _("项目代码应为 24 位，形如 2024-379921-77-01-123456"),
        "year": _("项目代码前 4 位应为赋码年份"),
        "region": _("项目代码第 6 至 11 位应为行政区划代码"),
        "kind": _("项目代码第 16 至 17 位应为 01（审批）、02（核准）或 03（备案）"),
    }
    raise Invalid(messages[fault], field="project_code", rule=f"project_code.{fault}")


def draft_need(
    project: Project,
    item_code: str,
    content: NeedContent,
    recusals: Sequence[tuple[int, str]],
    actor: Actor,
    now: datetime,
    channel: NeedChannel = NeedChannel.OPEN,
) -> Need:
    """Write down a need of the actor's organisation as a draft.

    ``channel`` says whether firms will enter it or chosen ones are asked. ``recusals`` are (organisation id of the firm, reason). Checks the gate, the direct pick's
    limit and the budget against the fee standard; raises Invalid naming field and rule.
    """
    assert actor.user_id is not None
    if project.owner_id != actor.organisation_id:
        raise Missing("project")
    item = item_in_force(item_code, project.jurisdiction_code, now)
    need = Need(
        number=_next_number(project.jurisdiction_code, now),
        project_id=project.id,
        owner_id=project.owner_id,
        jurisdiction_code=project.jurisdiction_code,
        item_code=item.code,
        proposer_id=actor.user_id,
        created_at=now,
        extensions_used=0,
        channel=channel,
    )
    _write(need, item, content, actor, now)
    lifecycle.begin(need, NeedStatus.DRAFT, actor, now)
    check_budget(need, actor, now)
    _set_recusals(need, recusals, now)
    return need


def edit_need(
    need: Need,
    content: NeedContent,
    recusals: Sequence[tuple[int, str]],
    actor: Actor,
    now: datetime,
) -> None:
    """Change a draft. The same checks as for a new one."""
    assert actor.user_id is not None
    lock(need)
    require_status(need, NeedStatus.DRAFT)
    need.proposer_id = actor.user_id
    _write(need, item_in_force(need.item_code, need.jurisdiction_code, now), content, actor, now)
    db.session.flush()
    check_budget(need, actor, now)
    _set_recusals(need, recusals, now)
    audit.record("needs.edited", actor, need, now, budget=need.budget)


def _write(
    need: Need, item: ServiceItem, content: NeedContent, actor: Actor, now: datetime
) -> None:
    owner = accounts.organisation(need.owner_id)
    policy = queries.selection_policy(need.jurisdiction_code, clock.local_day(now)).values
    _check_commissioner(item, owner.kind)
    _check_investment(owner.kind, content.investment)
    check_days(item, content.days_wanted)
    least = least_entry_days(policy, content.budget)
    wanted = content.entry_working_days or least
    if not least <= wanted <= policy.entry_longest_working_days:
        raise Invalid(
            _(
                "该预算的报名时间应为 %(least)d 至 %(most)d 个工作日",
                least=least,
                most=policy.entry_longest_working_days,
            ),
            field="entry_working_days",
            rule="entry_period",
        )
    need.title = content.title
    need.item_name = item.name
    need.off_list = not item.on_list
    need.scope = content.scope
    need.place = content.place
    need.fee_inputs = dict(content.fee_inputs)
    need.budget = content.budget
    need.investment = content.investment
    need.qualifications = list(item.qualifications)
    need.any_qualification = item.qualification_rule == "any"
    need.days_wanted = content.days_wanted
    need.days_kind = item.statutory_days_kind
    need.method = content.method
    need.draw_source = content.draw_source
    need.minimum_grade = content.minimum_grade
    need.entry_working_days = wanted
    need.contact_name = content.contact_name
    need.contact_phone = content.contact_phone
    need.two_person = owner.kind in TWO_PERSON_KINDS or need.government_invested
    check_method(need, policy)
    require_gate(need, need.budget, now, field="budget")


def item_in_force(item_code: str, jurisdiction_code: str, now: datetime) -> ServiceItem:
    """The item as the area's list has it on the day; Invalid when it is not on it then."""
    try:
        return catalogue.item(item_code, clock.local_day(now), accounts.lineage(jurisdiction_code))
    except Missing as error:
        raise Invalid(
            _("该服务事项当前不在目录中，请重新选择"), field="item_code", rule="item"
        ) from error


def investments_of(kind: OrganisationKind) -> list[InvestmentKind]:
    """Whose money an owner of a kind can spend here, in the order of the list."""
    own = {
        OrganisationKind.AGENCY: {InvestmentKind.GOVERNMENT},
        OrganisationKind.NATURAL_PERSON: {InvestmentKind.NATURAL_PERSON},
        OrganisationKind.VILLAGE_COMMITTEE: {InvestmentKind.VILLAGE, InvestmentKind.GOVERNMENT},
    }
    others = set(InvestmentKind) - {InvestmentKind.NATURAL_PERSON, InvestmentKind.VILLAGE}
    return [one for one in InvestmentKind if one in own.get(kind, others)]


def _check_investment(kind: OrganisationKind, investment: InvestmentKind) -> None:
    allowed = investments_of(kind)
    if investment not in allowed:
        raise Invalid(
            _(
                "%(kind)s的资金性质应为：%(allowed)s",
                kind=kind.title,
                allowed=joined(one.title for one in allowed),
            ),
            field="investment",
            rule="investment",
        )


def _check_commissioner(item: ServiceItem, kind: OrganisationKind) -> None:
    if item.commissioned_by is Commissioner.DEPARTMENT and kind is not OrganisationKind.AGENCY:
        raise Invalid(
            _("该事项由审批部门委托并承担费用，申请人不需要购买"),
            field="item_code",
            rule="commissioned_by",
        )


def check_days(item: ServiceItem, days_wanted: int) -> None:
    """Refuse more days than the item's statutory limit."""
    if days_wanted > item.statutory_days:
        raise Invalid(
            _(
                "办理时限不得超过该事项法定时限 %(days)d %(kind)s",
                days=item.statutory_days,
                kind=item.statutory_days_kind.title,
            ),
            field="days_wanted",
            rule="statutory_days",
        )


def check_method(need: Need, policy: SelectionPolicy) -> None:
    """Refuse a direct pick at or over the edition's limit for government money."""
    if (need.method is SelectionMethod.RANDOM_DRAW) != (need.draw_source is not None):
        raise Invalid(
            _("随机抽取须选择公开值的来源，直接选取不需要"),
            field="draw_source",
            rule="draw_source",
        )
    limit = policy.direct_pick_limit
    if (
        need.method is SelectionMethod.DIRECT_PICK
        and need.government_invested
        and need.budget >= limit
    ):
        raise Invalid(
            _(
                "政府投资项目预算达到 %(limit)s 元的不能直接选取，请改用随机抽取",
                limit=f"{limit:,}",
            ),
            field="method",
            rule="direct_pick_limit",
        )


def require_gate(need: Need, amount: Decimal, now: datetime, field: str = "budget") -> None:
    """Refuse what by law must be tendered or procured elsewhere (asked at need, award, change).

    ``amount`` in yuan. Raises Invalid with the rule code and the edition's legal basis.
    """
    gate = queries.policy_of(need, clock.local_day(now)).values.gate
    rule = gate_refusal(
        gate,
        fiscal=need.government_invested,
        state_owned=need.investment is InvestmentKind.STATE_FIRM,
        item_code=need.item_code,
        amount=amount,
    )
    if rule is None:
        return
    messages = {
        "gate.central": _("该事项列入集中采购目录，使用财政性资金的不能在中介超市采购"),
        "gate.procurement": _(
            "财政性资金达到采购限额 %(limit)s 元的不能在中介超市采购",
            limit=f"{gate.procurement_limit:,}",
        ),
        "gate.tender": _(
            "该事项达到依法必须招标的规模 %(limit)s 元，不能在中介超市采购",
            limit=f"{gate.tender_limit:,}",
        ),
    }
    basis = gate.tender_basis if rule == "gate.tender" else gate.procurement_basis
    raise Invalid(
        _("%(message)s（%(basis)s）", message=messages[rule], basis=basis), field=field, rule=rule
    )


def check_budget(need: Need, actor: Actor, now: datetime) -> None:
    """Ask the price check about the budget by the standards of the day and keep its answer."""
    check = fees.require_price(
        stage="budget",
        subject=need,
        item_code=need.item_code,
        jurisdiction_code=need.jurisdiction_code,
        day=clock.local_day(now),
        price=need.budget,
        inputs=dict(need.fee_inputs),
        actor=actor,
        now=now,
        field="budget",
    )
    need.price_check_id = check.id


def _set_recusals(need: Need, recusals: Sequence[tuple[int, str]], now: datetime) -> None:
    most = queries.policy_of(need, clock.local_day(now)).values.recusals_most
    if len(recusals) > most:
        raise Invalid(
            _("回避机构最多 %(most)d 家", most=most), field="recusals", rule="recusal.most"
        )
    db.session.execute(delete(NeedRecusal).where(NeedRecusal.need_id == need.id))
    seen: set[int] = set()
    for organisation_id, reason in recusals:
        if not reason.strip():
            raise Invalid(_("回避须写明理由"), field="recusals", rule="recusal.reason")
        if organisation_id in seen:
            raise Invalid(_("同一机构只需填写一次"), field="recusals", rule="recusal.twice")
        seen.add(organisation_id)
        db.session.add(
            NeedRecusal(need_id=need.id, organisation_id=organisation_id, reason=reason.strip())
        )
    db.session.flush()


def _next_number(jurisdiction_code: str, now: datetime) -> str:
    year = clock.local_day(now).year
    insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else pg_insert
    last = db.session.execute(
        insert(NeedCounter)
        .values(jurisdiction_code=jurisdiction_code, year=year, last=1)
        .on_conflict_do_update(
            index_elements=["jurisdiction_code", "year"], set_={"last": NeedCounter.last + 1}
        )
        .returning(NeedCounter.last)
    ).scalar_one()
    return f"XQ-{jurisdiction_code}-{year}-{last:05d}"


def attach_file(
    need: Need, stream: IO[bytes], name: str, actor: Actor, now: datetime
) -> NeedAttachment:
    """Add a file to a draft; it is published with the need."""
    lock(need)
    require_status(need, NeedStatus.DRAFT)
    if len(queries.attachments(need.id)) >= MOST_ATTACHMENTS:
        raise Invalid(
            _("附件最多 %(most)d 个，请合并后上传", most=MOST_ATTACHMENTS),
            field="upload",
            rule="attachments",
        )
    stored = files.store(stream, name, actor, now, "upload")
    attachment = NeedAttachment(need_id=need.id, file_id=stored.id)
    db.session.add(attachment)
    db.session.flush()
    audit.record("needs.file_attached", actor, need, now, file=stored.id, sha256=stored.sha256)
    return attachment


def detach_file(attachment: NeedAttachment, actor: Actor, now: datetime) -> None:
    """Take a file off a draft."""
    need = lock(queries.need_by_id(attachment.need_id))
    require_status(need, NeedStatus.DRAFT)
    audit.record("needs.file_detached", actor, need, now, file=attachment.file_id)
    db.session.delete(attachment)
    db.session.flush()


def submit_need(need: Need, actor: Actor, now: datetime) -> None:
    """Hand a draft to the approver; the one who submits is its proposer."""
    assert actor.user_id is not None
    lock(need)
    need.proposer_id = actor.user_id
    need.submitted_at = now
    need.return_reason = None
    lifecycle.move(need, NeedStatus.SUBMITTED, actor, now)


def return_need(need: Need, reason: str, actor: Actor, now: datetime) -> None:
    """The approver gives a submitted need back with what must change."""
    lock(need)
    require_status(need, NeedStatus.SUBMITTED)
    need.return_reason = reason
    lifecycle.move(need, NeedStatus.DRAFT, actor, now, reason=reason)


def discard_need(need: Need, actor: Actor, now: datetime) -> None:
    """Give up a need that was never published."""
    lock(need)
    if need.is_public:
        raise Conflict(_("需求已经公告，请按撤回办理"), rule="lifecycle")
    lifecycle.move(need, NeedStatus.WITHDRAWN, actor, now)


def require_status(need: Need, status: NeedStatus) -> None:
    """Refuse with the present status when the need stands elsewhere."""
    if need.status is not status:
        raise Conflict(
            _(
                "当前状态为“%(now)s”，不能办理此事，请刷新页面后按最新状态办理",
                now=need.status.title,
            ),
            rule="lifecycle",
        )

"""How a need is written: project, draft, files, hand-over to the approver.

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
from marketplace.catalogue.models import ServiceItem
from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing

from . import queries
from .checking import (
    check_budget,
    check_commissioner,
    check_days,
    check_investment,
    check_method,
    item_in_force,
    require_gate,
    require_status,
)
from .coding import fault_of, in_words, tidy
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
from .packages.actions import PartContent, set_parts
from .rules import least_entry_days
from .weighing.actions import Weighing, set_weights

MOST_ATTACHMENTS = 10

TWO_PERSON_KINDS = {OrganisationKind.AGENCY, OrganisationKind.PUBLIC_INSTITUTION}


@dataclass(frozen=True)
class NeedContent:
    """What an owner writes about a need. Amounts in yuan, ``days_wanted`` in the item's kind of days.

    ``fee_inputs`` are the base quantities the item's fee standard asks for, ``deviation_reason``
    why the budget is far from it, where that is asked. ``draw_source`` only with a random draw,
    ``two_keys`` and ``by_discount`` only with sealed quotes. ``entry_working_days`` of None takes the least the edition allows.
    ``parts`` are further items bought with the main one; ``budget`` is for all together.
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
    deviation_reason: str = ""
    two_keys: bool = False
    by_discount: bool = False
    weighing: Weighing | None = None
    parts: Sequence[PartContent] = ()

    @property
    def reasons(self) -> dict[str, str]:
        """Why the shares of further items deviate, by item."""
        return {each.item_code: each.deviation_reason for each in self.parts}


def start_project(name: str, code: str | None, actor: Actor, now: datetime) -> Project:
    """Open a project of the actor's organisation. ``code`` is optional: it is issued elsewhere.

    Raises Invalid for a malformed code or one this owner has used already.
    """
    assert actor.organisation_id is not None
    code = tidy(code or "") or None
    if code is not None:
        fault = fault_of(code)
        if fault is not None:
            raise Invalid(in_words(fault), field="project_code", rule=f"project_code.{fault}")
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


def draft_need(
    project: Project,
    item_code: str,
    content: NeedContent,
    recusals: Sequence[tuple[int, str]],
    actor: Actor,
    now: datetime,
    channel: NeedChannel = NeedChannel.OPEN,
    earlier: Need | None = None,
) -> Need:
    """Write down a need of the actor's organisation as a draft; with ``earlier`` as the next
    notice of that failed one.

    ``channel`` says whether firms will enter it or chosen ones are asked. ``recusals`` are (organisation id of the firm, reason). Checks the gate, the direct pick's
    limit and the budget against the fee standard; raises Invalid naming field and rule.
    """
    assert actor.user_id is not None
    if project.owner_id != actor.organisation_id:
        raise Missing("project")
    item = item_in_force(item_code, project.jurisdiction_code, now)
    if earlier is not None:
        _require_failed(earlier, [item_code, *(each.item_code for each in content.parts)])
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
        earlier_id=earlier.id if earlier is not None else None,
        call_number=earlier.call_number + 1 if earlier is not None else 1,
    )
    _write(need, item, content, actor, now)
    lifecycle.begin(need, NeedStatus.DRAFT, actor, now)
    check_budget(need, actor, now, _reasons(need, content))
    _set_recusals(need, recusals, now)
    if need.is_weighed:
        set_weights(need, content.weighing, now)
    return need


def _reasons(need: Need, content: NeedContent) -> dict[str, str]:
    return {need.item_code: content.deviation_reason, **content.reasons}


def _require_failed(earlier: Need, item_codes: Sequence[str]) -> None:
    """Only a failed need is posted again, for the same items, and once at a time."""
    lock(earlier)
    require_status(earlier, NeedStatus.FAILED)
    if earlier.item_code != item_codes[0] or set(earlier.item_codes) != set(item_codes):
        raise Conflict(_("再次公告的服务事项应与首次相同"), rule="need.again")
    if queries.next_call(earlier) is not None:
        raise Conflict(_("已经起草或者发布再次公告，请在该需求中办理"), rule="need.again")


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
    check_budget(need, actor, now, _reasons(need, content))
    _set_recusals(need, recusals, now)
    set_weights(need, content.weighing, now)
    audit.record("needs.edited", actor, need, now, budget=need.budget)


def _write(
    need: Need, item: ServiceItem, content: NeedContent, actor: Actor, now: datetime
) -> None:
    owner = accounts.organisation(need.owner_id)
    policy = queries.selection_policy(need.jurisdiction_code, clock.local_day(now)).values
    check_commissioner(item, owner.kind)
    check_investment(owner.kind, content.investment)
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
    need.two_keys = content.two_keys
    need.by_discount = content.by_discount
    need.minimum_grade = content.minimum_grade
    need.entry_working_days = wanted
    need.contact_name = content.contact_name
    need.contact_phone = content.contact_phone
    need.two_person = owner.kind in TWO_PERSON_KINDS or need.government_invested
    set_parts(need, content.parts, owner.kind, policy, now)
    check_method(need, policy)
    require_gate(need, need.budget, now, field="budget")


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

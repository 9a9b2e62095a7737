"""Report, take in, answer, decide. (rules of the marketplace, section 3)"""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.foundation import clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from .. import queries as catalogue
from ..rules.policy import CataloguePolicy
from . import queries
from .models import TO_DECIDE, DemandStatus, OffListDemand

SHORTEST, LONGEST = 5, 2000
RULE = "catalogue.demand"


def report_demand(
    department: Organisation,
    item_name: str,
    approval: str,
    asked_on: date,
    facts: str,
    file: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> OffListDemand:
    """Report that a department asked for a service off the list as a condition of an approval.

    Raises Invalid when the list in force holds the service as a condition of an approval, for a
    day to come or facts too short, Conflict while the same report is under way.
    """
    if actor.organisation_id is None or department.function is not OrganisationFunction.DEPARTMENT:
        raise Invalid(_("请选择提出要求的部门"), field="department", rule=RULE)
    lock(accounts.organisation(actor.organisation_id))
    now = max(now, clock.now())
    today = clock.local_day(now)
    place = department.jurisdiction_code
    lineage = accounts.lineage(place)
    name = item_name.strip()
    if not 2 <= len(name) <= 120:
        raise Invalid(_("请填写被要求购买的服务，2 到 120 个字"), field="item_name", rule=RULE)
    item = next((each for each in catalogue.items(today, lineage) if each.name == name), None)
    if item is not None and item.on_list:
        raise Invalid(
            _(
                "“%(name)s”在现行清单内，可以作为办理审批的条件；对收费、时限有意见的请拨打投诉电话",
                name=name,
            ),
            field="item_name",
            rule=RULE,
        )
    if asked_on > today:
        raise Invalid(_("日期不能晚于今天"), field="asked_on", rule=RULE)
    if queries.under_way(actor.organisation_id, department.id, name) is not None:
        raise Conflict(_("您单位对这一要求的反映正在办理，请查看办理进度"), rule=RULE)
    edition = policy.in_force(CataloguePolicy, lineage, today)
    take_by = working_calendar().deadline(now, edition.values.demand_take_days)
    case = OffListDemand(
        jurisdiction_code=place,
        department_id=department.id,
        reporter_id=actor.organisation_id,
        reported_by=actor.user_id,
        reported_at=now,
        item_code=item.code if item is not None else None,
        item_name=name,
        approval=approval.strip()[:120],
        asked_on=asked_on,
        facts=_said(facts, "facts"),
        file_id=file.id if file is not None else None,
        edition_id=edition.id,
        take_by=take_by,
    )
    lifecycle.begin(case, DemandStatus.REPORTED, actor, now)
    _tell(
        case,
        accounts.bureau(place).id,
        "收到清单外索要的反映",
        f"受理期限 {clock.written(take_by)}",
        now,
    )
    return case


def take_case(case: OffListDemand, actor: Actor, now: datetime) -> None:
    """Take a report in: the department is to answer, without learning who reported."""
    lock(case)
    now = max(now, clock.now())
    values = policy.by_id(CataloguePolicy, case.edition_id).values
    case.taken_by = actor.user_id
    case.taken_at = now
    case.answer_by = working_calendar().deadline(now, values.demand_answer_days)
    case.decide_by = working_calendar().deadline(now, values.demand_decide_days)
    lifecycle.move(case, DemandStatus.TAKEN, actor, now, check_at=case.answer_by)
    until = clock.written(case.answer_by)
    _tell(case, case.department_id, "被反映索要清单外服务，请说明", f"说明期限 {until}", now)
    _tell(case, case.reporter_id, "反映已受理", f"认定期限 {clock.written(case.decide_by)}", now)


def decline_case(case: OffListDemand, reason: str, actor: Actor, now: datetime) -> None:
    """Not take a report in, with reasons told to whoever reported."""
    lock(case)
    case.finding = _said(reason, "reason")
    case.taken_by = actor.user_id
    lifecycle.move(case, DemandStatus.NOT_TAKEN, actor, now, reason=case.finding)
    _tell(case, case.reporter_id, "反映不予受理", case.finding, now)


def answer_case(case: OffListDemand, answer: str, actor: Actor, now: datetime) -> None:
    """The department says how it was; once, late too as long as nothing is decided."""
    lock(case)
    now = max(now, clock.now())
    if actor.organisation_id != case.department_id:
        raise Missing(f"off-list demand {case.public_id}")
    if case.answer is not None:
        raise Conflict(_("部门已经作过说明"), rule=RULE)
    case.answer = _said(answer, "answer")
    case.answered_by = actor.user_id
    case.answered_at = now
    lifecycle.move(case, DemandStatus.ANSWERED, actor, now)


def decide_case(
    case: OffListDemand, upheld: bool, finding: str, actor: Actor, now: datetime
) -> None:
    """Find a report true or not, with reasons; by another officer than who took it in.

    One found true comes off the department's year (``CataloguePolicy.demand_points``).
    Raises Refused, Invalid, or Conflict before the department had its say.
    """
    lock(case)
    now = max(now, clock.now())
    if actor.user_id == case.taken_by:
        raise Refused(_("受理这件反映的人不能作出认定，须由另一人办理"), rule="other_hand")
    if case.status not in TO_DECIDE:
        raise Conflict(_("部门尚在说明期限内，期满后再作认定"), rule=RULE)
    case.finding = _said(finding, "finding")
    case.decided_by = actor.user_id
    case.decided_at = now
    to = DemandStatus.UPHELD if upheld else DemandStatus.DISMISSED
    lifecycle.move(case, to, actor, now, department=case.department_id)
    told = "查实" if upheld else "查不属实"
    _tell(case, case.reporter_id, f"反映已认定：{told}", case.finding, now)
    correct = "请立即停止索要，并改正办事指南和窗口告知。" if upheld else ""
    _tell(
        case, case.department_id, f"清单外索要的反映已认定：{told}", f"{case.finding}{correct}", now
    )


def advance_case(case: OffListDemand, actor: Actor, now: datetime) -> None:
    """The department let its time pass: the case goes on without its answer."""
    if case.status is DemandStatus.TAKEN:
        lifecycle.move(case, DemandStatus.SILENT, actor, now)


def _said(text: str, field: str) -> str:
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明事实和理由，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field=field,
            rule=RULE,
        )
    return text


def _tell(case: OffListDemand, organisation_id: int, what: str, body: str, now: datetime) -> None:
    send(
        organisation_id,
        f"{what}：{case.item_name}"[:200],
        body,
        f"/demands/{case.public_id}",
        f"offlist_demand:{case.id}:{case.status}:{organisation_id}",
        now,
    )

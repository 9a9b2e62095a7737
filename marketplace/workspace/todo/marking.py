"""Marks that an organisation still owes the other side of an ended contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.assessors import queries as assessors
from marketplace.evaluations.departments import queries as departments
from marketplace.evaluations.served import matters
from marketplace.foundation.actor import Actor
from marketplace.foundation.languages import joined
from marketplace.intermediaries.hall import queries as hall
from marketplace.selection.judging import plans
from marketplace.selection.judging import queries as judging

from .line import Line


def to_mark(actor: Actor, now: datetime) -> Iterator[Line]:
    """Open windows in which the actor's side has not marked."""
    if not actor.may(Permission.EVALUATE) or actor.organisation_id is None:
        return
    for window in departments.waiting_for(actor.organisation_id, now):
        yield Line(
            what=_("评价中介机构"),
            about=window.contract.need.title,
            page="evaluations.evaluate_department",
            key=window.contract.public_id,
            where="evaluations.department_evaluations",
            since=window.opened_at,
            due=window.ends_at,
        )
    for window in evaluations.waiting_for(actor.organisation_id):
        yield Line(
            what=_("评价合同对方"),
            about=window.contract.need.title,
            page="evaluations.evaluate",
            key=window.contract.public_id,
            where="contracts.index",
            since=window.opened_at,
            due=window.ends_at,
        )


def to_mark_departments(actor: Actor, now: datetime) -> Iterator[Line]:
    """Ended contracts about whose department the firm may say something."""
    if not actor.may(Permission.EVALUATE) or actor.organisation_id is None:
        return
    for window in departments.open_to(actor.organisation_id, now):
        yield Line(
            what=_("评价行业主管部门（自愿）"),
            about=window.contract.need.title,
            page="evaluations.evaluate_department",
            key=window.contract.public_id,
            where="contracts.index",
            since=window.opened_at,
            due=window.ends_at,
        )


def services(actor: Actor, now: datetime) -> Iterator[Line]:
    """What the bureau handled and may be rated: one line without a deadline, nobody is pressed."""
    if not actor.may(Permission.EVALUATE) or actor.organisation_id is None:
        return
    found = matters.to_rate(actor.organisation_id, now)
    if found:
        yield Line(
            what=_("评价管理机构的办理（自愿）"),
            about=joined(dict.fromkeys(str(each.kind.title) for each in found)),
            page="evaluations.services",
            key=None,
            where="evaluations.services",
            since=found[0].decided_at,
        )


def to_assess(actor: Actor, now: datetime) -> Iterator[Line]:
    """Contracts an assessor may mark and has not."""
    if not actor.may(Permission.EVALUATE) or actor.organisation_id is None:
        return
    windows = assessors.open_for(actor.organisation_id, now)
    marked = assessors.marked_by(actor.organisation_id, windows) if windows else set()
    for window in windows:
        if window.id not in marked:
            yield Line(
                what=_("以评价人身份评价机构"),
                about=window.contract.need.title,
                page="evaluations.assess",
                key=window.contract.public_id,
                where="contracts.index",
                since=window.opened_at,
                due=window.ends_at,
            )


def hall_sheets(actor: Actor, now: datetime) -> Iterator[Line]:
    """Applications for windows of the hall that a judge has not marked, or is to explain."""
    if actor.user_id is None:
        return
    for duty in hall.duties_open(actor.user_id, now):
        yield Line(
            what=_("大厅窗口征集评分") if duty.left else _("公开说明大厅征集评分的偏离"),
            about=duty.call.title,
            page="intermediaries.hall_judge",
            key=duty.judge.public_id,
            where="intermediaries.hall_judging",
            since=duty.call.status_since,
            due=duty.due,
        )


def panels_to_judge(actor: Actor, now: datetime) -> Iterator[Line]:
    """Needs somebody was drawn to judge: to answer, to mark, to explain a mark."""
    if actor.user_id is None:
        return
    words = {
        "answer": _("答复是否参加项目评审"),
        "mark": _("项目评审评分"),
        "explain": _("公开说明项目评审的评分偏离"),
    }
    for judge in judging.open_for(actor.user_id):
        running = judge.panel.round
        found = judging.due(judge, len(plans.of_round(running)), now)
        if found is None:
            continue
        yield Line(
            what=words[found[0]],
            about=running.need.title,
            page="selection.judge",
            key=judge.public_id,
            where="selection.judging",
            since=judge.status_since,
            due=found[1],
        )

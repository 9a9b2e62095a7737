"""What waits for the people of an owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.projects import queries as projects
from marketplace.selection import queries as selection
from marketplace.selection.asking import queries as asking
from marketplace.selection.sealing import low

from .line import Line

NEEDS = "projects.index"


def drafts(actor: Actor, now: datetime) -> Iterator[Line]:
    """Needs that were begun and not sent on yet; nobody else can see them."""
    if not actor.may(Permission.NEED_EDIT) or actor.organisation_id is None:
        return
    for need in projects.drafts_of(actor.organisation_id):
        yield Line(
            what=_("完善并提交采购需求草稿"),
            about=need.title,
            page="projects.need",
            key=need.public_id,
            where=NEEDS,
            since=need.created_at,
        )


def needs_to_approve(actor: Actor, now: datetime) -> Iterator[Line]:
    """Needs and corrections whose publication waits for an approver."""
    if not actor.may(Permission.NEED_APPROVE) or actor.organisation_id is None:
        return
    for need in projects.needs_to_approve(actor.organisation_id):
        yield Line(
            what=_("审批采购需求"),
            about=need.title,
            page="projects.need",
            key=need.public_id,
            where=NEEDS,
            since=need.submitted_at or need.created_at,
        )
    for correction in projects.corrections_to_approve(actor.organisation_id):
        need = projects.need_by_id(correction.need_id)
        yield Line(
            what=_("审批更正公告"),
            about=need.title,
            page="projects.need",
            key=need.public_id,
            where=NEEDS,
            since=correction.status_since,
            due=correction.deadline_before,
        )


def choices(actor: Actor, now: datetime) -> Iterator[Line]:
    """Firms to pick from a frozen list, and picks to approve."""
    if actor.organisation_id is None:
        return
    if actor.may(Permission.NEED_EDIT):
        for need in selection.needs_to_pick(actor.organisation_id, now):
            yield Line(
                what=_("选取中选机构"),
                about=need.title,
                page="selection.manage",
                key=need.public_id,
                where=NEEDS,
                since=need.choice_at or need.status_since,
            )
    if actor.may(Permission.NEED_APPROVE):
        for award in selection.picks_to_approve(actor.organisation_id):
            yield Line(
                what=_("审批选取结果"),
                about=award.need.title,
                page="selection.manage",
                key=award.need.public_id,
                where=NEEDS,
                since=award.status_since,
            )
        for asked in low.to_decide(actor.organisation_id):
            yield Line(
                what=_("认定低价说明"),
                about=asked.entry.need.title,
                page="selection.manage",
                key=asked.entry.need.public_id,
                where=NEEDS,
                since=asked.status_since,
            )


def questions(actor: Actor, now: datetime) -> Iterator[Line]:
    """Public questions about open needs; the answer must come before entries close."""
    if not actor.may(Permission.NEED_EDIT) or actor.organisation_id is None:
        return
    for asked in asking.to_answer(actor.organisation_id, now):
        yield Line(
            what=_("答复公开提问"),
            about=asked.need.title,
            page="selection.answer",
            key=asked.public_id,
            where=NEEDS,
            since=asked.asked_at,
            due=asked.need.entry_deadline,
        )


def agents_ending(actor: Actor, now: datetime) -> Iterator[Line]:
    """Agents whose authority ends within a month: to authorise again, or to let go."""
    if not actor.may(Permission.NEED_APPROVE) or actor.organisation_id is None:
        return
    today = clock.local_day(now)
    for each in accounts.authorisations_of(actor.organisation_id):
        if each.holds(today) and each.ends_on <= today + timedelta(days=30):
            yield Line(
                what=_("续期或终止代办授权"),
                about=each.document_number,
                page="accounts.agents",
                key=None,
                where="accounts.agents",
                since=each.granted_at,
                due=moment(each.ends_on + timedelta(days=1), time(0, 0)),
            )

"""What waits for officers of the bureau, of departments and of the superior bureau."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of, oversees
from marketplace.accounts.permissions import Permission
from marketplace.evaluations.assessors import queries as assessors
from marketplace.evaluations.callbacks import queries as calling
from marketplace.evaluations.reviews import queries as reviews
from marketplace.evaluations.reviews.models import ReviewStatus
from marketplace.evaluations.screens import queries as screening
from marketplace.evaluations.screens.models import SCREEN_TITLES
from marketplace.evaluations.served import queries as serving
from marketplace.fees.lists import queries as fee_list_queries
from marketplace.fees.lists.models import ListStatus
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.showing import show_date
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import CheckStatus, FirmStatus
from marketplace.notices import queries as notices
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import ProposalStatus
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.appeals.queries import waiting as appeals_waiting
from marketplace.sanctions.measures.models import MeasureStatus
from marketplace.sanctions.measures.queries import talks_held
from marketplace.sanctions.measures.queries import waiting as measures_waiting
from marketplace.sanctions.models import CardStatus, CaseStatus
from marketplace.sanctions.national import queries as national
from marketplace.sanctions.repairs.access import may_decide
from marketplace.sanctions.repairs.models import RepairStatus
from marketplace.sanctions.repairs.queries import waiting as repairs_waiting
from marketplace.selection import queries as selection
from marketplace.supervision.inspections import queries as inspections
from marketplace.supervision.trials import queries as trials

from .line import Line

APPLICATIONS = "intermediaries.applications"
PROFESSIONAL = "intermediaries.professional"
CASES = "sanctions.desk"
MOST = 100


def applications(actor: Actor, now: datetime) -> Iterator[Line]:
    """Applications to check, to decide, to decide again after an objection."""
    steps = {
        FirmStatus.SUBMITTED: (Permission.ADMISSION_CHECK, _("形式审查入驻申请")),
        FirmStatus.CHECKED: (Permission.ADMISSION_DECIDE, _("审批入驻申请")),
        FirmStatus.QUESTIONED: (Permission.ADMISSION_DECIDE, _("处理入驻异议")),
    }
    if not any(actor.may(permission) for permission, _words in steps.values()):
        return
    for firm in db.session.scalars(
        intermediaries.applications(area_of(actor), waiting_only=True).limit(MOST)
    ):
        permission, words = steps[firm.status]
        if actor.may(permission):
            yield Line(
                what=words,
                about=firm.organisation.name,
                page="intermediaries.review",
                key=firm.public_id,
                where=APPLICATIONS,
                since=firm.status_since,
                due=firm.form_due_at if firm.status is not FirmStatus.QUESTIONED else None,
            )


def professional_checks(actor: Actor, now: datetime) -> Iterator[Line]:
    """A department's checks of firms of its trade; silence counts as no objection."""
    if not actor.may(Permission.ADMISSION_PROFESSIONAL) or actor.organisation_id is None:
        return
    for check in db.session.scalars(
        intermediaries.checks_of_department(actor.organisation_id).limit(MOST)
    ):
        if check.status is CheckStatus.WAITING:
            yield Line(
                what=_("专业核查入驻机构"),
                about=check.firm.organisation.name,
                page=PROFESSIONAL,
                key=None,
                where=PROFESSIONAL,
                since=check.status_since,
                due=check.due_at,
            )


def objections(actor: Actor, now: datetime) -> Iterator[Line]:
    """Objections to public notices that wait for an answer."""
    if not actor.may(Permission.OBJECTION_ANSWER):
        return
    for each in notices.waiting_objections(area_of(actor)):
        yield Line(
            what=_("答复异议"),
            about=each.notice.title,
            page="notices.answer",
            key=each.public_id,
            where="notices.index",
            since=each.filed_at,
            due=each.due_at,
        )


def grade_proposals(actor: Actor, now: datetime) -> Iterator[Line]:
    """Grades A and D to confirm."""
    if not actor.may(Permission.RATING_CONFIRM):
        return
    for each in ratings.proposals(area_of(actor)):
        if each.status is ProposalStatus.PROPOSED:
            yield Line(
                what=_("确认信用等级 %(letter)s 级", letter=each.grade.value),
                about=each.subject.organisation.name,
                page="ratings.proposal",
                key=each.public_id,
                where="ratings.desk",
                since=each.status_since,
            )


def rating_trials(actor: Actor, now: datetime) -> Iterator[Line]:
    """Rating rules to adopt or send back."""
    if not actor.may(Permission.POLICY_APPROVE) or actor.jurisdiction is None:
        return
    for each in trials.proposed(actor.jurisdiction):
        if each.proposed_by != actor.user_id:
            yield Line(
                what=_("审批信用等级评定规则"),
                about=each.title,
                page="supervision.trial",
                key=each.public_id,
                where="supervision.trials",
                since=each.status_since,
            )


def evaluation_reviews(actor: Actor, now: datetime) -> Iterator[Line]:
    """Disputed evaluations to look into, proposals to exclude one."""
    steps = {
        ReviewStatus.OPEN: (Permission.EVALUATION_REVIEW, _("调查被异议的评价")),
        ReviewStatus.PROPOSED: (Permission.EVALUATION_DECIDE, _("决定是否剔除评价")),
    }
    if not any(actor.may(permission) for permission, _words in steps.values()):
        return
    for each in reviews.waiting(area_of(actor)):
        permission, words = steps[each.status]
        if actor.may(permission) and actor.user_id != each.proposed_by:
            yield Line(
                what=words,
                about=each.evaluation.window.contract.need.title,
                page="evaluations.review",
                key=each.public_id,
                where="evaluations.reviews",
                since=each.opened_at,
                due=each.due_at,
            )


def callbacks(actor: Actor, now: datetime) -> Iterator[Line]:
    """Evaluations to be called back."""
    if not actor.may(Permission.EVALUATION_REVIEW):
        return
    for each in calling.waiting(area_of(actor)):
        yield Line(
            what=_("回访评价"),
            about=each.evaluation.window.contract.need.title,
            page="evaluations.callback",
            key=each.public_id,
            where="evaluations.callbacks",
            since=each.opened_at,
            due=each.due_at,
        )


def contract_inspections(actor: Actor, now: datetime) -> Iterator[Line]:
    """Contracts of firms under key supervision to be inspected."""
    if not actor.may(Permission.RATING_INSPECT):
        return
    for each in inspections.waiting(area_of(actor)):
        yield Line(
            what=_("检查重点监管机构的合同"),
            about=f"{each.organisation.public_name} {each.contract.need.title}",
            page="supervision.inspection",
            key=each.public_id,
            where="supervision.inspections",
            since=each.opened_at,
            due=each.due_at,
        )


def service_follow_ups(actor: Actor, now: datetime) -> Iterator[Line]:
    """Bad ratings of the bureau, for officers who had no part in the matter."""
    if not actor.may(Permission.EVALUATION_REVIEW):
        return
    for each in serving.waiting(area_of(actor)):
        if actor.user_id not in (each.rating.handled_by, each.rating.decided_by):
            yield Line(
                what=_("回访不满意的办事评价"),
                about=each.rating.organisation.public_name,
                page="evaluations.service_follow_up",
                key=each.public_id,
                where="evaluations.service_desk",
                since=each.opened_at,
                due=each.due_at,
            )


def appointments(actor: Actor, now: datetime) -> Iterator[Line]:
    """Proposed assessors that another officer has to confirm."""
    if not actor.may(Permission.EVALUATION_DECIDE):
        return
    for each in assessors.proposed(area_of(actor)):
        if each.proposed_by != actor.user_id:
            yield Line(
                what=_("确认评价人聘任"),
                about=each.organisation.public_name,
                page="evaluations.appointment",
                key=each.public_id,
                where="evaluations.appointments",
                since=each.proposed_at,
            )


def flags(actor: Actor, now: datetime) -> Iterator[Line]:
    """Patterns in marks that somebody should look at."""
    if not actor.may(Permission.EVALUATION_REVIEW):
        return
    for each in screening.waiting(area_of(actor)):
        yield Line(
            what=_("核实评价提示"),
            about=f"{each.organisation.public_name} {SCREEN_TITLES[each.screen]}",
            page="evaluations.flag",
            key=each.public_id,
            where="evaluations.flags",
            since=each.raised_at,
        )


def sanction_cases(actor: Actor, now: datetime) -> Iterator[Line]:
    """Cards and cases at the step that is the actor's."""
    codes = area_of(actor)
    cards = (
        (CardStatus.PROPOSED, Permission.SANCTION_DECIDE, _("审批警示牌")),
        (CardStatus.REPORTED, Permission.SANCTION_PROPOSE, _("核查整改情况")),
    )
    for card_status, permission, words in cards:
        if actor.may(permission):
            for card in sanctions.cards_with(card_status, codes):
                yield Line(
                    what=words,
                    about=card.organisation.name,
                    page="sanctions.card",
                    key=card.public_id,
                    where=CASES,
                    since=card.status_since,
                )
    steps = (
        (CaseStatus.HEARD, Permission.SANCTION_PROPOSE, _("提出案件处理意见")),
        (CaseStatus.PROPOSED, Permission.SANCTION_DECIDE, _("决定案件")),
    )
    for status, permission, words in steps:
        if actor.may(permission):
            for case in sanctions.cases_with(status, codes):
                yield Line(
                    what=words,
                    about=case.organisation.name,
                    page="sanctions.case",
                    key=case.public_id,
                    where=CASES,
                    since=case.status_since,
                )

    for repair_status, permission, words in (
        (RepairStatus.FILED, Permission.SANCTION_PROPOSE, _("核实信用修复")),
        (RepairStatus.VERIFIED, Permission.SANCTION_DECIDE, _("决定信用修复")),
    ):
        if actor.may(permission):
            for repair in repairs_waiting(codes, repair_status):
                if permission is Permission.SANCTION_DECIDE and not may_decide(actor, repair):
                    continue
                yield Line(
                    what=words,
                    about=repair.organisation.name,
                    page="sanctions.repair",
                    key=repair.public_id,
                    where=CASES,
                    since=repair.filed_at,
                    due=repair.due_at,
                )


def soft_measures(actor: Actor, now: datetime) -> Iterator[Line]:
    """Answers to check, measures that are overdue, talks to record, criticism to approve."""
    codes = area_of(actor)
    for talk in talks_held(codes, now) if actor.may(Permission.SANCTION_PROPOSE) else ():
        yield Line(
            what=_("登记约谈情况"),
            about=f"{talk.kind.title} {talk.organisation.name}",
            page="sanctions.measure",
            key=talk.public_id,
            where=CASES,
            since=talk.meeting_at or talk.issued_at,
        )
    for status, permission, words in (
        (MeasureStatus.REPLIED, Permission.SANCTION_PROPOSE, _("核查答复")),
        (MeasureStatus.OVERDUE, Permission.SANCTION_PROPOSE, _("处理逾期未答复的措施")),
        (MeasureStatus.PROPOSED, Permission.SANCTION_DECIDE, _("审批通报批评")),
    ):
        if actor.may(permission):
            for each in measures_waiting(codes, status):
                yield Line(
                    what=words,
                    about=f"{each.kind.title} {each.organisation.name}",
                    page="sanctions.measure",
                    key=each.public_id,
                    where=CASES,
                    since=each.status_since,
                )


def appeals(actor: Actor, now: datetime) -> Iterator[Line]:
    """Appeals the superior office has to decide."""
    if not actor.may(Permission.SANCTION_REVIEW):
        return
    for each in appeals_waiting(area_of(actor)):
        yield Line(
            what=_("复核申诉"),
            about=each.organisation.name,
            page="sanctions.appeal",
            key=each.public_id,
            where=CASES,
            since=each.filed_at,
            due=each.due_at,
        )


def national_lists(actor: Actor, now: datetime) -> Iterator[Line]:
    """Uploaded national lists that another officer has to take over."""
    if not actor.may(Permission.SANCTION_DECIDE) or actor.jurisdiction is None:
        return
    for each in national.waiting(actor.jurisdiction):
        if each.uploaded_by != actor.user_id:
            yield Line(
                what=_("确认国家名单"),
                about=each.file.name,
                page="supervision.national_import",
                key=each.public_id,
                where=CASES,
                since=each.uploaded_at,
            )


def lotteries(actor: Actor, now: datetime) -> Iterator[Line]:
    """Lottery issues that frozen lists wait for; two officers enter each."""
    if not actor.may(Permission.LOTTERY_ENTER):
        return
    for awaited in selection.lotteries_due(now, actor.organisation_id):
        issue = (awaited.game, awaited.day, awaited.bureau_id)
        if any(each.user_id == actor.user_id for each in selection.readings(*issue)):
            continue
        first, *_others = selection.rounds_waiting_for(*issue)
        _edition, values = selection.edition_of(first.need, awaited.day)
        closed = first.closed_at or first.status_since
        yield Line(
            what=_("登记开奖号码"),
            about=_(
                "%(title)s %(day)s 开奖", title=values.lottery_title, day=show_date(awaited.day)
            ),
            page="selection.lottery",
            key=None,
            where="selection.lottery",
            since=closed,
            due=selection.draw_latest(values, closed),
        )


def fee_lists(actor: Actor, now: datetime) -> Iterator[Line]:
    """Fee lists of the own place that another officer laid before an approver, and those that
    came back."""
    steps = (
        (ListStatus.SUBMITTED, Permission.POLICY_APPROVE, _("审批收费目录清单")),
        (ListStatus.RETURNED, Permission.POLICY_PROPOSE, _("修改退回的收费目录清单")),
    )
    for status, permission, words in steps:
        if not actor.may(permission) or actor.jurisdiction is None:
            continue
        for each in fee_list_queries.lists_with(status, [actor.jurisdiction]):
            if status is ListStatus.SUBMITTED and actor.user_id in each.hands:
                continue
            yield Line(
                what=words,
                about=each.title,
                page="fees.fee_list",
                key=each.public_id,
                where="fees.lists_desk",
                since=each.status_since,
            )


def annulments(actor: Actor, now: datetime) -> Iterator[Line]:
    """Draws proposed for annulment, for the superior bureau."""
    if not actor.may(Permission.DRAW_ANNUL_APPROVE):
        return
    for each in selection.annulments_to_decide():
        if not oversees(actor, each.round.need.jurisdiction_code):
            continue
        yield Line(
            what=_("决定是否撤销抽取"),
            about=each.round.need.title,
            page="selection.annulment",
            key=each.round.need.public_id,
            where="supervision.home",
            since=each.proposed_at,
        )

"""What waits for those who approve other people's accounts, sign audit samples, hold keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from marketplace.accounts import actions, queries
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.selection.keyholding import queries as keys
from marketplace.supervision import queries as supervision
from marketplace.supervision import sampling
from marketplace.supervision.findings import queries as found
from marketplace.supervision.findings.access import asked_of
from marketplace.supervision.findings.models import AuditFinding, FindingStatus
from marketplace.supervision.models import AuditSample, SampleStatus

from .line import Line

ACCOUNTS = "accounts.officials"


def account_proposals(actor: Actor, now: datetime) -> Iterator[Line]:
    """Accounts, roles and lost second factors that one administrator proposed to the other."""
    if not actor.may(Permission.USER_APPROVE):
        return
    offices = [office.id for office in queries.offices_of(actor.jurisdiction or "")]
    for each in queries.open_invitations(offices):
        if each.needs_approval and each.approved_at is None and each.proposed_by != actor.user_id:
            yield Line(
                what=_("审批账号或角色提议"),
                about=f"{each.name} · {each.role.title}",
                page=ACCOUNTS,
                key=None,
                where=ACCOUNTS,
                since=each.proposed_at,
            )
    for reset, approvable in actions.factor_resets_for(actor):
        if approvable:
            yield Line(
                what=_("审批二次验证重置"),
                about=reset.user.name,
                page="accounts.factor_resets",
                key=None,
                where=ACCOUNTS,
                since=reset.proposed_at,
            )


def samples_to_sign(actor: Actor, now: datetime) -> Iterator[Line]:
    """Audit samples that a colleague concluded."""
    if not actor.may(Permission.AUDIT_WORK) or actor.jurisdiction is None:
        return
    waiting = supervision.samples(queries.below(actor.jurisdiction)).where(
        AuditSample.status == SampleStatus.SUBMITTED
    )
    for sample in db.session.scalars(waiting.limit(100)):
        if actor.user_id not in sampling.workers(sample):
            yield Line(
                what=_("复核签认抽查"),
                about=_("抽查第 %(n)d 号：%(kind)s", n=sample.number, kind=sample.kind.title),
                page="supervision.sample",
                key=sample.public_id,
                where="supervision.samples",
                since=sample.status_since,
            )


def findings(actor: Actor, now: datetime) -> Iterator[Line]:
    """Findings of audits: to answer for the audited bureau, to judge for whoever audits."""
    where = "supervision.findings"
    waiting: list[tuple[Any, AuditFinding]] = []
    if actor.may(Permission.FINDING_ANSWER):
        asked = found.listed(asked_of(actor)).where(AuditFinding.status == FindingStatus.OPEN)
        waiting = [(_("答复审计发现的问题"), each) for each in db.session.scalars(asked.limit(100))]
    if actor.may(Permission.AUDIT_WORK):
        waiting += [(_("审核对问题的答复"), each) for each in found.answered(area_of(actor))]
    for words, each in waiting:
        yield Line(
            what=words,
            about=each.item.title,
            page="supervision.finding",
            key=each.public_id,
            where=where,
            since=each.status_since,
        )


def shares_to_hand_in(actor: Actor, now: datetime) -> Iterator[Line]:
    """Shares of keys to sealed quotes whose hour has come; without two the selection fails."""
    if not actor.may(Permission.KEY_HOLD):
        return
    for share in keys.to_hand_in(actor, now):
        need = share.round.need
        yield Line(
            what=_("交出密钥份额"),
            about=need.title,
            page="selection.key_share",
            key=share.public_id,
            where="selection.key_holding",
            since=need.choice_at or share.status_since,
            due=keys.hand_in_by(need, share.round),
        )

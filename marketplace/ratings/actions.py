"""What a person, a higher package or the clock does with ratings.

Contracts, evaluations and sanctions post facts here; a grade follows by the rules alone. Every
entry takes effect the next day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import gettext as _

from marketplace.foundation import clock
from marketplace.foundation import db as database
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid

from . import queries, replaying, settling
from .deciding import advance_proposal, confirm_grade, reject_grade, reject_open
from .models import (
    Capacity,
    EntryKind,
    GradeProposal,
    Inspection,
    RatingEntry,
    RatingSubject,
)
from .posting import append, locked_subject
from .replaying import Difference
from .rules.entries import (
    ConductKind,
    Grade,
    RaterSide,
    VetoKind,
)
from .rules.weights import add_months

OWNER_CONDUCT = frozenset(
    {
        ConductKind.WITHDRAWN_AFTER_AWARD,
        ConductKind.LATE_ACCEPTANCE,
        ConductKind.LATE_PAYMENT,
    }
)
LATE = frozenset(
    {ConductKind.OVERDUE_DELIVERY, ConductKind.LATE_ACCEPTANCE, ConductKind.LATE_PAYMENT}
)


# facts


def post_marks(
    organisation_id: int,
    jurisdiction_code: str,
    side: RaterSide | str,
    rater_organisation_id: int,
    contract_id: int,
    marks: Mapping[str, int],
    evidence: Any,
    actor: Actor,
    now: datetime,
) -> RatingEntry:
    """Post the marks (1–5 by part) of one evaluation on an organisation.

    `side` says who marked: an owner or a department a firm, or a firm an owner. The value is
    20 × the mean, and the rater's breadth is counted and frozen here (rules, section 10).
    Raises Invalid for marks outside 1–5.
    """
    side = RaterSide(side)
    if not marks or any(mark not in range(1, 6) for mark in marks.values()):
        raise Invalid(_("每项评分须为 1 到 5 分"), field="marks", rule="rating.marks")
    capacity = Capacity.OWNER if side is RaterSide.FIRM else Capacity.INTERMEDIARY
    subject = locked_subject(organisation_id, jurisdiction_code, capacity)
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    value = policy.mark_scale * sum(marks.values()) / len(marks) * 100
    since = add_months(clock.local_day(now), -policy.breadth_months)
    return append(
        subject,
        EntryKind.MARK,
        evidence,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        side=side,
        rater_organisation_id=rater_organisation_id,
        contract_id=contract_id,
        parts=dict(marks),
        hundredths=int(value.quantize(Decimal(1), ROUND_HALF_UP)),
        breadth=queries.breadth_of(rater_organisation_id, side, since, subject.id),
    )


def post_conduct(
    organisation_id: int,
    jurisdiction_code: str,
    kind: ConductKind | str,
    evidence: Any,
    actor: Actor,
    now: datetime,
    points: Decimal | None = None,
    *,
    contract_id: int | None = None,
    working_days: int = 1,
    yearly_deliveries: int = 0,
    ends_on: date | None = None,
) -> RatingEntry:
    """Post a fact of conduct; the policy says what it is worth.

    `points` only for a commendation. For what is late: `contract_id`, the `working_days` it is late
    and, for a delivery, the contracts the firm delivered in the policy's months.
    """
    kind = ConductKind(kind)
    capacity = Capacity.OWNER if kind in OWNER_CONDUCT else Capacity.INTERMEDIARY
    subject = locked_subject(organisation_id, jurisdiction_code, capacity)
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    praise = kind is ConductKind.COMMENDATION
    if praise and points is not None:
        least, most = policy.commendation_least_points, policy.commendation_most_points
        if not least <= points <= most:
            raise Invalid(
                _("表扬加分须在 %(least)s 到 %(most)s 分之间", least=least, most=most),
                field="points",
                rule="rating.commendation",
            )
    begins = clock.local_day(now) + timedelta(days=policy.effect_after_days)
    return append(
        subject,
        EntryKind.CONDUCT,
        evidence,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        conduct=kind,
        ends_on=ends_on or add_months(begins, policy.conduct_months),
        points=points if praise else None,
        contract_id=contract_id,
        working_days=working_days if kind in LATE else None,
        yearly_deliveries=yearly_deliveries if kind is ConductKind.OVERDUE_DELIVERY else None,
    )


def post_inspection(
    organisation_id: int,
    jurisdiction_code: str,
    inspected_on: date,
    document: str,
    result: Decimal,
    findings: str,
    actor: Actor,
    now: datetime,
) -> Inspection:
    """Record the result (0–100, at most two decimals) of an official inspection and post it."""
    if not 0 <= result <= 100 or result * 100 % 1:
        raise Invalid(
            _("检查得分须为 0 到 100，最多两位小数"), field="result", rule="rating.inspection"
        )
    if inspected_on > clock.local_day(now):
        raise Invalid(_("检查日期不能晚于今天"), field="inspected_on", rule="rating.inspection")
    subject = locked_subject(organisation_id, jurisdiction_code, Capacity.INTERMEDIARY)
    if queries.inspection_of(organisation_id, subject.register, document) is not None:
        raise Invalid(
            _("该机构已有同一文书号的检查结果"), field="document", rule="rating.inspection"
        )
    inspection = Inspection(
        organisation_id=organisation_id,
        register=subject.register,
        inspected_on=inspected_on,
        document=document,
        hundredths=int(result * 100),
        findings=findings,
        recorded_by=actor.user_id,
        recorded_at=now,
    )
    db.session.add(inspection)
    db.session.flush()
    append(
        subject,
        EntryKind.INSPECTION,
        inspection,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        hundredths=inspection.hundredths,
    )
    return inspection


def post_veto(
    organisation_id: int,
    jurisdiction_code: str,
    kind: VetoKind | str,
    evidence: Any,
    actor: Actor,
    now: datetime,
    ends_on: date | None = None,
) -> RatingEntry:
    """Post a fact for which D is proposed whatever the score."""
    subject = locked_subject(organisation_id, jurisdiction_code, Capacity.INTERMEDIARY)
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    begins = clock.local_day(now) + timedelta(days=policy.effect_after_days)
    return append(
        subject,
        EntryKind.VETO,
        evidence,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        veto=VetoKind(kind),
        ends_on=ends_on or add_months(begins, policy.conduct_months),
    )


def reverse_entry(
    entry_id: int,
    evidence: Any,
    actor: Actor,
    now: datetime,
    takes_effect_on: date | None = None,
) -> RatingEntry:
    """Take an entry out of the reckoning, by default from tomorrow on.

    A mistake is reversed from the day it took effect (`takes_effect_on`); what was known before
    stays as it was. What was reversed from some day on, as a repaired sanction is, may be reversed
    again from an earlier day only: else raises Conflict.
    """
    row = db.session.get_one(RatingEntry, entry_id)
    subject = database.lock(row.subject)
    reversed_from = [
        other.takes_effect_on for other in queries.rows_of(subject) if other.reverses_id == entry_id
    ]
    if reversed_from and (takes_effect_on is None or takes_effect_on >= min(reversed_from)):
        raise Conflict(_("该条信用记录已被冲正"), rule="rating.reversed")
    return append(
        subject,
        EntryKind.REVERSAL,
        evidence,
        actor,
        now,
        jurisdiction_code=row.jurisdiction_code,
        takes_effect_on=takes_effect_on,
        reverses_id=entry_id,
    )


# decisions: what follows a proposal is in ``deciding``


def propose_grade(
    organisation_id: int,
    register: str,
    grade: Grade | str,
    reason: str,
    evidence: Any,
    actor: Actor,
    now: datetime,
    veto: VetoKind | str = VetoKind.THIRD_CARD,
    ends_on: date | None = None,
) -> GradeProposal:
    """Propose a D by decision of another procedure, whatever the score: a veto, a third card.

    The fact stands until the day before ``ends_on``, by default for the edition's time. An A is
    proposed by the system from the score alone and cannot be asked for. Where a proposal of D is
    already open, the fact is posted and that proposal is returned.
    """
    if Grade(grade) is not Grade.D:
        raise Invalid(_("只能依据事实提出 D 级"), field="grade", rule="rating.propose")
    fact = post_veto(organisation_id, register, veto, evidence, actor, now, ends_on)
    subject = fact.subject
    open_now = queries.open_proposal(subject)
    if open_now is not None:
        if open_now.grade is Grade.D:
            return open_now
        reject_open(subject, open_now, "已另行提出 D 级", actor, now)
    return settling.open_proposal(
        subject, Grade.D, reason, fact.takes_effect_on, [fact.id], evidence, actor, now
    )


# the clock, and checks


def settle(subject: RatingSubject, actor: Actor, now: datetime) -> None:
    """Evaluate what is due for a subject and store it."""
    settling.settle_subject(database.lock(subject), actor, now)


def replay(organisation_id: int | None = None, processes: int = 1) -> Iterator[Difference]:
    """Every difference between what is stored and what the ledger says; none when all is well.

    So many `processes` share the work where everybody is replayed.
    """
    yield from replaying.differences(organisation_id, processes)
    if organisation_id is None:
        yield from replaying.missing_entries()


__all__ = [
    "Difference",
    "advance_proposal",
    "confirm_grade",
    "post_conduct",
    "post_inspection",
    "post_marks",
    "post_veto",
    "propose_grade",
    "reject_grade",
    "replay",
    "reverse_entry",
    "settle",
]

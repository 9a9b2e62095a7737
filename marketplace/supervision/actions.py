"""Decisions that touch several packages at once."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import Select, String, cast, exists, select

from marketplace.accounts.queries import below
from marketplace.contracts.actions import flag_for_decision
from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.languages import stored
from marketplace.intermediaries.likeness.actions import (
    follow_national_list,
    look_at_those_like,
)
from marketplace.ratings.models import Capacity, GradeProposal, ProposalStatus, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions.actions.cases import decide_case
from marketplace.sanctions.locking import locked
from marketplace.sanctions.models import Blacklisting, Case
from marketplace.sanctions.national import actions as national
from marketplace.sanctions.national.following import end_what_rested_on_it, open_veto
from marketplace.sanctions.national.models import NationalImport
from marketplace.selection.actions import hold_needs, withdraw_all_entries


def blacklist_and_withdraw(case: Case, reason: str, actor: Actor, now: datetime) -> Blacklisting:
    """Decide a case and carry out what follows, all or nothing.

    The firm is off every list from this instant (lists ask ``barred_organisation_ids``) until
    the blacklisting ends by the clock. Its live entries are withdrawn and its running contracts
    put before their owners, as far as the blacklisting reaches: here and below, and where it is
    limited to some items only for those. Decided after whatever was under way at its needs: what a
    firm entered or accepted before the bar is not told as done beside it. (RULES section 11)
    """
    now = locked(now, case)
    items = [item.item_code for item in case.items]
    hold_needs([case.organisation_id], below(case.jurisdiction_code), items)
    row = decide_case(case, reason, actor, now)
    carry_out(row, actor, row.from_at)
    look_at_those_like(row.organisation_id, actor, row.from_at)
    return row


def carry_out(row: Blacklisting, actor: Actor, now: datetime) -> None:
    """What a blacklisting does the instant it is in force: entries out, contracts to the owners."""
    why = f"列入黑名单：{stored(row.cause.title)}"
    codes = below(row.jurisdiction_code)
    items = [] if row.all_items else [item.item_code for item in row.case.items]
    entries = withdraw_all_entries(row.organisation_id, why, actor, now, codes, items)
    flag_for_decision(row.organisation_id, why, actor, now, codes, items)
    audit.record("blacklistings.carried_out", actor, row, now, entries=entries)


def strike_off(proposal: GradeProposal, actor: Actor, now: datetime) -> bool:
    """Carry out a D that came into force, once: entries out, contracts to the owners.

    Off the lists it is by the grade alone, as at every gate. False where that was done before, or
    the firm's grade is another again. (RULES section 10)
    """
    subject = proposal.subject
    codes = below(subject.register)
    hold_needs([subject.organisation_id], codes)
    now = locked(now, subject)
    if proposal.id not in db.session.scalars(not_struck_off(proposal.id)).all():
        return False
    why = "信用等级 D 级生效"
    entries = withdraw_all_entries(subject.organisation_id, why, actor, now, codes)
    flag_for_decision(subject.organisation_id, why, actor, now, codes)
    audit.record("grade_proposals.carried_out", actor, proposal, now, entries=entries)
    return True


@cache
def not_struck_off(proposal_id: int | None = None) -> Select[int]:
    """The proposals of D in force whose consequences were not carried out yet."""
    carried_out = exists().where(
        AuditRow.subject_type == GradeProposal.__tablename__,
        AuditRow.subject_id == cast(GradeProposal.id, String),
        AuditRow.action == "grade_proposals.carried_out",
    )
    query = (
        select(GradeProposal.id)
        .join(RatingSubject, RatingSubject.id == GradeProposal.subject_id)
        .where(
            GradeProposal.status == ProposalStatus.IN_FORCE,
            GradeProposal.grade == Grade.D,
            RatingSubject.grade == Grade.D,
            RatingSubject.capacity == Capacity.INTERMEDIARY,
            ~carried_out,
        )
        .order_by(GradeProposal.id)
    )
    return query if proposal_id is None else query.where(GradeProposal.id == proposal_id)


def take_national_list_over(found: NationalImport, actor: Actor, now: datetime) -> None:
    """Take the national list over and carry out what follows, all or nothing.

    Whom it bars is off every list from this instant: entries are withdrawn, running contracts put
    before their owners, and a case is opened in which the firm is heard and D proposed. What was
    decided here for a listing that is over ends with it. (RULES sections 10, 11)
    """
    taken = national.take_over(found, actor, now)
    why = "列入国家严重失信主体名单"
    codes = below(found.jurisdiction_code)
    if taken.barred:
        hold_needs([organisation.id for organisation in taken.barred], codes)
    for organisation in taken.barred:
        entries = withdraw_all_entries(organisation.id, why, actor, now, codes, held=True)
        flag_for_decision(organisation.id, why, actor, now, codes)
        audit.record("national_list.carried_out", actor, organisation, now, entries=entries)
        open_veto(found, organisation, actor, now)
    follow_national_list(actor, now)
    for organisation in taken.freed:
        end_what_rested_on_it(found, organisation, actor, now)

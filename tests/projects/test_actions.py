"""Drafting, publishing, correcting and withdrawing a need, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import OrganisationKind
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.projects import actions, correcting, drafting, queries
from marketplace.projects.models import (
    CorrectionStatus,
    InvestmentKind,
    Need,
    NeedStatus,
    Project,
    SelectionMethod,
)
from tests.factories import accounts, fees
from tests.factories import projects as factory

Advance = Callable[[timedelta], None]
AGENCY = OrganisationKind.AGENCY


def _agency_need(**changes: object) -> tuple[accounts.Party, Need]:
    owner = accounts.owner(kind=AGENCY)
    return owner, factory.submitted(owner, investment=InvestmentKind.GOVERNMENT, **changes)


def test_a_published_need_has_its_deadline_edition_and_history(app: Flask) -> None:
    with app.app_context(), transaction():
        need = factory.published()
        assert need.status is NeedStatus.PUBLISHED
        # 2 March 2026 is a Monday; 40 000 yuan stay open one working day, until Tuesday 17:00
        assert need.entry_deadline == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
        assert need.choice_at == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
        assert need.next_check_at == need.entry_deadline
        edition = queries.policy_of(need, clock.today())
        assert (need.selection_edition_id, edition.section) == (edition.id, "selection")
        assert queries.need(need.public_id) is need
        assert db.session.scalars(queries.open_needs(clock.now())).all() == [need]
        assert db.session.scalars(queries.open_needs(need.entry_deadline)).all() == []
        db.session.commit()
        events = db.session.scalars(
            select(AuditRow.action).where(AuditRow.subject_type == "needs").order_by(AuditRow.seq)
        ).all()
        assert events == ["needs.draft", "needs.submitted", "needs.published"]


def test_a_longer_entry_period_is_kept_and_a_shorter_one_refused(app: Flask) -> None:
    with app.app_context(), transaction():
        need = factory.published(budget=Decimal(60_000), entry_working_days=4)
        assert need.entry_deadline == datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
        with pytest.raises(Invalid) as refused:
            factory.draft(budget=Decimal(60_000), entry_working_days=1)
        assert (refused.value.field, refused.value.rule) == ("entry_working_days", "entry_period")


def test_one_person_cannot_both_propose_and_publish_government_money(app: Flask) -> None:
    with app.app_context(), transaction():
        owner, need = _agency_need()
        assert need.two_person
        with pytest.raises(Refused):
            actions.publish(need, owner.actor, clock.now())
        actions.publish(need, owner.approving_actor, clock.now())
        assert need.approver_id == owner.approver.id
        need.approver_id = need.proposer_id
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_a_company_publishes_its_draft_alone(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = factory.draft(owner)
        actions.publish(need, owner.actor, clock.now())
        assert need.proposer_id == need.approver_id == owner.user.id


def test_the_gate_stops_what_must_be_procured_elsewhere(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=AGENCY)
        project = factory.project(owner)
        for changes, item, rule in (
            ({"budget": Decimal(1_000_000)}, "stbc", "gate.procurement"),
            ({"budget": Decimal(1_000_000)}, "jsjl", "gate.tender"),
        ):
            content = factory.content(investment=InvestmentKind.GOVERNMENT, **changes)
            with pytest.raises(Invalid) as refused:
                drafting.draft_need(project, item, content, (), owner.actor, clock.now())
            assert (refused.value.field, refused.value.rule) == ("budget", rule)
            db.session.expire_all()
        below = factory.content(investment=InvestmentKind.GOVERNMENT, budget=Decimal("999999.99"))
        assert drafting.draft_need(project, "stbc", below, (), owner.actor, clock.now()).id


def test_a_direct_pick_with_government_money_stays_below_the_limit(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=AGENCY)
        changes = {"investment": InvestmentKind.GOVERNMENT, "method": SelectionMethod.DIRECT_PICK}
        assert factory.draft(owner, budget=Decimal("99999.99"), **changes).draw_source is None
        with pytest.raises(Invalid) as refused:
            factory.draft(owner, budget=Decimal(100_000), **changes)
        assert (refused.value.field, refused.value.rule) == ("method", "direct_pick_limit")


def test_an_agency_cannot_call_its_money_private(app: Flask) -> None:
    with app.app_context(), transaction(), pytest.raises(Invalid) as refused:
        factory.draft(accounts.owner(kind=AGENCY), investment=InvestmentKind.ENTERPRISE)
    assert refused.value.field == "investment"


def test_a_binding_standard_stops_the_budget(app: Flask) -> None:
    with app.app_context(), transaction():
        inputs = fees.SUPERVISION_INPUTS
        need = factory.draft(item_code="jsjl", budget=Decimal(361_200), fee_inputs=inputs)
        assert queries.price_check(need) is not None
        with pytest.raises(Invalid) as refused:
            factory.draft(item_code="jsjl", budget=Decimal("361200.02"), fee_inputs=inputs)
        assert refused.value.field == "budget"


def test_more_days_than_the_law_gives_are_refused(app: Flask) -> None:
    with app.app_context(), transaction():
        assert factory.draft(days_wanted=20).days_wanted == 20
        with pytest.raises(Invalid) as refused:
            factory.draft(days_wanted=21)
        assert refused.value.field == "days_wanted"


def test_a_project_code_is_checked_and_used_once_per_owner(app: Flask) -> None:
    code = "2026-379902-77-01-000001"
    with app.app_context(), transaction():
        owner = accounts.owner()
        assert factory.project(owner, code=code).code == code
        assert factory.project(accounts.owner(), code=code).code == code
        for wrong in (code, "2026-379902-77-09-000001", "没有"):
            with pytest.raises(Invalid) as refused:
                factory.project(owner, code=wrong)
            assert refused.value.field == "project_code"
        assert db.session.scalar(select(func.count(Project.id))) == 2


def test_a_returned_need_can_be_mended_and_sent_again(app: Flask) -> None:
    with app.app_context(), transaction():
        owner, need = _agency_need()
        drafting.return_need(need, "请写明成果要求", owner.approving_actor, clock.now())
        assert (need.status, need.return_reason) == (NeedStatus.DRAFT, "请写明成果要求")
        mended = factory.content(
            investment=InvestmentKind.GOVERNMENT, title="水土保持方案（报批稿）"
        )
        drafting.edit_need(need, mended, (), owner.actor, clock.now())
        drafting.submit_need(need, owner.actor, clock.now())
        assert (need.title, need.return_reason) == ("水土保持方案（报批稿）", None)
        with pytest.raises(Conflict):
            drafting.edit_need(need, mended, (), owner.actor, clock.now())


def test_recusals_need_reasons_and_name_a_firm_once(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        need = factory.draft(recusals=((firm.id, "与本项目有诉讼"),))
        found = queries.recusal(need.id, firm.id)
        assert found is not None
        assert found.reason == "与本项目有诉讼"
        for wrong in (((firm.id, " "),), ((firm.id, "甲"), (firm.id, "乙"))):
            with pytest.raises(Invalid):
                factory.draft(recusals=wrong)


def test_a_correction_stands_beside_the_original_and_restarts_the_clock(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner, need = _agency_need()
        actions.publish(need, owner.approving_actor, clock.now())
        key, before = need.id, need.entry_deadline
    advance(timedelta(hours=6))
    with app.app_context(), transaction():
        need = db.session.get_one(Need, key)
        editor = owner_actor(need, "proposer")
        correction = correcting.Correction(
            scope=need.scope, place=need.place, budget=Decimal(60_000), days_wanted=10
        )
        row = correcting.propose_correction(need, correction, "预算测算有误", editor, clock.now())
        assert [one["field"] for one in row.changes] == ["budget"]
        with pytest.raises(Conflict):
            correcting.propose_correction(need, correction, "再次更正", editor, clock.now())
        with pytest.raises(Refused):
            correcting.publish_correction(row, editor, clock.now())
        db.session.refresh(need)
        assert need.budget == 40_000
        correcting.publish_correction(row, owner_actor(need, "approver"), clock.now())
        assert row.status is CorrectionStatus.PUBLISHED
        assert (row.changes[0]["before"], row.changes[0]["after"]) == ("40,000.00", "60,000.00")
        assert row.deadline_before == before
        # 60 000 yuan stay open two working days from Monday: Wednesday 17:00
        assert need.entry_deadline == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
        assert row.deadline_after == need.next_check_at == need.entry_deadline
        assert queries.corrections(need.id) == [row]


def owner_actor(need: Need, who: str) -> accounts.Party:
    """The proposer or approver of a published need, acting."""
    from marketplace.accounts import queries as people
    from marketplace.accounts.models import User

    person = db.session.get_one(User, need.proposer_id if who == "proposer" else need.approver_id)
    return people.actor_for(person, need.owner)


def test_nothing_is_corrected_or_withdrawn_once_entries_are_closed(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = factory.published(owner)
        clock.advance(timedelta(days=1, hours=8))
        assert clock.now() >= need.entry_deadline
        changed = correcting.Correction("重新编制水土保持方案报告书", "他处", Decimal(1), 1)
        for act in (
            lambda: correcting.propose_correction(need, changed, "更正", owner.actor, clock.now()),
            lambda: actions.withdraw_need(need, "不做了", owner.actor, clock.now()),
            lambda: actions.request_withdrawal(need, "不做了", owner.actor, clock.now()),
        ):
            with pytest.raises(Conflict) as refused:
                act()
            assert refused.value.rule == "need.closed"


def test_a_withdrawal_of_government_money_takes_two_people(app: Flask) -> None:
    with app.app_context(), transaction():
        owner, need = _agency_need()
        actions.publish(need, owner.approving_actor, clock.now())
        with pytest.raises(Conflict):
            actions.withdraw_need(need, "资金取消", owner.approving_actor, clock.now())
        actions.request_withdrawal(need, "资金取消", owner.actor, clock.now())
        with pytest.raises(Refused):
            actions.withdraw_need(need, "资金取消", owner.actor, clock.now())
        actions.withdraw_need(need, "资金取消", owner.approving_actor, clock.now())
        assert (need.status, need.outcome_reason) == (NeedStatus.WITHDRAWN, "资金取消")
        assert need.next_check_at is None


def test_entries_are_extended_once_from_the_deadline(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = factory.published(owner)
        assert actions.extend_entry(need, owner.actor, clock.now())
        assert need.entry_deadline == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
        assert need.choice_at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
        assert need.next_check_at == need.entry_deadline
        assert not actions.extend_entry(need, owner.actor, clock.now())


def test_a_failed_need_is_told_to_its_owner_once(app: Flask) -> None:
    from marketplace.notifications.models import Message

    with app.app_context(), transaction():
        owner = accounts.owner()
        need = factory.published(owner)
        actions.fail_need(need, "报名截止时无机构报名", owner.actor, clock.now())
        assert (need.status, need.outcome_reason) == (NeedStatus.FAILED, "报名截止时无机构报名")
        told = db.session.scalars(
            select(Message).where(Message.organisation_id == owner.organisation.id)
        ).all()
        assert [message.link for message in told] == [f"/owner/needs/{need.public_id}"]
        with pytest.raises(Conflict):
            actions.fail_need(need, "再次", owner.actor, clock.now())


def test_numbers_have_neither_twins_nor_holes_under_concurrency(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        project_id = factory.project(owner).id
        actor = owner.actor
    failures: list[BaseException] = []

    def write_one() -> None:
        try:
            with app.app_context(), transaction():
                project = db.session.get_one(Project, project_id)
                drafting.draft_need(project, "stbc", factory.content(), (), actor, clock.now())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write_one) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.app_context():
        numbers = sorted(db.session.scalars(select(Need.number)))
    assert numbers == [f"XQ-379900-2026-{serial:05d}" for serial in range(1, 7)]

"""While an annulment of a draw waits for its decision nobody is bound by the draw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.accounts.queries import below
from marketplace.contracts import actions as contracts
from marketplace.contracts import ending
from marketplace.contracts import queries as drafts
from marketplace.contracts.models import ContractStatus, Side
from marketplace.contracts.writing import number_for
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.projects.models import NeedStatus
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.selection import actions, queries
from marketplace.selection.models import AwardStatus
from tests.factories import accounts
from tests.factories.contracts import terms

from .test_awards import actor_of, award_again, need_again, offered

Advance = Callable[[timedelta], None]
REASON = "经核查，名单摘要公布时系统时间与标准时间相差超过允许范围"


def propose() -> None:
    need = need_again()
    actions.propose_annulment(need, REASON, accounts.officer(Role.BUREAU_OPERATOR).actor)


def decide(decision: Callable[[Any, Actor], Any]) -> None:
    proposed = queries.annulment_of(queries.live_round(need_again()))
    assert proposed is not None
    decision(proposed, accounts.officer(Role.SUPERVISOR).actor)


def abandoned() -> int:
    statement = select(func.count(RatingEntry.id)).where(RatingEntry.kind == EntryKind.CONDUCT)
    return db.session.scalar(statement) or 0


def refused(deed: Callable[[], Any]) -> None:
    with pytest.raises(Conflict) as told, transaction():
        deed()
    assert told.value.rule == "award.annulment"
    assert "等待上级管理机构决定" in str(told.value)


def test_a_winner_neither_accepts_nor_declines_nor_loses_while_the_draw_may_fall(
    app: Flask, advance: Advance, sign_in_as: Callable[..., Any]
) -> None:
    offered(app, advance)
    with app.app_context():
        with transaction():
            propose()
        award = award_again()
        winner, asked = actor_of(award.organisation_id), award.accept_by
        db.session.commit()
        refused(lambda: actions.accept_award(award_again(), winner))
        refused(lambda: actions.decline_award(award_again(), "人员另有安排", winner))
        assert queries.awards_to_accept(award_again().organisation_id) == []
        told = select(Message.subject).where(Message.organisation_id == winner.organisation_id)
        assert any("暂缓办理" in subject for subject in db.session.scalars(told))
        page = f"/entries/{award_again().entry.public_id}"
        person = db.session.get_one(User, winner.user_id)
    seen = sign_in_as(person).get(page).text
    assert "撤销建议等待上级管理机构决定" in seen
    assert "/accept" not in seen
    assert "/decline" not in seen
    advance(timedelta(days=6))
    with app.app_context():
        assert award_again().status is AwardStatus.OFFERED, "its silence is no conduct of its own"
        assert abandoned() == 0
        db.session.rollback()
        with transaction():
            decide(actions.refuse_annulment)
        again = award_again().accept_by
        assert again is not None
        assert asked is not None
        assert again > clock.now() > asked, "the whole time runs anew from the decision"
        with transaction():
            actions.accept_award(award_again(), winner)
        assert award_again().status is AwardStatus.ACCEPTED


def test_a_draw_that_stands_after_all_still_has_its_deadline(app: Flask, advance: Advance) -> None:
    offered(app, advance)
    with app.app_context():
        with transaction():
            propose()
        with transaction():
            decide(actions.refuse_annulment)
    advance(timedelta(days=10))
    with app.app_context():
        lapsed = [award.status for award in queries.awards_of(need_again())]
        assert lapsed[0] is AwardStatus.LAPSED


def test_a_reserve_waits_like_the_winner_it_replaces(
    app: Flask, advance: Advance, client: Any, sign_in_as: Callable[..., Any]
) -> None:
    offered(app, advance)
    with app.app_context():
        with transaction():
            propose()
        with transaction():
            barred = award_again().organisation_id
            actions.withdraw_all_entries(
                barred, "列入黑名单", CLOCK, clock.now(), below(accounts.CITY)
            )
        assert award_again().place == 2
        assert award_again().status is AwardStatus.ANNOUNCED, "named, and asked nothing yet"
        need, editor = need_again().public_id, need_again().proposer_id
        owner = db.session.get_one(User, editor)
    page = f"/owner/needs/{need}/selection"
    assert "撤销建议等待上级管理机构决定" in sign_in_as(owner).get(page).text
    assert client.get(f"/results/{need}").status_code == 200
    advance(timedelta(days=3))
    with app.app_context():
        assert award_again().status is AwardStatus.ANNOUNCED
        db.session.rollback()
        with transaction():
            decide(actions.refuse_annulment)
    advance(timedelta(minutes=20))
    with app.app_context():
        assert award_again().status is AwardStatus.OFFERED


def accepted_with_draft(app: Flask, advance: Advance) -> tuple[Actor, Actor]:
    """An accepted award with a draft the firm has confirmed; returns firm and owner's approver."""
    offered(app, advance)
    with app.app_context():
        with transaction():
            award = award_again()
            firm = actor_of(award.organisation_id)
            owner = accounts.user(award.need.owner, Role.OWNER_APPROVER)
            approver = accounts.queries.actor_for(owner, award.need.owner)
            actions.accept_award(award, firm)
        with transaction():
            contracts.draft_contract(need_again(), terms(), Side.FIRM, firm, clock.now())
        return firm, approver


def test_no_contract_is_signed_on_a_draw_that_may_fall(
    app: Flask, advance: Advance, sign_in_as: Callable[..., Any]
) -> None:
    firm, approver = accepted_with_draft(app, advance)
    with app.app_context():
        with transaction():
            propose()
        found = drafts.of_need(need_again().id)
        assert found is not None
        contract = found
        person, page = db.session.get_one(User, approver.user_id), f"/contracts/{found.public_id}"
        db.session.rollback()
        page = sign_in_as(person).get(page).text
        assert "撤销建议等待上级管理机构决定" in page
        assert "/confirm" not in page

        def again() -> Any:
            return drafts.of_need(need_again().id)

        refused(lambda: contracts.confirm_contract(again(), Side.OWNER, approver, clock.now()))
        refused(lambda: contracts.redraft_contract(again(), terms(9), Side.FIRM, firm, clock.now()))
        with transaction():
            ending.propose_termination(again(), "双方另有安排", Side.FIRM, firm, clock.now())
        refused(lambda: ending.answer_termination(again(), True, Side.OWNER, approver, clock.now()))
        with transaction():
            ending.answer_termination(again(), False, Side.OWNER, approver, clock.now())
    advance(timedelta(days=10))
    with app.app_context():
        contract = drafts.of_need(need_again().id)  # type: ignore[assignment]
        assert contract.confirm_overdue_at is None, "nobody may confirm, so nobody is late"
        db.session.rollback()
        with transaction():
            decide(actions.refuse_annulment)
        with transaction():
            contracts.confirm_contract(
                drafts.of_need(need_again().id),  # type: ignore[arg-type]
                Side.OWNER,
                approver,
                clock.now(),
            )
        assert need_again().status is NeedStatus.CONTRACTED


def test_a_draft_has_its_whole_time_again_when_the_draw_stands(
    app: Flask, advance: Advance
) -> None:
    firm, approver = accepted_with_draft(app, advance)
    with app.app_context():
        drafted = drafts.of_need(need_again().id)
        assert drafted is not None
        asked = drafted.confirm_by
        assert asked is not None
        db.session.rollback()
        with transaction():
            propose()
    advance(timedelta(days=3))
    with app.app_context():
        with transaction():
            decide(actions.refuse_annulment)
        decided = clock.now()
    advance(timedelta(minutes=2))
    with app.app_context():
        renewed = drafts.of_need(need_again().id)
        assert renewed is not None
        until = drafts.confirm_by(renewed, decided)
        assert renewed.confirm_by == until > asked
        assert renewed.next_check_at == until
        for told in (firm, approver):
            about = select(Message.subject).where(Message.organisation_id == told.organisation_id)
            subjects = [each for each in db.session.scalars(about) if "合同确认期限" in each]
            assert len(subjects) == 1
        assert drafts.drafts_that_waited() == []
    advance(until - decided)
    with app.app_context():
        late = drafts.of_need(need_again().id)
        assert late is not None
        assert late.confirm_overdue_at is not None, "and after that it is late like any other"
        assert late.confirm_by == until


def test_a_draft_ends_with_the_draw_it_rests_on_and_the_need_goes_on(
    app: Flask, advance: Advance
) -> None:
    _firm, approver = accepted_with_draft(app, advance)
    with app.app_context():
        with transaction():
            propose()
        with transaction():
            decide(actions.approve_annulment)
        found = drafts.of_need(need_again().id)
        assert found is not None
        with pytest.raises(Conflict) as told:
            contracts.confirm_contract(found, Side.OWNER, approver, clock.now())
        db.session.rollback()
        assert told.value.rule == "award"
    advance(timedelta(minutes=20))
    with app.app_context():
        found = drafts.of_need(need_again().id)
        assert found is not None
        assert found.status is ContractStatus.TERMINATED
        again = need_again()
        assert again.status is NeedStatus.PUBLISHED, "published again, not failed"
        assert number_for(again) == f"{found.number}-2", "the fallen draft keeps its own"

"""From a choice to an accepted award: notice, objection, offer, reserves, picks, annulment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.accounts.queries import below
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notice_actions
from marketplace.notices import queries as notices
from marketplace.notices.models import NoticeStatus
from marketplace.projects import actions as projects
from marketplace.projects.models import InvestmentKind, Need, NeedStatus, SelectionMethod
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.selection import actions, queries
from marketplace.selection.letter import award_letter
from marketplace.selection.models import Award, AwardStatus, RoundStatus
from tests.factories import accounts, selection

Advance = Callable[[timedelta], None]
REASON = "同类报告经验最多，时限承诺最短，报价合理"


def need_again() -> Need:
    db.session.rollback()
    return db.session.scalars(select(Need).order_by(Need.id)).one()


def award_again() -> Award:
    found = queries.award_of(need_again())
    assert found is not None
    return found


def actor_of(organisation_id: int) -> Actor:
    """Somebody of a firm."""
    organisation = accounts.queries.organisation(organisation_id)
    person = accounts.user(organisation, Role.FIRM_ADMIN)
    return accounts.queries.actor_for(person, organisation)


def drawn(app: Flask, advance: Advance, count: int = 3) -> None:
    """A need drawn on Tuesday evening, its result announced until Wednesday 17:00."""
    with app.app_context(), transaction():
        selection.entered_need(count)
    advance(timedelta(days=1, hours=13))
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(timedelta(seconds=1))


def offered(app: Flask, advance: Advance, count: int = 3) -> None:
    """The same, its notice over: the winner is asked until Friday 17:00."""
    drawn(app, advance, count)
    advance(timedelta(days=1))


def test_the_notice_runs_one_working_day_and_then_the_award_is_offered(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context():
        award = award_again()
        notice = notices.latest("award", award)
        assert award.status is AwardStatus.ANNOUNCED
        assert notice is not None
        assert notice.ends_at == award.notice_ends_at
        assert award.organisation.name in notice.body
        with pytest.raises(Missing):
            award_letter(award)
        with pytest.raises(Conflict), transaction():
            actions.accept_award(award_again(), actor_of(award_again().organisation_id))
    advance(timedelta(days=1))
    with app.app_context():
        award = award_again()
        assert award.status is AwardStatus.OFFERED
        assert award.accept_by is not None
        assert award.accept_by > clock.now()
        assert award_letter(award).startswith(b"%PDF-")
        with transaction():
            award = award_again()
            actions.accept_award(award, actor_of(award.organisation_id))
        assert award_again().status is AwardStatus.ACCEPTED
        final = queries.final_award(need_again())
        assert final is not None
        assert final.accepted_at is not None
        assert need_again().next_check_at is None


def test_a_silent_winner_loses_points_and_the_reserve_is_offered(
    app: Flask, advance: Advance
) -> None:
    offered(app, advance)
    with app.app_context():
        first = award_again()
        first_id, first_organisation = first.id, first.organisation_id
    advance(timedelta(days=3))
    with app.app_context():
        second = award_again()
        assert second.id != first_id
        assert second.place == 2
        assert second.status is AwardStatus.OFFERED
        assert need_again().status is NeedStatus.AWARDED
        assert db.session.get_one(Award, first_id).status is AwardStatus.LAPSED
        posted = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.CONDUCT)
        ).one()
        assert posted.conduct == "abandoned_award"
        assert posted.subject_id is not None
        assert first_organisation != second.organisation_id


def test_declining_goes_down_the_order_until_nobody_is_left(app: Flask, advance: Advance) -> None:
    offered(app, advance)
    with app.app_context():
        places = []
        for _ in range(3):
            with transaction():
                award = award_again()
                places.append(award.place)
                actions.decline_award(award, "人员另有安排", actor_of(award.organisation_id))
        assert places == [1, 2, 3]
        need = need_again()
        assert need.status is NeedStatus.FAILED
        assert queries.award_of(need) is None
        assert queries.rounds_of(need)[-1].status is RoundStatus.FAILED


def objected(app: Flask, advance: Advance, upheld: bool) -> None:
    drawn(app, advance)
    with app.app_context():
        with transaction():
            award = award_again()
            loser = next(
                entry
                for entry in queries.listed(award.round)
                if entry.organisation_id != award.organisation_id
            )
            notice = notices.latest("award", award)
            assert notice is not None
            objection = notice_actions.file_objection(
                notice,
                "中选机构的资质证明与登记不一致",
                actor_of(loser.organisation_id),
                clock.now(),
            )
            objection_id = objection.id
        advance(timedelta(days=1))
        assert award_again().status is AwardStatus.ANNOUNCED, "an open objection holds the award"
        db.session.rollback()
        with transaction():
            objection = db.session.get_one(type(objection), objection_id)
            officer = accounts.officer(Role.BUREAU_OPERATOR).actor
            notice_actions.answer_objection(
                objection, upheld, "经核查登记材料，答复如下", officer, clock.now()
            )
    advance(timedelta(minutes=20))


def test_a_rejected_objection_delays_the_award(app: Flask, advance: Advance) -> None:
    objected(app, advance, upheld=False)
    with app.app_context():
        assert award_again().status is AwardStatus.OFFERED
        assert award_again().place == 1


def test_an_upheld_objection_passes_the_award_on(app: Flask, advance: Advance) -> None:
    objected(app, advance, upheld=True)
    with app.app_context():
        assert award_again().place == 2
        assert queries.awards_of(need_again())[0].status is AwardStatus.UPHELD


def test_a_barred_winner_is_passed_by_and_the_frozen_list_stays(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context():
        listed = queries.live_round(need_again()).list_sha256
        with transaction():
            award = award_again()
            notice = notices.latest("award", award)
            barred, notice_id = award.organisation_id, notice.id if notice else 0
            assert (
                actions.withdraw_all_entries(
                    barred, "列入黑名单", CLOCK, clock.now(), below(accounts.CITY)
                )
                == 1
            )
        award = award_again()
        assert award.organisation_id != barred
        assert award.place == 2
        assert queries.live_round(need_again()).list_sha256 == listed
        notice_type = type(notices.latest("award", queries.awards_of(need_again())[0]))
        assert db.session.get_one(notice_type, notice_id).status is NoticeStatus.WITHDRAWN


def test_standing_entries_of_a_barred_firm_are_withdrawn(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = selection.firms(1)[0]
        need = selection.entered_need(entrants=[firm])
        assert (
            actions.withdraw_all_entries(
                firm.organisation.id, "暂停", CLOCK, clock.now(), below(accounts.CITY)
            )
            == 1
        )
        assert queries.entry_count(need) == 0
        assert queries.live_entries_of(firm.organisation.id) == []


PICK = {"method": SelectionMethod.DIRECT_PICK}


def pickable(
    app: Flask,
    advance: Advance,
    kind: OrganisationKind = OrganisationKind.COMPANY,
    **changes: object,
) -> tuple[Actor, Actor]:
    """A direct pick whose list froze on Tuesday 17:00; returns editor and approver."""
    with app.app_context(), transaction():
        owner = accounts.owner(kind=kind)
        selection.entered_need(3, owner=owner, **PICK, **changes)
        people = owner.actor, owner.approving_actor
    advance(timedelta(days=1, hours=8, minutes=10))
    return people


def pick(actor: Actor, reason: str = REASON) -> Award:
    need = need_again()
    entry = queries.listed(queries.live_round(need))[1]
    return actions.pick_entry(need, entry, reason, actor)


def test_an_owner_acting_alone_picks_with_a_reason_from_half_past_five(
    app: Flask, advance: Advance
) -> None:
    editor, _approver = pickable(app, advance)
    with app.app_context():
        with pytest.raises(Conflict) as early, transaction():
            pick(editor)
        assert early.value.rule == "pick.early"
        advance(timedelta(minutes=30))
        with pytest.raises(Invalid) as short, transaction():
            pick(editor, "好")
        assert short.value.field == "reason"
        with transaction():
            pick(editor)
        award = award_again()
        assert award.status is AwardStatus.ANNOUNCED
        assert award.reason == REASON
        notice = notices.latest("award", award)
        assert notice is not None
        assert REASON in notice.body
        with pytest.raises(Conflict), transaction():
            pick(editor)


def test_where_two_must_act_the_approver_is_another_person(app: Flask, advance: Advance) -> None:
    editor, approver = pickable(
        app, advance, OrganisationKind.AGENCY, investment=InvestmentKind.GOVERNMENT
    )
    advance(timedelta(minutes=30))
    with app.app_context():
        with transaction():
            assert pick(editor).status is AwardStatus.PROPOSED
        assert need_again().status is NeedStatus.SELECTING
        with pytest.raises(Refused) as same, transaction():
            actions.approve_pick(award_again(), editor)
        assert same.value.rule == "pick.two_persons"
        with transaction():
            actions.return_pick(award_again(), "理由不充分，请另选", approver)
        assert queries.award_of(need_again()) is None
        with transaction():
            pick(editor)
        with transaction():
            actions.approve_pick(award_again(), approver)
        assert award_again().status is AwardStatus.ANNOUNCED
        assert need_again().status is NeedStatus.AWARDED
        with pytest.raises(Conflict), transaction():
            actions.approve_pick(award_again(), approver)


def test_government_money_is_picked_directly_below_the_limit_only(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        with pytest.raises(Invalid):
            selection.open_need(
                owner, investment=InvestmentKind.GOVERNMENT, budget=Decimal("100000"), **PICK
            )


def test_a_declined_pick_returns_the_choice_to_the_owner(app: Flask, advance: Advance) -> None:
    editor, _approver = pickable(app, advance)
    advance(timedelta(minutes=30))
    with app.app_context(), transaction():
        pick(editor)
    advance(timedelta(days=1))
    with app.app_context():
        with transaction():
            award = award_again()
            first = award.organisation_id
            actions.decline_award(award, "人员另有安排", actor_of(first))
        need = need_again()
        assert need.status is NeedStatus.SELECTING
        assert queries.live_round(need).status is RoundStatus.LISTED
        assert queries.needs_to_pick(need.owner_id, clock.now()) == [need]


def test_two_officers_annul_a_draw_and_the_need_is_published_again(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context():
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            superior = accounts.officer(Role.SUPERVISOR).actor
            with pytest.raises(Invalid):
                actions.propose_annulment(need_again(), "名单有误", operator)
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            superior = accounts.officer(Role.SUPERVISOR).actor
            actions.propose_annulment(
                need_again(), "经核查，名单摘要公布时系统时间与标准时间相差超过允许范围", operator
            )
        with transaction():
            proposed = queries.annulment_of(queries.live_round(need_again()))
            assert proposed is not None
            with pytest.raises(Refused):
                actions.approve_annulment(proposed, operator)
            actions.approve_annulment(proposed, superior)
        need = need_again()
        first, second = queries.rounds_of(need)
        assert need.status is NeedStatus.PUBLISHED
        assert (first.status, second.status) == (RoundStatus.ANNULLED, RoundStatus.OPEN)
        assert first.proof is not None, "an annulled draw stays public"
        assert second.attempt == 2
        assert second.commitment != first.commitment
        assert queries.award_of(need) is None
        assert queries.entry_count(need) == 0
        assert queries.proof_of(need) == first.proof


def test_a_result_waits_for_the_word_on_annulling_its_draw(app: Flask, advance: Advance) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        actions.propose_annulment(
            need_again(), "经核查，名单摘要公布时系统时间与标准时间相差超过允许范围", operator
        )
    advance(timedelta(days=5))
    with app.app_context():
        assert award_again().status is AwardStatus.ANNOUNCED, "nobody is bound meanwhile"
        with transaction():
            proposed = queries.annulment_of(queries.live_round(need_again()))
            assert proposed is not None
            actions.refuse_annulment(proposed, accounts.officer(Role.SUPERVISOR).actor)
    advance(timedelta(seconds=1))
    with app.app_context():
        assert award_again().status is AwardStatus.OFFERED


def test_a_need_withdrawn_by_its_owner_ends_its_round(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        need = selection.entered_need(owner=owner)
        projects.withdraw_need(need, "项目调整，不再需要该服务", owner.actor, clock.now())
    advance(timedelta(seconds=1))
    with app.app_context():
        assert queries.rounds_of(need_again())[0].status is RoundStatus.WITHDRAWN


def test_the_letter_stays_on_its_page_and_names_the_sites_address(
    app: Flask, advance: Advance
) -> None:
    offered(app, advance)
    pieces: list[tuple[str, float, float]] = []

    def seen(text: str, page: list[float], line: list[float], _font: object, size: float) -> None:
        pieces.append((text.strip(), page[4] + line[4], size * page[0] * line[0]))

    with app.app_context():
        award = award_again()
        digest, number = award.round.list_sha256, need_again().public_id
        page = PdfReader(BytesIO(award_letter(award))).pages[0]
        said = page.extract_text(visitor_text=seen)
        assert f"{app.config['SETTINGS'].site_url}/results/{number}" in said
    assert "统一社会信用代码" in said, "no label is broken in two"
    ((_text, left, size),) = [piece for piece in pieces if piece[0] == digest]
    # figures and letters of a digest are over half as wide as they are high
    assert left + 64 * 0.55 * size <= float(page.mediabox.width) - 70

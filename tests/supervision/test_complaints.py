"""Complaints about a selection: filed with facts, decided by somebody with no part in it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.models import PublicNotice
from marketplace.notifications.models import Message
from marketplace.projects.models import NeedStatus, SelectionMethod
from marketplace.selection import actions, queries
from marketplace.selection.models import AwardStatus, RoundStatus
from marketplace.supervision.complaints import actions as complaints
from marketplace.supervision.complaints.models import ComplaintStatus, SelectionComplaint
from marketplace.supervision.complaints.rules import (
    About,
    Refusal,
    Standing,
    counted_from,
    may_decide_from,
    refusal,
)
from marketplace.supervision.waiting.gathering import of_officer
from tests.factories import accounts, selection
from tests.factories.intermediaries import PDF
from tests.selection.scenes import Advance, SignIn, again, key, the_need

TO_CHOICE = timedelta(days=1, hours=8, minutes=31)
REASON = "同类报告经验最多，时限承诺最短，报价合理"
FACTS = "业主在答复中称我方资质不足，但我方资质证书在有效期内且事项相符，请求查明并重新选取。"
FOUND = "经核查，业主选取理由与公告条件不符，未比较其他机构的承诺时限，投诉成立。"

REPLY = "选取时逐项比较了三家的报价和时限，比选记录附后，投诉所称资质问题不属实。"


def picked(app: Flask, advance: Advance) -> tuple[str, list[accounts.Party]]:
    """A direct pick whose result is announced; its public id, the owner and two firms."""
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = selection.firms(3)
        need = selection.open_need(owner, method=SelectionMethod.DIRECT_PICK, draw_source=None)
        for firm in firms:
            selection.enter(need, firm)
        public_id = need.public_id
        winner = key(firms[0])
    advance(TO_CHOICE)
    with app.app_context(), transaction():
        running = queries.live_round(the_need())
        entry = next(e for e in queries.listed(running) if e.organisation_id == winner)
        award = actions.pick_entry(the_need(), entry, REASON, again(owner).actor)
        if award.status is AwardStatus.PROPOSED:
            actions.approve_pick(award, again(owner).approving_actor)
    return public_id, [owner, *firms]


def newest() -> SelectionComplaint:
    db.session.rollback()
    return db.session.scalars(
        select(SelectionComplaint).order_by(SelectionComplaint.id.desc())
    ).first()  # type: ignore[return-value]


def test_a_complaint_after_an_answered_objection_sends_the_selection_back(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    public_id, (owner, winner, loser, other) = picked(app, advance)
    with app.app_context(), transaction():
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        approver = accounts.officer(Role.BUREAU_APPROVER)
        supervisor = accounts.officer(Role.SUPERVISOR)
        stranger = accounts.firm()
    firm = sign_in_as(loser.user)
    address = f"/needs/{public_id}/complaint"
    fields = {"about": "result", "facts": FACTS}
    # the result is objected to first
    early = firm.post(address, data=fields)
    assert early.status_code == 409
    assert "先在公示期内提出异议" in early.get_data(as_text=True)
    assert FACTS in early.get_data(as_text=True)
    assert sign_in_as(stranger.user).get(address).status_code == 404
    with app.app_context(), transaction():
        award = queries.award_of(the_need())
        assert award is not None
        notice = notice_queries.latest("award", award)
        assert notice is not None
        objection = notices.file_objection(notice, FACTS, again(loser).actor, clock.now())
        notices.answer_objection(
            objection, False, "经查不成立，理由如下", again(operator).actor, clock.now()
        )
    assert firm.post(address, data={**fields, "facts": "不服"}).status_code == 422
    form = firm.get(address).get_data(as_text=True)
    assert "15 个工作日内作出决定" in form
    filed = firm.post(
        address,
        data={**fields, "evidence": (io.BytesIO(PDF), "证据.pdf")},
        content_type="multipart/form-data",
    )
    assert filed.status_code == 303
    page = filed.headers["Location"]
    assert "待受理" in firm.get(page).get_data(as_text=True)
    assert firm.get(f"{page}/evidence").status_code == 200
    assert firm.post(address, data=fields).status_code == 409
    assert sign_in_as(other.user).get(page).status_code == 404
    # who answered the objection has no part in the decision
    with app.app_context():
        assert not [
            m for m in of_officer(again(operator).actor, clock.now()) if "投诉" in str(m.what)
        ]
        waiting = [
            m for m in of_officer(again(approver).actor, clock.now()) if "投诉" in str(m.what)
        ]
        assert [m.done_at for m in waiting] == [("supervision.complaint", page.rsplit("/", 1)[1])]
    assert (
        sign_in_as(operator.user).post(f"{page}/acceptance", data={"outcome": "accept"}).status_code
        == 403
    )
    desk = sign_in_as(approver.user)
    assert "办理期限" in desk.get("/supervision/complaints").get_data(as_text=True)
    assert (
        desk.post(f"{page}/acceptance", data={"outcome": "refuse", "reason": "无"}).status_code
        == 422
    )
    assert (
        desk.post(f"{page}/decision", data={"outcome": "annul", "reason": FOUND}).status_code == 409
    )
    assert desk.post(f"{page}/acceptance", data={"outcome": "accept"}).status_code == 303
    assert "办理中" in firm.get(page).get_data(as_text=True)
    # those complained of are heard first: the owner and the firm chosen
    word = {"outcome": "annul", "reason": FOUND}
    early = desk.post(f"{page}/decision", data=word)
    assert early.status_code == 409
    assert "答复齐或者期满后方可作出决定" in early.get_data(as_text=True)
    buyer, chosen = sign_in_as(owner.user), sign_in_as(winner.user)
    for asked in (buyer, chosen):
        assert f"{page}/reply" in asked.get("/complaints").get_data(as_text=True)
        assert "书面答复投诉" in asked.get("/workspace").get_data(as_text=True)
        shown = asked.get(f"{page}/reply").get_data(as_text=True)
        assert FACTS in shown
        with app.app_context():
            assert again(loser).organisation.name not in shown
        assert asked.get(page).status_code == 404
        assert asked.get(f"{page}/evidence").status_code == 404
    for nobody in (firm, sign_in_as(other.user), desk):
        assert nobody.get(f"{page}/reply").status_code in (403, 404)
    assert buyer.post(f"{page}/reply", data={"text": "不对"}).status_code == 422
    answered = buyer.post(
        f"{page}/reply",
        data={"text": REPLY, "evidence": (io.BytesIO(PDF), "比选记录.pdf")},
        content_type="multipart/form-data",
    )
    assert answered.status_code == 303
    assert buyer.post(f"{page}/reply", data={"text": REPLY}).status_code == 409
    desk_page = desk.get(page).get_data(as_text=True)
    assert REPLY in desk_page
    assert "尚未答复" in desk_page
    for nobody in (firm, chosen):
        assert REPLY not in nobody.get(f"{page}/reply").get_data(as_text=True)
    assert REPLY not in firm.get(page).get_data(as_text=True)
    with app.app_context():
        file = f"/complaints/replies/{newest().replies[0].public_id}/evidence"
    assert [each.get(file).status_code for each in (buyer, desk, firm, chosen)] == [
        200,
        200,
        404,
        404,
    ]
    assert desk.post(f"{page}/decision", data=word).status_code == 409
    assert (
        chosen.post(f"{page}/reply", data={"text": REPLY + "我方照公告报名。"}).status_code == 303
    )
    assert desk.post(f"{page}/decision", data=word).status_code == 303
    assert desk.post(f"{page}/decision", data=word).status_code == 409
    assert REPLY in firm.get(page).get_data(as_text=True)
    assert firm.get(file).status_code == 200
    assert FOUND in buyer.get(f"{page}/reply").get_data(as_text=True)
    public = app.test_client()
    result = public.get(f"/results/{public_id}").get_data(as_text=True)
    assert "投诉处理决定" in result
    with app.app_context():
        told = db.session.scalars(
            select(PublicNotice).where(PublicNotice.kind == "complaint")
        ).one()
        assert FOUND in told.body
        assert again(loser).organisation.name not in told.body + told.title
        # nobody is bound while the superior office has not decided
        assert queries.waits_for_annulment(queries.live_round(the_need()))
        proposed = queries.annulment_of(queries.live_round(the_need()))
        assert proposed is not None
        annulment = proposed.public_id
        keyed = f"complaint:{newest().id}:decided"
        assert db.session.scalar(select(Message.id).where(Message.key == keyed))
    assert desk.post(f"/supervision/annulments/{annulment}/approve").status_code == 403
    above = sign_in_as(supervisor.user)
    assert above.post(f"/supervision/annulments/{annulment}/approve").status_code == 303
    assert "已决定撤销本次选取" in firm.get(page).get_data(as_text=True)
    with app.app_context():
        rounds = queries.rounds_of(the_need())
        assert [each.status for each in rounds] == [RoundStatus.ANNULLED, RoundStatus.OPEN]
        assert the_need().status is NeedStatus.PUBLISHED
        assert queries.award_of(the_need()) is None


def test_a_complaint_about_the_bureau_is_for_the_superior_office_alone(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    _id, (_owner, _winner, loser, other) = picked(app, advance)
    with app.app_context(), transaction():
        approver = accounts.officer(Role.BUREAU_APPROVER)
        supervisor = accounts.officer(Role.SUPERVISOR)
        made = complaints.file_complaint(
            the_need(), About.BUREAU, FACTS, again(loser).actor, clock.now()
        )
        about_owner = complaints.file_complaint(
            the_need(), About.OWNER, FACTS, again(other).actor, clock.now()
        )
        page, second = f"/complaints/{made.public_id}", f"/complaints/{about_owner.public_id}"
    desk, above = sign_in_as(approver.user), sign_in_as(supervisor.user)
    assert desk.get(page).status_code == 404
    assert page not in desk.get("/supervision/complaints").get_data(as_text=True)
    assert desk.post(f"{page}/acceptance", data={"outcome": "accept"}).status_code == 404
    assert above.post(f"{page}/acceptance", data={"outcome": "accept"}).status_code == 303
    word = {
        "outcome": "dismiss",
        "reason": "经调阅答复记录，答复在期限内作出且载明依据，投诉不成立。",
    }
    assert above.post(f"{page}/decision", data=word).status_code == 303
    # and one that belongs elsewhere is refused with the reason
    why = {
        "outcome": "refuse",
        "reason": "所反映的合同付款争议不属于选取活动，请向人民法院提起诉讼。",
    }
    assert desk.post(f"{second}/acceptance", data=why).status_code == 303
    assert why["reason"] in sign_in_as(other.user).get(second).get_data(as_text=True)
    with app.app_context():
        found = {each.about: each.status for each in db.session.scalars(select(SelectionComplaint))}
        assert found == {
            About.BUREAU: ComplaintStatus.DISMISSED,
            About.OWNER: ComplaintStatus.REFUSED,
        }
        # what is refused is not published, what is dismissed is
        kinds = db.session.scalars(select(PublicNotice.kind)).all()
        assert kinds.count("complaint") == 1
        award = queries.award_of(the_need())
        assert award is not None
        assert not queries.waits_for_annulment(award.round)


def test_a_complaint_ends_with_its_period_and_a_late_office_is_told(
    app: Flask, advance: Advance
) -> None:
    _id, (_owner, _winner, loser, other) = picked(app, advance)
    with app.app_context(), transaction():
        made = complaints.file_complaint(
            the_need(), About.OWNER, FACTS, again(loser).actor, clock.now()
        )
        complaints.withdraw_complaint(made, again(loser).actor, clock.now())
        made = complaints.file_complaint(
            the_need(), About.OWNER, FACTS, again(loser).actor, clock.now()
        )
        due = made.due_at
    advance(due - clock_now(app) + timedelta(minutes=2))
    with app.app_context():
        words = db.session.scalars(select(Message.subject)).all()
        assert any("投诉超期未办理" in each for each in words)
    advance(timedelta(days=15))
    with app.app_context():
        until = complaints.file_until(the_need(), key(other), About.OWNER, clock.now())
        assert until is not None
        assert until < clock.now()


def test_who_is_complained_of_may_be_silent_but_not_late(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    _id, (owner, _winner, loser, _other) = picked(app, advance)
    with app.app_context(), transaction():
        approver = accounts.officer(Role.BUREAU_APPROVER)
        made = complaints.file_complaint(
            the_need(), About.OWNER, FACTS, again(loser).actor, clock.now()
        )
        complaints.accept_complaint(made, again(approver).actor, clock.now())
        page = f"/complaints/{made.public_id}"
        # about the owner's conduct the firm chosen has nothing to say
        assert [each.organisation_id for each in made.replies] == [key(owner)]
        until, due = made.replies[0].reply_by, made.due_at
        assert until < due
    advance(until - clock_now(app) - timedelta(minutes=2))
    word = {"outcome": "dismiss", "reason": "经调阅比选记录，业主比较了各家承诺，投诉不成立。"}
    desk = sign_in_as(approver.user)
    assert desk.post(f"{page}/decision", data=word).status_code == 409
    advance(timedelta(minutes=3))
    late = sign_in_as(owner.user).post(f"{page}/reply", data={"text": REPLY})
    assert late.status_code == 409
    assert "期限" in late.get_data(as_text=True)
    assert "期限内未答复" in desk.get(page).get_data(as_text=True)
    assert desk.post(f"{page}/decision", data=word).status_code == 303
    assert "期限内未答复" in sign_in_as(loser.user).get(page).get_data(as_text=True)


def test_who_objected_without_entering_finds_the_way_to_complain(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    public_id, _parties = picked(app, advance)
    with app.app_context(), transaction():
        outsider, stranger = accounts.firm(), accounts.firm()
        operator = accounts.officer(Role.BUREAU_OPERATOR)
        award = queries.award_of(the_need())
        assert award is not None
        notice = notice_queries.latest("award", award)
        assert notice is not None
        objection = notices.file_objection(notice, FACTS, outsider.actor, clock.now())
        notices.answer_objection(
            objection, False, "经查不成立，理由如下", operator.actor, clock.now()
        )
    way = f"/needs/{public_id}/complaint"
    result = f"/results/{public_id}"
    outside = sign_in_as(outsider.user)
    assert way in outside.get(result).get_data(as_text=True)
    assert outside.get(way).status_code == 200
    assert outside.post(way, data={"about": "result", "facts": FACTS}).status_code == 303
    for nobody in (app.test_client(), sign_in_as(stranger.user)):
        assert way not in nobody.get(result).get_data(as_text=True)


def clock_now(app: Flask) -> datetime:
    with app.app_context():
        return clock.now()


def test_who_may_complain_about_what() -> None:
    at, later = (datetime(2026, 3, day, tzinfo=UTC) for day in (2, 5))
    stranger = Standing(False, None, False, at)
    assert refusal(stranger, About.OWNER) is Refusal.STRANGER
    assert refusal(Standing(True, None, False, None), About.BUREAU) is Refusal.EARLY
    assert may_decide_from([]) is None
    assert may_decide_from([(later, at)]) is None
    assert may_decide_from([(later, at), (at, None)]) == at
    entered = Standing(True, None, False, at)
    assert refusal(entered, About.RESULT) is Refusal.OBJECT_FIRST
    assert refusal(entered, About.OWNER) is None
    assert refusal(Standing(True, None, True, at), About.RESULT) is Refusal.WAIT_FOR_ANSWER
    answered = Standing(False, later, False, at)
    assert refusal(answered, About.RESULT) is None
    assert counted_from(answered, About.RESULT) == later
    assert counted_from(entered, About.OWNER) == at

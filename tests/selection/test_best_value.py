"""Best value by all parties: published weights, judges drawn, blind marks, the award."""

from __future__ import annotations

import importlib.util
import json
import secrets
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, crypto
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need, NeedStatus, PriceScoring, SelectionMethod
from marketplace.projects.weighing.actions import Weighing
from marketplace.selection import queries
from marketplace.selection.actions import enter_need
from marketplace.selection.judging import actions, advancing, forming, plans
from marketplace.selection.judging import queries as panels
from marketplace.selection.judging.models import (
    EntryPlan,
    JudgeStatus,
    Panel,
    PanelJudge,
    PanelSheet,
    PanelStatus,
)
from marketplace.selection.models import AwardStatus, EntryStatus
from marketplace.supervision.invariants import draws
from tests.factories import accounts, experts, intermediaries, selection
from tests.selection.scenes import Advance, SignIn, the_need

WEIGHING = Weighing(40, 20, 30, 10, PriceScoring.LOWEST)
BEST_VALUE = {
    "method": SelectionMethod.BEST_VALUE,
    "draw_source": None,
    "weighing": WEIGHING,
}
PLAN = "先收集项目区地形、土壤和降雨资料，再分区布设截排水、沉沙和植被措施，按月报送进度。" * 4
TO_CLOSING = timedelta(days=1, hours=8, minutes=1)
TO_LOTTERY = timedelta(hours=5)
SOON = timedelta(seconds=2)


def panel() -> Panel:
    return db.session.scalars(select(Panel)).one()


def open_to_judges(firms: int = 3, pool: int = 6, **changes: Any) -> Need:
    """A published best-value need with entries, and experts to draw from."""
    for _ in range(pool):
        experts.admitted()
    clock.set_to(clock.now() + timedelta(seconds=1))
    entrants = selection.firms(firms)
    need = selection.open_need(**{**BEST_VALUE, **changes})
    for number, firm in enumerate(entrants):
        enter(need, firm, Decimal(30000 + 1000 * number))
    return need


def enter(need: Need, firm: intermediaries.RegisteredFirm, price: Decimal) -> None:
    people = experts.people_of(firm)
    enter_need(
        need,
        secrets.token_hex(32),
        price,
        firm.actor,
        "已有相邻项目的资料",
        plan=plans.Plan(PLAN, people),
    )


def drawn(app: Flask, advance: Advance, **more: Any) -> None:
    """Up to the call of the judges."""
    with app.app_context(), transaction():
        open_to_judges(**more)
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(SOON)


def judges(*statuses: JudgeStatus) -> list[PanelJudge]:
    return [each for each in panels.judges(panel()) if each.status in statuses]


def actor_of(judge: PanelJudge) -> Any:
    return accounts.queries.actor_for(judge.expert.user, judge.expert.organisation)


def all_mark(marks: dict[int, tuple[str, str]] | None = None) -> None:
    """Every judge called takes part and gives every firm the marks of its place, or the same."""
    for judge in judges(JudgeStatus.CALLED):
        actions.take_part(judge, actor_of(judge))
    for judge in judges(JudgeStatus.CONFIRMED):
        for plan in plans.of_round(judge.panel.round):
            if plan.entry_id in panels.sheets_by(judge):
                continue
            own = (marks or {}).get(plan.alias or 0, ("20", "8"))
            actions.give_marks(
                judge, plan.entry, Decimal(own[0]), Decimal(own[1]), "措施具体可行", actor_of(judge)
            )


def test_from_the_need_to_the_award_by_all_parties(
    app: Flask, advance: Advance, sign_in_as: SignIn, tmp_path: Path
) -> None:
    drawn(app, advance)
    with app.app_context():
        need = the_need()
        key, number = need.public_id, need.number
        called = judges(JudgeStatus.CALLED)
        assert len(called) == 3
        people = [each.expert.user for each in called]
        places = [each.public_id for each in called]
        names = [each.expert.user.name for each in called]
        firms = [each.organisation.name for each in queries.listed(queries.live_round(need))]
        assert queries.live_round(need).unsealed_at is None
    visitor = app.test_client()
    # the criteria stand with the need; who judges does not, before it is over
    assert "评分标准" in visitor.get(f"/needs/{key}").get_data(as_text=True)
    page = visitor.get(f"/results/{key}").get_data(as_text=True)
    assert "评审专家评审中" in page
    assert not any(name in page for name in names)
    assert visitor.get(f"/results/{key}/judges.json").status_code == 404
    assert visitor.get(f"/verify?need={key}&panel=1").status_code == 404
    pages = [sign_in_as(each) for each in people]
    for browser, place in zip(pages, places, strict=True):
        assert "答复是否参加" in browser.get("/judging").get_data(as_text=True)
        # the plans are not shown before the declaration
        assert browser.get(f"/judging/{place}/plans/1").status_code == 404
        declared = browser.post(f"/judging/{place}/part", data={"declared": "y"})
        assert declared.status_code == 303, declared.get_data(as_text=True)
        told = browser.get(f"/judging/{place}/plans/1").get_data(as_text=True)
        assert "参评机构 甲" in told
        assert "截排水" in told
        assert not any(name in told for name in firms)
        for alias in (1, 2, 3):
            mark = {"plan": str(20 + alias), "practitioners": "8.5", "reason": "措施具体可行"}
            address = f"/judging/{place}/plans/{alias}"
            wrong = browser.post(address, data={**mark, "plan": "30.5"})
            assert wrong.status_code == 422
            assert "措施具体可行" in wrong.get_data(as_text=True)
            answer = browser.post(address, data=mark)
            assert answer.status_code == 303, answer.get_data(as_text=True)
            assert browser.post(address, data=mark).status_code == 409
        # what one gave nobody else is shown, while others still mark
        if browser is pages[0]:
            assert "8.5" not in visitor.get(f"/results/{key}").get_data(as_text=True)
            other = pages[1].get(f"/judging/{places[0]}")
            assert other.status_code == 404
    advance(SOON)
    with app.app_context():
        running = queries.live_round(the_need())
        assert panel().status is PanelStatus.DONE
        assert running.unsealed_at is not None
        award = queries.award_of(the_need())
        assert award is not None
        assert award.status is AwardStatus.ANNOUNCED
        best = max(
            queries.listed(running),
            key=lambda entry: (
                Decimal(40) * 30000 / entry.quoted + 20 + (plans.of_entry(entry).alias or 0)
            ),  # type: ignore[union-attr]
        )
        assert award.entry_id == best.id
    page = visitor.get(f"/results/{key}").get_data(as_text=True)
    assert all(name in page for name in names)
    assert "每一份评分" in page
    assert page.count("措施具体可行") == 9
    proof = visitor.get(f"/results/{key}/judges.json")
    assert proof.status_code == 200
    body = json.loads(proof.data)
    assert body["need"] == f"{number}-judges"
    script = importlib.util.spec_from_file_location("verify", "scripts/verify_draw.py")
    assert script is not None
    assert script.loader is not None
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    module.verify(proof.data)
    shown = visitor.get(f"/verify?need={key}&panel=1").get_data(as_text=True)
    assert body["sha256"] in shown
    assert f"/results/{key}/judges.json" in shown
    with app.app_context():
        assert dict(queries.public_proofs())[f"{number}-1-judges.json"] == proof.text
    with app.app_context():
        assert body["order"][:3] == [each.expert.number for each in panels.judges(panel())]
    owner_says(app, sign_in_as, places[0])


def owner_says(app: Flask, sign_in_as: SignIn, place: str) -> None:
    with app.app_context(), transaction():
        owner = the_need().owner
        person = accounts.user(owner, Role.OWNER_EDITOR)
        officer = accounts.officer(Role.BUREAU_OPERATOR).user
        expert = panels.judge(place).expert.public_id
    address = f"/judges/{place}/feedback"
    said = {"mark": "5", "text": "按时完成，评分理由充分"}
    browser = sign_in_as(person)
    assert browser.get(address).status_code == 200
    assert browser.post(address, data=said).status_code == 303
    assert browser.post(address, data=said).status_code == 409
    seen = sign_in_as(officer).get(f"/supervision/experts/{expert}").get_data(as_text=True)
    assert "按时完成，评分理由充分" in seen


def test_a_mark_far_from_the_others_is_explained_before_the_result_stands(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        all_but_one = judges(JudgeStatus.CALLED)
        for judge in all_but_one:
            actions.take_part(judge, actor_of(judge))
        for place, judge in enumerate(judges(JudgeStatus.CONFIRMED)):
            for plan in plans.of_round(judge.panel.round):
                mark = "2" if place == 0 and plan.alias == 1 else "20"
                actions.give_marks(
                    judge, plan.entry, Decimal(mark), Decimal(8), "措施具体可行", actor_of(judge)
                )
    advance(SOON)
    with app.app_context(), transaction():
        assert panel().status is PanelStatus.EXPLAINING
        first = panels.judges(panel())[0]
        [question] = panels.to_explain(first)
        assert question.middle == Decimal(28)
        assert queries.live_round(the_need()).unsealed_at is None
        with pytest.raises(Conflict):
            actions.stand_aside(first, "不想说明", actor_of(first))
        with pytest.raises(Invalid):
            actions.explain(question, "没有", actor_of(first))
        with pytest.raises(Refused):
            actions.explain(question, "排水措施没有计算", actor_of(panels.judges(panel())[1]))
        actions.explain(
            question,
            "该方案没有给出截排水沟断面的计算过程，也没有弃渣场的拦挡措施",
            actor_of(first),
        )
    advance(SOON)
    with app.app_context():
        assert panel().status is PanelStatus.DONE
        assert queries.award_of(the_need()) is not None


def test_who_does_not_explain_is_left_out_and_the_next_steps_in(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        for judge in judges(JudgeStatus.CALLED):
            actions.take_part(judge, actor_of(judge))
        for place, judge in enumerate(judges(JudgeStatus.CONFIRMED)):
            for plan in plans.of_round(judge.panel.round):
                mark = "2" if place == 0 and plan.alias == 1 else "20"
                actions.give_marks(
                    judge, plan.entry, Decimal(mark), Decimal(8), "措施具体可行", actor_of(judge)
                )
    advance(timedelta(days=4))
    with app.app_context(), transaction():
        assert panels.judges(panel())[0].status is JudgeStatus.LEFT_OUT
        assert panel().status is PanelStatus.MARKING
    with app.app_context(), transaction():
        assert len(judges(JudgeStatus.CALLED)) == 1
        all_mark()
    advance(SOON)
    with app.app_context():
        assert panel().status is PanelStatus.DONE
        running = queries.live_round(the_need())
        assert len(panels.counted(panel(), queries.listed(running))) == 3
        # the prices differ alone: the lowest leads
        prices = [each.quoted for each in queries.in_place_order(running)]
        assert prices == sorted(prices)


def test_who_declines_or_is_silent_is_replaced_in_the_drawn_order(
    app: Flask, advance: Advance
) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        first, second, _third = judges(JudgeStatus.CALLED)
        actions.stand_aside(first, "当日有其他评审任务", actor_of(first))
        actions.take_part(second, actor_of(second))
        order = forming.order(panel())
    advance(timedelta(days=6))
    with app.app_context(), transaction():
        found = panels.judges(panel())
        assert [each.expert.number for each in found] == order[: len(found)]
        statuses = {each.place: each.status for each in found}
        assert statuses[1] is JudgeStatus.DECLINED
        assert statuses[2] is JudgeStatus.LAPSED
        assert statuses[3] is JudgeStatus.SILENT


def test_with_nobody_left_the_need_fails_and_says_why(app: Flask, advance: Advance) -> None:
    drawn(app, advance, pool=5)
    advance(timedelta(days=12))
    with app.app_context():
        assert panel().status is PanelStatus.FAILED
        need = the_need()
        assert need.status is NeedStatus.FAILED
        assert need.outcome_reason == advancing.TOO_FEW
        assert queries.round_of(need).unsealed_at is None  # type: ignore[union-attr]


def test_experts_with_a_tie_are_not_drawn(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        need = open_to_judges(firms=2, pool=5)
        running = queries.live_round(need)
        entrant = queries.standing(running)[0].organisation
        late = experts.admitted()
        related = db.session.scalars(select(experts.Expert).order_by(experts.Expert.id)).all()
        actor = accounts.queries.actor_for(related[0].user, related[0].organisation)
        experts.actions.edit_relations_and_trades(
            related[0], [experts.TRADE], [(entrant.id, "兼任顾问")], actor
        )
        out, too_late = related[0].number, late.number
    advance(TO_CLOSING)
    advance(timedelta(days=1))
    with app.app_context():
        there = forming.candidates(panel())
        assert len(there) == 4
        assert out not in there
        assert too_late not in there
        assert panel().excluded == [{"number": out, "reason": "兼任顾问"}]


def test_what_stands_in_the_way_of_a_need_and_an_entry(app: Flask) -> None:
    with app.app_context(), transaction(), pytest.raises(Invalid, match="专家"):
        selection.open_need(**BEST_VALUE)
    for wrong, field in (
        (Weighing(40, 20, 30, 11, PriceScoring.LOWEST), "weight_price"),
        (Weighing(80, 0, 20, 0, PriceScoring.LOWEST), "weight_price"),
        (Weighing(30, 40, 30, 0, PriceScoring.LOWEST), "weight_rating"),
        (Weighing(70, 20, 0, 10, PriceScoring.LOWEST), "weight_plan"),
        (None, "weight_price"),
    ):
        with app.app_context(), pytest.raises(Invalid) as caught, transaction():
            selection.open_need(**{**BEST_VALUE, "weighing": wrong})
        assert caught.value.field == field
    with app.app_context(), transaction():
        need = open_to_judges(firms=0)
        [firm] = selection.firms(1)
        people = experts.people_of(firm)
        named = PLAN + firm.organisation.name
        for plan, field in (
            (plans.Plan("太短", people), "plan"),
            (plans.Plan(named, people), "plan"),
            (plans.Plan(PLAN, ()), "practitioners"),
            (None, "plan"),
        ):
            with pytest.raises(Invalid) as caught:
                enter_need(need, "a" * 64, Decimal(30000), firm.actor, "已有资料", plan=plan)
            assert caught.value.field == field


def test_no_plan_can_be_read_before_entries_close(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        open_to_judges(firms=1)
        stored = [str(row) for row in db.session.execute(db.text("SELECT * FROM entry_plans"))]
        assert stored
        assert "截排水" not in "".join(stored)
        assert PLAN.encode().hex() not in "".join(stored)
    advance(TO_CLOSING)
    with app.app_context():
        # one entrant: extended once, then judged alone
        assert the_need().extensions_used == 1


@pytest.mark.parametrize("entrants", [1, 2])
def test_one_or_two_entrants_are_judged_after_one_extension(
    app: Flask, advance: Advance, entrants: int
) -> None:
    drawn_after_extension(app, advance, entrants)
    with app.app_context(), transaction():
        all_mark()
    advance(SOON)
    with app.app_context():
        award = queries.award_of(the_need())
        assert award is not None
        assert award.price == Decimal(30000)
        listed = queries.listed(queries.live_round(the_need()))
        assert [each.status for each in listed] == [EntryStatus.LISTED] * entrants


def drawn_after_extension(app: Flask, advance: Advance, entrants: int) -> None:
    with app.app_context(), transaction():
        open_to_judges(firms=entrants)
    advance(TO_CLOSING)
    advance(timedelta(days=1))
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026063")
    advance(SOON)


def test_equals_are_drawn_after_the_opening(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        need = open_to_judges(firms=0)
        for firm in selection.firms(3):
            enter(need, firm, Decimal(30000))
    advance(TO_CLOSING)
    advance(TO_LOTTERY)
    with app.app_context(), transaction():
        selection.read_lottery("2026062")
    advance(SOON)
    with app.app_context(), transaction():
        all_mark()
    advance(SOON)
    with app.app_context():
        running = queries.live_round(the_need())
        assert running.unsealed_at is not None
        assert running.ranking is None
    advance(timedelta(hours=26))
    with app.app_context(), transaction():
        selection.read_lottery("2026063")
    advance(SOON)
    with app.app_context():
        running = queries.live_round(the_need())
        assert len(running.ranking or ()) == 3
        assert queries.award_of(the_need()) is not None


def test_marks_are_never_changed(app: Flask, advance: Advance) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        all_mark()
    with app.app_context(), transaction():
        sheet = db.session.scalars(select(PanelSheet)).first()
        assert sheet is not None
        sheet.plan = 300
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.flush()
        db.session.rollback()


def test_the_need_form_keeps_the_weights(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        for _ in range(6):
            experts.admitted()
        owner = accounts.owner(kind=OrganisationKind.COMPANY)
        person = owner.user
    browser = sign_in_as(person)
    form = browser.get("/owner/needs/new?item=stbc").get_data(as_text=True)
    assert "综合评审的分值" in form


@pytest.mark.parametrize("how", ["altered", "swapped", "made anew", "unsigned"])
def test_a_plan_that_is_not_the_one_received_ends_the_selection_unopened(
    app: Flask, advance: Advance, how: str
) -> None:
    with app.app_context(), transaction():
        open_to_judges()
        row, other, _third = db.session.scalars(select(EntryPlan).order_by(EntryPlan.id))
        told: dict[str, Any] = {"sealed": other.sealed, "sealed_sha256": other.sealed_sha256}
        if how == "altered":
            told = {"sealed": row.sealed[:-2] + ("00" if row.sealed[-2:] != "00" else "01")}
        elif how != "swapped":
            # the panel's public key is public, and so is whose entry it is
            body = plans.enciphered(panel(), row.entry, "偷换的服务方案", ["工程师"])
            told = {"sealed": body.hex(), "sealed_sha256": crypto.sha256_hex(body)}
        if how == "unsigned":
            # as if it had come before plans were signed: then the ledger must know it
            told["signature"] = None
        db.session.execute(update(EntryPlan).where(EntryPlan.id == row.id).values(told))
    advance(TO_CLOSING)
    with app.app_context():
        need = the_need()
        assert need.status is NeedStatus.FAILED
        assert "密文与收到时登记的不一致" in (need.outcome_reason or "")
        assert panel().status is PanelStatus.FAILED
        assert all(each.plan is None for each in db.session.scalars(select(EntryPlan)))
        acts = set(db.session.scalars(select(AuditRow.action)))
        assert "quotes.broken" in acts
        assert "plans.key_released" not in acts


def test_a_plan_received_before_plans_were_signed_is_opened_by_the_ledger(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        open_to_judges()
        for row in db.session.scalars(select(EntryPlan)):
            signed = plans.receipt_text(row, row.entry)
            assert row.sealed_sha256 in signed
            key = crypto.signing_public_key()
            assert crypto.verify_signature(signed.encode(), row.signature or "", key)
        db.session.execute(update(EntryPlan).values(signature=None))
    advance(TO_CLOSING)
    with app.app_context():
        assert panel().status is PanelStatus.DRAWING
        assert {each.plan for each in plans.of_round(panel().round)} == {PLAN}
        assert list(draws.quotes()) == []
    with app.app_context(), transaction():
        # what was opened is held against the ledger at all times
        one, other = db.session.scalars(select(EntryPlan).order_by(EntryPlan.id).limit(2))
        one.sealed, one.sealed_sha256 = other.sealed, other.sealed_sha256
        db.session.flush()
        assert list(draws.quotes()) == [f"entry_plans {one.id}"]
        db.session.rollback()

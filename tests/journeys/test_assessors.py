"""A social supervisor and a third-party assessor in 新泰, whose edition gives them a part: appointed
by two officers, blind, related ones aside, withdrawn at once, shown and counted apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import organising
from marketplace.accounts import queries as people
from marketplace.accounts.models import OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.evaluations.assessors import actions as assessors
from marketplace.evaluations.assessors.models import AssessorAppointment
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import RatingEntry
from marketplace.ratings.rules.entries import RaterSide
from tests.factories import accounts, contracts
from tests.factories.notices import Somebody
from tests.places import XINTAI, Stage, open_marketplace
from tests.races.overlapping import overlapping

DAY = timedelta(days=1)
MARKS = {"quality": "2", "timeliness": "3", "conduct": "4", "reason": "抽查底稿，部分数据缺少来源"}
WHOLE = {"quality": "5", "timeliness": "5", "conduct": "5"}


@pytest.fixture
def stage(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign_in_as: Callable[..., FlaskClient],
    advance: Callable[[timedelta], None],
) -> Stage:
    """A marketplace in 新泰, with its bureau."""
    open_marketplace(app, XINTAI, tmp_path, monkeypatch)
    return Stage(app, sign_in_as, advance)


def _appoint(stage: Stage, subject: str, kind: str, items: tuple[str, ...] = ()) -> str:
    """An appointment proposed by the operator on the page; its page."""
    today = stage.read(clock.today)
    made = stage.at(stage.operator).post(
        "/supervision/assessors/new",
        data={
            "subject": subject,
            "kind": kind,
            "items": list(items),
            "starts_on": today.isoformat(),
            "ends_on": (today + timedelta(days=300)).isoformat(),
            "basis": "泰审改办〔2026〕3号，公开遴选",
        },
    )
    assert made.status_code == 303, made.text
    return str(made.headers["Location"])


def _confirmed(stage: Stage, subject: str, kind: str, items: tuple[str, ...] = ()) -> str:
    page = _appoint(stage, subject, kind, items)
    assert stage.at(stage.operator).post(f"{page}/confirmation").status_code == 403
    assert "由另一名审批人确认后生效" in stage.at(stage.operator).get(page).text
    assert page in stage.at(stage.approver).get("/workspace").text
    assert stage.at(stage.approver).post(f"{page}/confirmation").status_code == 303
    assert stage.at(stage.approver).post(f"{page}/confirmation").status_code == 409
    return page


def _said(page: str) -> str:
    """A page without the keys every form gets anew."""
    return re.sub(r'name="(?:idempotency_key|csrf_token)"[^>]*', "", page)


def _person(stage: Stage) -> tuple[Any, str]:
    def build() -> tuple[Any, str]:
        made = accounts.owner(kind=OrganisationKind.NATURAL_PERSON)
        return made.user, made.user.login

    found: tuple[Any, str] = stage.make(build)
    return found


def _house(stage: Stage, name: str = "泰安公信评估有限公司", phone: str = "") -> tuple[Any, str]:
    def build() -> tuple[Any, str]:
        made = accounts.owner(name=name)
        made.organisation.phone = phone or made.organisation.phone
        return made.user, str(made.organisation.credit_code)

    found: tuple[Any, str] = stage.make(build)
    return found


def test_they_mark_blind_count_apart_and_lose_the_right_at_once(stage: Stage) -> None:
    supervisor, login = _person(stage)
    house, code = _house(stage)
    late, late_login = _person(stage)
    social = _confirmed(stage, login, "social")
    third = _confirmed(stage, code, "third_party", ("stbc",))
    ended = _confirmed(stage, late_login, "social")
    deal = contracts.completed(stage.app, stage.advance)
    stage.advance(timedelta(minutes=5))
    public, firm_page = stage.make(
        lambda: (
            deal.contract.public_id,
            f"/firms/{deal.party().organisation.public_id}",
        )
    )
    page = f"/contracts/{public}/assessment"
    editor, firm = stage.make(lambda: (db.session.get_one(User, deal.editor_id), deal.party().user))

    # who has no appointment, or whose was withdrawn, finds nothing to mark; the same instant
    stranger = stage.make(lambda: accounts.owner().user)
    assert stage.at(stranger).get(page).status_code == 404
    assert stage.at(firm).get(page).status_code == 404
    assert stage.at(late).get(page).status_code == 200
    gone = {"reason": "聘任材料不实，撤销聘任"}
    assert stage.at(stage.operator).post(f"{ended}/withdrawal", data=gone).status_code == 403
    assert stage.at(stage.approver).post(f"{ended}/withdrawal", data=gone).status_code == 303
    assert stage.at(late).get(page).status_code == 404
    assert stage.at(late).post(page, data=WHOLE).status_code == 404
    assert "已撤销聘任" in stage.at(late).get("/workspace/assessments").text

    # an assessor that shares its telephone with a side must stand aside
    phone = stage.make(lambda: deal.party().organisation.phone)
    related, related_code = _house(stage, "青苗评估有限公司", phone)
    _confirmed(stage, related_code, "third_party")
    refused = stage.at(related).post(page, data=WHOLE)
    assert refused.status_code == 403
    assert "应当回避" in refused.text
    assert public not in stage.at(related).get("/workspace/assessments").text

    # blind: both sides mark, and nothing shows while an assessor is still awaited
    owner = stage.at(editor)
    five = dict.fromkeys(Direction.OWNER_TO_FIRM.parts, "5")
    assert owner.post(f"/contracts/{public}/evaluation", data=five).status_code == 303
    back = dict.fromkeys(Direction.FIRM_TO_OWNER.parts, "5")
    assert stage.at(firm).post(f"/contracts/{public}/evaluation", data=back).status_code == 303
    before = _said(owner.get(f"/contracts/{public}/evaluation").text)
    assert "以评价人身份评价机构" in stage.at(supervisor).get("/workspace").text
    seen = stage.at(supervisor).get(page).text
    assert "服务质量" in seen
    assert "服务态度" not in seen, "only what the edition names"
    short = stage.at(supervisor).post(page, data={**MARKS, "reason": "差"})
    assert short.status_code == 422
    assert 'id="reason-error"' in short.text
    assert stage.at(supervisor).post(page, data={**MARKS, "attitude": "5"}).status_code == 422
    assert stage.at(supervisor).post(page, data=MARKS).status_code == 303
    assert "抽查底稿" not in stage.anybody(firm_page)
    assert "抽查底稿" not in stage.at(firm).get(f"/contracts/{public}/evaluation").text
    assert _said(owner.get(f"/contracts/{public}/evaluation").text) == before

    # the last one is in: all is revealed together, posted, committed to
    assert stage.at(house).post(page, data=WHOLE).status_code == 303
    late_mark = stage.at(house).post(page, data=WHOLE)
    assert late_mark.status_code == 409
    assert "评价已截止或者已公开" in late_mark.text
    shown = stage.anybody(firm_page)
    assert "社会监督员和第三方评估机构的评价" in shown
    assert "抽查底稿，部分数据缺少来源" in shown
    assert "泰安公信评估有限公司" in shown
    assert "给予权重 0.1" in shown

    def posted() -> list[tuple[str, int | None, str]]:
        rows = db.session.scalars(
            select(RatingEntry).where(RatingEntry.side == RaterSide.ASSESSOR).order_by("id")
        )
        return [(each.evidence_type, each.hundredths, each.jurisdiction_code) for each in rows]

    assert stage.read(posted) == [("evaluations", 6000, XINTAI), ("evaluations", 10000, XINTAI)]

    def committed() -> bool:
        rows = db.session.scalars(select(AuditRow).where(AuditRow.action == "evaluation.given"))
        given = {each.facts["commitment"] for each in rows}
        made = db.session.scalars(select(Evaluation)).all()
        return len(made) == 4 and given == {each.latest.commitment for each in made}

    assert stage.read(committed)

    # the rating page has them as a part of its own, and the points add up to the score
    stage.advance(2 * DAY)
    why = stage.anybody(f"{firm_page}/rating")
    assert "社会监督和第三方评价" in why
    code_of = stage.make(lambda: deal.party().organisation.credit_code)
    assert code_of is not None
    assert stage.at(supervisor).get("/workspace/assessments").status_code == 200
    assert "聘任中" in stage.at(stage.operator).get(social).text
    assert "聘任中" in stage.at(stage.operator).get(third).text
    # the term ends by the clock
    stage.advance(301 * DAY)
    assert "聘期届满" in stage.at(stage.operator).get(social).text


def test_standing_aside_reveals_what_waited_and_elsewhere_nobody_is_appointed(
    stage: Stage,
) -> None:
    house, code = _house(stage)
    _confirmed(stage, code, "third_party")
    deal = contracts.completed(stage.app, stage.advance)
    stage.advance(timedelta(minutes=5))
    public, firm_page = stage.make(
        lambda: (deal.contract.public_id, f"/firms/{deal.party().organisation.public_id}")
    )
    editor, firm = stage.make(lambda: (db.session.get_one(User, deal.editor_id), deal.party().user))
    page = f"/contracts/{public}/evaluation"
    low = {**dict.fromkeys(Direction.OWNER_TO_FIRM.parts, "4"), "reason": "进度稍慢，成果合格"}
    assert stage.at(editor).post(page, data=low).status_code == 303
    back = dict.fromkeys(Direction.FIRM_TO_OWNER.parts, "5")
    assert stage.at(firm).post(page, data=back).status_code == 303
    assert "进度稍慢，成果合格" not in stage.anybody(firm_page)
    aside = f"/contracts/{public}/assessment/recusal"
    short = stage.at(house).post(aside, data={"why": "曾合作"})
    assert short.status_code == 422
    assert re.search(r"<details[^>]* open>.*曾合作", short.text, re.DOTALL)
    assert stage.at(house).post(aside, data={"why": "曾为该项目提供咨询"}).status_code == 303
    assert "进度稍慢，成果合格" in stage.anybody(firm_page)
    assert "社会监督员和第三方评估机构的评价" not in stage.anybody(firm_page)
    again = stage.at(house).post(f"/contracts/{public}/assessment", data=WHOLE)
    assert again.status_code == 403

    # where the edition gives nobody a part nobody is appointed
    elsewhere = stage.make(lambda: accounts.officer(Role.BUREAU_OPERATOR, city="379900").user)
    today = stage.read(clock.today).isoformat()
    refused = stage.at(elsewhere).post(
        "/supervision/assessors/new",
        data={
            "subject": code,
            "kind": "third_party",
            "starts_on": today,
            "ends_on": today,
            "basis": "青审改办〔2026〕1号",
        },
    )
    assert refused.status_code == 422
    assert 'id="kind-error"' in refused.text
    assert stage.read(lambda: db.session.query(AssessorAppointment).count()) == 1

    # nor anybody who works for an office, nor for longer than the edition allows
    person, login = _person(stage)
    appointment = {"subject": login, "kind": "social", "basis": "泰审改办〔2026〕3号，公开遴选"}
    terms = (
        ("2028-02-29", "2031-03-01", "ends_on"),
        ("9998-01-01", "9999-12-31", "starts_on"),
        ("2027-01-01", "2026-12-31", "ends_on"),
    )
    for starts_on, ends_on, field in terms:
        refused = stage.at(stage.operator).post(
            "/supervision/assessors/new",
            data={**appointment, "starts_on": starts_on, "ends_on": ends_on},
        )
        assert refused.status_code == 422
        assert f'id="{field}-error"' in refused.text
    waiting = _appoint(stage, login, "social")
    stage.make(
        lambda: organising.grant_role(
            db.session.merge(person),
            people.bureau(XINTAI),
            Role.BUREAU_OPERATOR,
            CLOCK,
            clock.now(),
        )
    )
    told = stage.at(stage.approver).post(f"{waiting}/confirmation")
    assert told.status_code == 422
    assert "工作人员不能担任评价人" in told.text
    refused = stage.at(stage.operator).post(
        "/supervision/assessors/new", data={**appointment, "starts_on": today, "ends_on": today}
    )
    assert refused.status_code == 422
    assert 'id="subject-error"' in refused.text
    assert Decimal(0) == stage.read(_default_share)


@pytest.mark.parametrize("turned", [False, True], ids=["withdrawn_first", "marked_first"])
def test_a_mark_stands_before_the_withdrawal_or_is_refused(stage: Stage, turned: bool) -> None:
    house, code = _house(stage)
    page = _confirmed(stage, code, "third_party")
    deal = contracts.completed(stage.app, stage.advance)
    stage.advance(timedelta(minutes=5))

    def two() -> tuple[Somebody, Somebody]:
        user = db.session.merge(house)
        body = people.home_of(user)
        assert body is not None
        officer = accounts.officer(Role.BUREAU_APPROVER)
        return Somebody.of(officer), Somebody(user.id, body.id)

    approver, marker = stage.make(two)

    def withdraw() -> None:
        found = by_public_id(AssessorAppointment, page.rsplit("/", 1)[1])
        assessors.withdraw_appointment(found, "聘任材料不实，撤销聘任", approver.actor, clock.now())

    def mark() -> None:
        marks = {part: int(given) for part, given in WHOLE.items()}
        assessors.submit_assessment(deal.contract, marks, None, marker.actor, clock.now())

    first, second = (mark, withdraw) if turned else (withdraw, mark)
    came = overlapping(stage.app, first, second)
    assert came == (["done", "done"] if turned else ["done", "Missing"])
    given = select(Evaluation).where(Evaluation.direction == Direction.ASSESSOR_TO_FIRM)
    assert stage.read(lambda: len(db.session.scalars(given).all())) == int(turned)


def _default_share() -> Decimal:
    return ratings.edition_on("379900", clock.today()).values.assessor_share

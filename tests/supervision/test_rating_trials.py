"""A rating edition tried on the whole ledger: figures, recomputing, adoption by two officers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.policy import PolicyEdition
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import PublicNotice
from marketplace.ratings import actions as rating_actions
from marketplace.ratings import queries as ratings_of
from marketplace.ratings.rules.entries import Grade
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.supervision.trials import queries, tasks
from marketplace.supervision.trials.models import RatingTrial, TrialChange, TrialStatus
from tests.factories import accounts, ratings

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
NEW = "/supervision/rating-trials/new"


def numbers(**changed: str) -> dict[str, Any]:
    """The form as an officer sends it: the numbers in force, some of them changed."""
    form = queries.numbers_of(RatingPolicy())
    return {**form, "title": "青禾市评定规则试行", "day": "2026-03-04", **changed}


def test_a_trial_tells_who_changes_grade_and_why_and_anybody_computes_it_again(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        good, weak = accounts.firm().organisation, accounts.firm().organisation
        ratings.evaluated(good, 3, 5)
        ratings.evaluated(weak, 4, 1)
        operator, weak_id = accounts.officer(Role.BUREAU_OPERATOR), weak.id
        other = accounts.officer(Role.BUREAU_OPERATOR, city="379800")
    advance(2 * DAY)
    officer = sign_in_as(operator.user)
    assert 'value="0.3"' in officer.get(NEW).text
    for wrong, told in (
        ({"prior_value": "八十"}, "初始分值：须为数字"),
        ({"prior_value": "1E+9999999"}, "初始分值：须为数字"),
        ({"mark_months": "0"}, "评价有效期（月）：不得小于 1"),
        ({"b_from": "95"}, "B 级分数线：须高于 C 级分数线且低于 A 级分数线"),
        ({"day": "2026-03-05"}, "试算日期不得晚于今天"),
    ):
        answer = officer.post(NEW, data=numbers(**wrong))
        assert (answer.status_code, told in answer.text) == (422, True), told
    first = officer.get(NEW).text
    assert "现行 0.3；大于 0，至 1" in first
    assert "现行 36；1 至 120，整数" in first
    assert "numbers__one--changed" not in first
    again = officer.post(NEW, data=numbers(mark_months="0", b_from="70.0", a_from="90.00")).text
    assert again.count("numbers__one--changed") == 2
    assert "已修改，现行 75；0 至 100" in again
    # 70.00 under the present rules, 71.43 with a prior strength of 6, and from 70 on it is a B
    sent = officer.post(NEW, data=numbers(b_from="70", prior_strength="6"))
    page = sent.headers["Location"]
    assert "正在排队试算" in officer.get(page).text
    assert officer.post(NEW, data=numbers()).status_code == 409
    with app.app_context():
        assert tasks.run_trials() == 1
        assert tasks.run_trials() == 0
        trial = db.session.scalars(select(RatingTrial)).one()
        public_id = trial.public_id
        change = db.session.scalars(select(TrialChange)).one()
        assert (change.before, change.after) == (Grade.C, Grade.B)
        assert (change.before_hundredths, change.after_hundredths) == (7000, 7143)
        assert change.parts == {"owners": "1.43"}
        assert trial.result is not None
        # the firms' owners are rated as well, or not: all that have entries are counted
        assert trial.result["all"] == {"subjects": 2, "changed": 1, "up": 1}
        assert trial.result["grades"] == {"before": {"B": 1, "C": 1}, "after": {"B": 2}}
        assert trial.result["moves"] == {"C>B": 1}
        name = change.organisation.public_name
    shown = officer.get(page).text
    assert name in shown
    assert "业主评价 +1.43" in " ".join(shown.split())
    assert name in officer.get(f"{page}?move=C%3EB").text
    assert name not in officer.get(f"{page}?move=A%3EB").text
    assert name not in officer.get(f"{page}?item=none").text
    assert officer.get(f"{page}/trial.json").get_json()["result_sha256"] == trial.result_sha256
    assert sign_in_as(other.user).get(page).status_code == 404

    run = app.test_cli_runner().invoke
    with app.app_context(), transaction():
        ratings.evaluated(db.session.get_one(Organisation, weak_id), 2, 1)
    assert run(args=["ratings", "trial", public_id]).exit_code == 0
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE rating_trials SET content = '{\"b_from\": 71}'"))
    assert run(args=["ratings", "trial", public_id]).exit_code == 1


def test_an_edition_is_adopted_by_two_officers_with_basis_review_and_notice(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        weak = accounts.firm().organisation
        ratings.evaluated(weak, 4, 1)
        firm = weak.id
        people = [
            accounts.officer(role).user for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        ]
    advance(2 * DAY)
    operator, approver = (sign_in_as(person) for person in people)
    page = operator.post(NEW, data=numbers(b_from="70")).headers["Location"]
    reasons = {
        "effective_from": "2026-04-01",
        "legal_basis": "《青禾市中介超市管理办法》第二十条",
        "review_document": "青公竞审〔2026〕3号",
        "review_conclusion": "不含排除、限制竞争的内容",
        "review_date": "2026-03-03",
    }
    assert operator.post(f"{page}/proposal", data=reasons).status_code == 409
    with app.app_context():
        assert tasks.run_trials() == 1
    assert operator.post(f"{page}/adoption").status_code == 403
    assert approver.post(f"{page}/adoption").status_code == 409
    past = operator.post(f"{page}/proposal", data={**reasons, "effective_from": "2026-03-04"})
    assert "规则最早自次日起执行" in past.text
    assert operator.post(f"{page}/proposal", data={**reasons, "legal_basis": ""}).status_code == 422
    assert operator.post(f"{page}/proposal", data=reasons).status_code == 303
    assert "审批信用等级评定规则" in approver.get("/workspace").text
    assert approver.post(f"{page}/return", data={"note": "请补充依据条款"}).status_code == 303
    assert "请补充依据条款" in operator.get(page).text
    assert operator.post(f"{page}/proposal", data=reasons).status_code == 303
    assert approver.post(f"{page}/adoption").status_code == 303
    with app.app_context():
        trial = db.session.scalars(select(RatingTrial)).one()
        assert trial.status is TrialStatus.ADOPTED
        row = db.session.get_one(PolicyEdition, trial.edition_id)
        assert row.content == trial.content
        assert row.review["document"] == reasons["review_document"]
        assert trial.jurisdiction_code == accounts.CITY
        lineage = [accounts.CITY, "000000"]
        on = policy.in_force(RatingPolicy, lineage, date(2026, 3, 31))
        assert on.values.b_from == 75
        assert policy.in_force(RatingPolicy, lineage, date(2026, 4, 1)).id == row.id
        notice = db.session.scalars(
            select(PublicNotice).where(PublicNotice.kind == "rating_rule")
        ).one()
        assert trial.result_sha256 in notice.body
        assert reasons["legal_basis"] in notice.body
        link = notice.link
    assert "70" in app.test_client().get(link).text
    advance(20 * DAY)
    with app.app_context():
        assert ratings_of.grade_on(firm, accounts.CITY, clock.today()).grade is Grade.C
    advance(12 * DAY)
    with app.app_context():
        assert ratings_of.grade_on(firm, accounts.CITY, clock.today()).grade is Grade.B
        before = ratings_of.grade_on(firm, accounts.CITY, date(2026, 3, 31))
        assert before.grade is Grade.C
        assert list(rating_actions.replay()) == []

"""A county whose policy goes by payer class: an owner, a firm and the bureau find their way.

The county takes over the shipped edition of 单县; what follows is what each of them sees.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.accounts.models import Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.fees import queries
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need
from tests.factories import accounts
from tests.factories.fees import AGENCY_INPUTS

SHANXIAN = Path(__file__).parents[2] / "marketplace/editions/policies/371722/fees-2024-01-01.toml"
COUNTY = "379921"
SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]

NEED = {
    "project": "",
    "project_name": "安平示范工程",
    "project_code": "",
    "title": "安平示范工程招标代理",
    "scope": "编制招标文件，组织开标评标，协助签订合同",
    "place": "安平县示范路",
    "investment": "enterprise",
    "days_wanted": "5",
    "method": "direct_pick",
    "draw_source": "",
    "minimum_grade": "",
    "entry_working_days": "",
    "recusals": "",
    "contact_name": "陈联络",
    "contact_phone": "0399-7770001",
    "declared": "y",
    **{f"fee-{key}": value for key, value in AGENCY_INPUTS.items()},
}
NEW = "/owner/needs/new?item=zbdl"


def publish_policy(reading: str = "") -> None:
    """The county's fee rules from today on: those of 单县, with a reading chosen or not."""
    text = SHANXIAN.read_text(encoding="utf-8").replace('"371722"', f'"{COUNTY}"')
    text = text.replace("2024-01-01", clock.today().isoformat())
    if reading:
        text = text.replace("readings = [", f'reading = "{reading}"\nreadings = [', 1)
    policy.publish(policy.parse("fees.toml", text, [FeesPolicy]), CLOCK, clock.now())


def needs_and_checks(app: Flask) -> tuple[int, int]:
    with app.app_context():
        return tuple(
            db.session.scalar(select(func.count(model.id))) or 0 for model in (Need, PriceCheck)
        )  # type: ignore[return-value]


def test_a_layered_county_from_open_reading_to_a_reason(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        publish_policy()
        owner = accounts.owner(area=COUNTY)
        bureau = accounts.officer(Role.BUREAU_OPERATOR)
        people = [owner.user, bureau.user]
        owner_id = owner.organisation.id
        assert isinstance(owner.organisation, Organisation)
        assert isinstance(owner.user, User)
    browser, officer = (sign_in_as(person) for person in people)

    # the payer class is asked, the way the county has written it
    page = browser.get(NEW).get_data(as_text=True)
    for words in ("缴费主体类别", "工业和现代服务业", "其他（不属于以上各类）"):
        assert words in page
    unsaid = browser.post(NEW, data={**NEED, "budget": "50000"})
    assert unsaid.status_code == 422
    assert "请填写“缴费主体类别”" in unsaid.get_data(as_text=True)
    # nobody guesses what a school pays
    school = browser.post(NEW, data={**NEED, "budget": "50000", "fee-payer_class": "其他"})
    assert school.status_code == 422
    assert "没有写明“其他”适用哪一类" in school.get_data(as_text=True)

    # two readings: the budget goes on, with both values and a flag
    answers = {**NEED, "fee-payer_class": "传统服务业"}
    drafted = browser.post(NEW, data={**answers, "budget": "90200"})
    assert drafted.status_code == 303, drafted.get_data(as_text=True)
    need = browser.get(drafted.location).get_data(as_text=True)
    assert "90,200.00" in need
    assert "180,400.00" in need
    assert "政策原文有两种理解" in need

    # the bureau chooses a reading by a new edition; from that day on the answer is one
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        publish_policy("share_of_low")
    before = needs_and_checks(app)
    over = browser.post(NEW, data={**answers, "budget": "90201", "title": "安平示范二期招标代理"})
    assert over.status_code == 422
    told = over.get_data(as_text=True)
    assert "90,200.00" in told
    assert "单县的方案" in told
    assert "安平示范二期招标代理" in told  # nothing typed is lost
    after = needs_and_checks(app)
    assert after == (before[0], before[1] + 1)  # the need is not there, the attempt is

    with app.app_context():
        attempt = db.session.scalars(select(PriceCheck).where(PriceCheck.refused)).all()[-1]
        assert (attempt.verdict, attempt.price) == (Verdict.ABOVE_CEILING, Decimal("90201.00"))
        assert (attempt.matter_type, attempt.organisation_id) == (None, owner_id)
        assert attempt.decided_by is not None
        assert attempt.decided_by["source"] == "layer"
        link = f"/fees/checks/{attempt.public_id}"
        # yesterday's check still says what it said
        old = queries.checks_of("needs", db.session.scalar(select(Need.id)) or 0)[0]
        assert old.verdict is Verdict.AMBIGUOUS
        assert "180,400.00" in old.message

    # the bureau sees the attempt, by what and by whom, and only its own area does
    watch = officer.get("/supervision/prices?kind=attempt&item=zbdl&stage=budget")
    text = watch.get_data(as_text=True)
    assert watch.status_code == 200
    assert "90,201.00" in text
    assert link in text
    assert "已拦下" in text
    assert (
        officer.get("/supervision/prices?verdict=below_floor").get_data(as_text=True).count(link)
        == 0
    )
    page = officer.get(link).get_data(as_text=True)
    assert "传统服务业" in page
    assert "单县按缴费主体减收" in page
    assert browser.get("/supervision/prices").status_code == 403

    # far below what is left of the standard: a reason is no business of what binds
    low = browser.post(NEW, data={**answers, "budget": "60000", "title": "安平示范三期招标代理"})
    assert low.status_code == 303


def test_a_deviation_asks_for_a_reason_and_goes_on(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        bureau = accounts.officer(Role.BUREAU_OPERATOR)
        people = [owner.user, bureau.user]
    browser, officer = (sign_in_as(person) for person in people)
    answers = {**NEED, "budget": "100000"}
    assert "deviation_reason" not in browser.get(NEW).get_data(as_text=True)
    asked = browser.post(NEW, data=answers)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert "价格比基准价低 55.65%" in page
    assert 'name="deviation_reason"' in page
    assert 'value="安平示范工程招标代理"' in page
    assert needs_and_checks(app) == (0, 0)  # asking for a reason is no attempt
    short = browser.post(NEW, data={**answers, "deviation_reason": "便宜"})
    assert short.status_code == 422
    made = browser.post(NEW, data={**answers, "deviation_reason": "三个标段合并办理，资料共用"})
    assert made.status_code == 303
    # a draft opened again still has it
    again = browser.get(made.location + "/edit").get_data(as_text=True)
    assert "三个标段合并办理，资料共用" in again
    assert "三个标段合并办理，资料共用" in browser.get(made.location).get_data(as_text=True)
    watched = officer.get("/supervision/prices?kind=deviation").get_data(as_text=True)
    assert "理由：三个标段合并办理，资料共用" in watched


def test_anybody_can_ask_what_a_school_pays_in_shanxian(client: FlaskClient) -> None:
    address = "/fees?item=zbdl&place=371722&variant=works&award_amount=6000&unit=万元&scope=full"
    open_reading = client.get(address + "&payer_class=传统服务业&price=100000")
    text = open_reading.get_data(as_text=True)
    assert "90,200.00" in text
    assert "180,400.00" in text
    school = client.get(address + "&payer_class=其他&price=100000").get_data(as_text=True)
    assert "没有写明“其他”适用哪一类" in school

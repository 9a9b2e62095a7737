"""The shortest lawful paths, counted: how many acts of whom, and how many working days.

小额快选 in five acts and at most one working day is `tests/browser/test_orders.py`; here a posted
need of up to 50,000 yuan, from posting to choice in at most two working days.
"""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects import queries as projects
from marketplace.projects.actions import entry_deadline_for
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import queries
from marketplace.selection.models import Award, AwardStatus
from tests.factories import accounts, selection
from tests.selection.scenes import Advance, SignIn, the_need

LIMIT = Decimal(50000)
FIELDS = {
    "project": "",
    "project_name": "粮库扩建项目",
    "title": "粮库扩建项目水土保持方案编制",
    "scope": "编制水土保持方案报告书，通过专家评审并取得批复",
    "place": "青河市东城区粮站路 1 号",
    "budget": "50000",
    "investment": "enterprise",
    "days_wanted": "20",
    "contact_name": "赵一",
    "contact_phone": "0399-5570001",
    "declared": "y",
}
# the method, what is written with it, and whose acts follow the entries
METHODS = {
    "direct_pick": ({}, {"owner": 1}),
    "random_draw": ({"draw_source": "lottery"}, {"officer": 2}),
    "price_competition": ({}, {}),
    "average_price": ({}, {}),
}


class Acts:
    """Counts what people send; a page that is only read is no act."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    def send(self, who: str, browser: FlaskClient, address: str, **fields: str) -> str:
        """Send a form; it must be taken. Returns where it leads."""
        answer = browser.post(address, data=fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        self.of[who] += 1
        return str(answer.headers["Location"])


@pytest.mark.parametrize("method", METHODS)
def test_a_posted_need_is_decided_within_two_working_days(
    app: Flask, advance: Advance, sign_in_as: SignIn, method: str
) -> None:
    more, after = METHODS[method]
    with app.app_context(), transaction():
        owner = accounts.owner().user
        firms = [each.user for each in selection.firms(3)]
    acts = Acts()
    browser = sign_in_as(owner)
    acts.send("owner", browser, "/owner/needs/new?item=stbc", **FIELDS, method=method, **more)
    with app.app_context():
        public_id = the_need().public_id
    acts.send("owner", browser, f"/owner/needs/{public_id}/publish")
    with app.app_context():
        posted = the_need().published_at
        assert posted is not None
    for number, firm in enumerate(firms):
        fields = {
            # no two equally far from their mean: equals wait for the evening's draw
            "price": f"{46000 + number * number * 700}",
            "contribution": secrets.token_hex(32),
            "agree": "y",
        }
        acts.send("firm", sign_in_as(firm), f"/needs/{public_id}/enter", **fields)
    with app.app_context():
        choice_at = the_need().choice_at
        assert choice_at is not None
    advance(choice_at - posted + timedelta(minutes=1))
    if method == "direct_pick":
        with app.app_context():
            entry = queries.listed(queries.live_round(the_need()))[0].public_id
        reason = "同类方案经验最多，时限承诺最短，报价在预算之内"
        address = f"/owner/needs/{public_id}/selection"
        acts.send("owner", sign_in_as(owner), address, entry=entry, reason=reason)
    if method == "random_draw":
        advance(timedelta(hours=4))
        with app.app_context(), transaction():
            selection.read_lottery("2026062")
        acts.of["officer"] += 2
        advance(timedelta(minutes=2))
    with app.app_context():
        assert the_need().status is NeedStatus.AWARDED
        award = db.session.scalars(select(Award)).one()
        assert award.status is AwardStatus.ANNOUNCED
        assert award.decided_at is not None
        assert award.decided_at <= end_of_second_day(posted)
    assert acts.of == Counter({"firm": 3, "owner": 2}) + Counter(after)


def end_of_second_day(posted: datetime) -> datetime:
    """The end of the second working day after a posting."""
    day = working_calendar().day_after(clock.local_day(posted), 2)
    return moment(day, time(23, 59))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_whenever_in_the_year_it_is_posted(app: Flask) -> None:
    """Holidays, eves and make-up days included: the choice is never later than the second day."""
    hours = (time(0, 10), time(8, 59), time(16, 59), time(17, 0), time(17, 1), time(23, 50))
    with app.app_context():
        for offset in range(366):
            day = date(2026, 1, 1) + timedelta(days=offset)
            values = projects.selection_policy("379900", day).values
            for hour in hours:
                posted = moment(day, hour).astimezone(UTC)
                deadline = entry_deadline_for(values, LIMIT, posted)
                assert deadline > posted
                choice = moment(clock.local_day(deadline), values.choice_from)
                assert choice <= end_of_second_day(posted), (posted, choice)
                # above the limit it takes longer, so the limit is where it is said to be
                longer = entry_deadline_for(values, LIMIT + Decimal("0.01"), posted)
                assert longer > deadline
        assert db.session.scalar(select(Need.id)) is None

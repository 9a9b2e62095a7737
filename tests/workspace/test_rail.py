"""The rail: every list under one heading, no empty heading, the page one is on marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.hall.models import HallCall
from marketplace.workspace.rail.offices import OFFICE
from marketplace.workspace.rail.parties import PARTY
from marketplace.workspace.rail.place import Heading
from tests.factories import accounts, intermediaries
from tests.factories import hall as halls

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
# of the superior bureau too: whoever sees most
OFFICERS = (
    Role.BUREAU_OPERATOR,
    Role.BUREAU_APPROVER,
    Role.DEPARTMENT_OFFICER,
    Role.SUPERVISOR,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)


def rail_of(page: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Heading → its entries (label, address, aria-current), as the page's list names its heading."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    (nav,) = [each for each in tree.iter("nav") if each.get("class") == "rail"]
    headings = {each.get("id"): each.text for each in nav.iter("h2")}
    found = []
    for part in nav.iter("ul"):
        title = headings.pop(part.get("aria-labelledby"))
        links = [
            ((link.text or "").strip(), link.get("href", ""), link.get("aria-current", ""))
            for link in part.iter("a")
        ]
        found.append((title, links))
    assert headings == {}, "a heading without a list"
    return found


@pytest.mark.parametrize("rail", [PARTY, OFFICE], ids=["party", "office"])
def test_every_list_stands_under_one_heading_and_every_page_under_one_list(
    rail: Sequence[Heading],
) -> None:
    lists = Counter(place.endpoint for heading in rail for place in heading.places)
    labels = Counter(str(place.label) for heading in rail for place in heading.places)
    pages = Counter(
        page
        for heading in rail
        for place in heading.places
        for page in {place.endpoint, *place.below}
        # kept by the superior office's own keeper or by the bureau's administrators: never by both
        if page != "accounts.end_membership"
    )
    for counted in (lists, labels, pages, Counter(heading.key for heading in rail)):
        assert [each for each, count in counted.items() if count > 1] == []
    assert all(heading.places for heading in rail)
    assert max(len(heading.places) for heading in rail) <= 9


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_officers_see_no_empty_heading_and_where_they_are(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        users = {role: accounts.officer(role).user for role in OFFICERS}
    seen = {}
    for role, user in users.items():
        seen[role] = rail_of(sign_in_as(user).get("/workspace").text)
        entries = [entry for _title, links in seen[role] for entry in links]
        assert all(links for _title, links in seen[role]), role
        assert len({address for _label, address, _current in entries}) == len(entries), role
        assert [label for label, _address, current in entries if current] == ["工作台首页"], role
    titles = [title for title, _links in seen[Role.BUREAU_OPERATOR]]
    assert titles == [
        "今日",
        "入驻与名录",
        "机构档案",
        "事项与收费",
        "交易与公示",
        "评价",
        "信用与惩戒",
        "监督与审计",
        "单位与账户",
    ]
    # who keeps accounts alone has no lists of the business, and no headings for them
    assert [title for title, _links in seen[Role.SYSTEM_ADMIN]] == [
        "今日",
        "事项与收费",
        "交易与公示",
        "单位与账户",
    ]
    officer = sign_in_as(users[Role.BUREAU_OPERATOR])
    for address, label in (
        ("/supervision/hall/calls/new", "大厅窗口"),
        ("/supervision/national-list", "惩戒案件"),
        ("/supervision/applications", "入驻审核"),
    ):
        marked = [
            entry[0]
            for _title, links in rail_of(officer.get(address).text)
            for entry in links
            if entry[2]
        ]
        assert marked == [label], address


def test_a_judge_has_an_entry_with_what_is_to_be_marked_and_by_when(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    """Only whoever judges or judged; what is due first stands first; what is left is counted."""
    with app.app_context(), transaction():
        call = halls.published(seats=1)
        bench = halls.bench(call)
        firms = [intermediaries.listed(("hpwj",)) for _each in range(2)]
        for firm in firms:
            halls.applied(call, firm)
        judge, other = bench[0].party.user, accounts.officer(Role.DEPARTMENT_OFFICER, "zrzy").user
        named, call_id, title = bench[0].judge_id, call.id, call.title
    assert "评审任务" not in _labels(sign_in_as(other).get("/workspace").text)
    assert "没有要评的申请" in sign_in_as(other).get("/hall/judging").text
    page = sign_in_as(judge).get("/hall/judging").text
    assert _labels(page)["评审任务"] == "page"
    assert "即将评审" in page
    assert "2026年3月10日 17:00" in page
    advance(timedelta(days=8, hours=8))
    page = sign_in_as(judge).get("/hall/judging").text
    assert "还有 2 家未评分，共 2 家" in page
    assert "即将评审" not in page
    home = sign_in_as(judge).get("/workspace").text
    assert "大厅窗口征集评分" in home
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, call_id)
        due = call.mark_by
        assert due is not None
        for each, application in enumerate(halls.queries.applications(call)):
            # the first judge lies far off for one of them
            for seat in bench:
                far = each == 0 and seat.judge_id == named
                halls.marked(seat, application, "10" if far else "55", "35")
    page = sign_in_as(judge).get("/hall/judging").text
    assert "有 1 家的评分与平均相差较大，请公开说明" in page
    assert "公开说明大厅征集评分的偏离" in sign_in_as(judge).get("/workspace").text
    assert title in page


def _labels(page: str) -> dict[str, str]:
    return {label: current for _title, links in rail_of(page) for label, _url, current in links}

"""The page of a project: what is public under its code, and what its owner alone sees there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import OrganisationKind, User
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects import drafting
from marketplace.projects import queries as projects
from marketplace.projects.coding import tidy
from marketplace.projects.models import InvestmentKind, Need, Project, SelectionMethod
from marketplace.selection import actions, queries
from tests.factories import accounts, contracts, selection
from tests.factories import projects as factory
from tests.selection.scenes import Advance, SignIn, again

CODE = "2026-379902-77-01-000321"
REASON = "同类报告经验最多，时限承诺最短，报价合理"
TO_CHOICE = timedelta(days=1, hours=8, minutes=31)


def under(project: Project, owner: accounts.Party, title: str, item: str, **more: Any) -> Need:
    content = factory.content(title=title, **more)
    return drafting.draft_need(project, item, content, (), owner.actor, clock.now())


def opened(project: Project, owner: accounts.Party, title: str, item: str, **more: Any) -> Need:
    need = under(project, owner, title, item, **more)
    drafting.submit_need(need, owner.actor, clock.now())
    actions.publish_need(need, owner.approving_actor, clock.now())
    return need


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == status, address
    return answer.get_data(as_text=True)


def test_a_project_is_gathered_by_its_code_and_shows_each_owner_its_own(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        first, second = accounts.owner(name="青河甲业主单位"), accounts.owner(name="青河乙业主单位")
        person = accounts.owner(name="赵某某", kind=OrganisationKind.NATURAL_PERSON)
        firms = selection.firms(3)
        outsider = selection.firms(1)[0]
        mine = factory.project(first, name="城北工业园一期", code=CODE)
        picked = opened(
            mine,
            first,
            "城北水土保持方案",
            "stbc",
            method=SelectionMethod.DIRECT_PICK,
            draw_source=None,
        )
        for firm in firms:
            selection.enter(picked, firm)
        drafts = [under(mine, first, "甲的未公告草稿", "stbc")]
        theirs = factory.project(second, name="城北工业园一期（乙）", code=CODE)
        later = opened(theirs, second, "城北节能报告编制", "jnbg", budget=Decimal("30000"))
        drafts.append(under(theirs, second, "乙的未公告草稿", "stbc"))
        own = factory.project(person, name="自建房", code=CODE)
        opened(
            own,
            person,
            "自建房测绘",
            "jnbg",
            investment=InvestmentKind.NATURAL_PERSON,
            contact_name="赵某某",
        )
        bare = factory.project(first, name="没有代码的维修")
        drafts.append(under(bare, first, "维修草稿", "stbc"))
        ids: dict[str, Any] = {
            "picked": picked.public_id,
            "later": later.public_id,
            "bare": bare.public_id,
            "mine": mine.public_id,
            "drafts": [each.public_id for each in drafts],
            "winner": firms[0].organisation.name,
        }
    public = app.test_client()
    page = text_of(public, f"/projects/{CODE}")
    for part in (
        "城北工业园一期",
        "2026 年",
        "审批类项目",
        "城北水土保持方案",
        "城北节能报告编制",
        "青河甲业主单位",
        "青河乙业主单位",
        "已公告 3 项采购需求",
        f"/needs/{ids['picked']}",
        f"/needs/{ids['later']}/questions",
    ):
        assert part in page, part
    # in the order a project goes, whenever each was published
    places = [page.index(f"<h3>{stage}</h3>") for stage in ("立项用地规划许可", "工程建设许可")]
    assert places == sorted(places)
    assert places[0] < page.index("城北节能报告编制") < places[1] < page.index("城北水土保持方案")
    for hidden in ("草稿", "赵某某", "本单位待办", "维修", *ids["drafts"]):
        assert hidden not in page, hidden
    # nobody asks itself
    question = f"/needs/{ids['later']}/questions"
    assert question in text_of(sign_in_as(first.user), f"/projects/{CODE}")
    assert question not in text_of(sign_in_as(second.user), f"/projects/{CODE}")
    # its result, once that is public, with the way to complain for who took part
    assert ids["winner"] not in page
    advance(TO_CHOICE)
    with app.app_context(), transaction():
        need = projects.need(ids["picked"])
        entry = queries.listed(queries.live_round(need))[0]
        award = actions.pick_entry(need, entry, REASON, again(first).actor)
        winner = entry.organisation.name
        price = "36,000.00 元"
        if award.decided_at is None:
            actions.approve_pick(award, again(first).approving_actor)
    page = text_of(public, f"/projects/{CODE}")
    for part in (winner, price, "中选结果公示", f"/results/{ids['picked']}"):
        assert part in page, part
    complaint = f"/needs/{ids['picked']}/complaint"
    assert complaint not in page
    assert complaint in text_of(sign_in_as(firms[1].user), f"/projects/{CODE}")
    assert complaint not in text_of(sign_in_as(outsider.user), f"/projects/{CODE}")
    # each owner's own part, and nothing of the other's
    here, there = sign_in_as(first.user), sign_in_as(second.user)
    page = text_of(here, f"/projects/{CODE}")
    for part in (
        "本单位待办",
        "甲的未公告草稿",
        ids["drafts"][0],
        "中选结果公示",
        "公众可提出异议",
    ):
        assert part in page, part
    assert "完善并提交采购需求草稿" in page
    assert complaint not in page
    for hidden in ("乙的未公告草稿", ids["drafts"][1], "维修"):
        assert hidden not in page, hidden
    page = text_of(there, f"/projects/{CODE}")
    assert "乙的未公告草稿" in page
    for hidden in ("甲的未公告草稿", ids["drafts"][0], "维修"):
        assert hidden not in page, hidden
    # without a code: the owner's alone, by its public id
    assert "维修草稿" in text_of(here, f"/owner/projects/{ids['bare']}")
    assert there.get(f"/owner/projects/{ids['bare']}").status_code == 404
    assert there.get(f"/owner/projects/{ids['mine']}").status_code == 404
    assert public.get(f"/owner/projects/{ids['bare']}").status_code in (302, 303, 401)
    assert here.get(f"/owner/projects/{ids['mine']}").headers["Location"] == f"/projects/{CODE}"
    # found from where people look
    assert f"/owner/projects/{ids['bare']}" in text_of(here, "/owner/needs")
    assert f"/projects/{CODE}" in text_of(public, f"/needs/{ids['later']}")
    for address in (f"/needs?q={CODE}", f"/search?q={CODE}"):
        assert f"/projects/{CODE}" in text_of(public, address)
    assert "/projects" in text_of(public, "/needs")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-379902-77-09-000321", "03（备案）"),
        ("2026-999902-77-01-000321", "行政区划代码"),
        ("1999-379902-77-01-000321", "赋码年份"),
        ("一个项目", "24 位"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_code_with_a_fault_is_told_what_is_wrong(
    app: Flask, client: FlaskClient, typed: str, said: str
) -> None:
    for address in (f"/projects/{typed}", f"/projects?code={typed}"):
        page = text_of(client, address, 404)
        assert said in page
        assert 'aria-invalid="true"' in page
        assert typed in page


def test_a_code_is_read_as_people_type_it_and_an_unknown_one_gets_help(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    for typed in (
        f" {CODE} ",
        CODE.replace("-", ""),
        CODE.replace("-", "—"),
        "２０２６" + CODE[4:],
    ):
        assert tidy(typed) == CODE
    assert client.get(f"/projects?code={CODE.replace('-', '')}").headers["Location"] == (
        f"/projects/{CODE}"
    )
    assert "24 位代码" in text_of(client, "/projects")
    page = text_of(client, f"/projects/{CODE}", 404)
    assert f"没有该代码的公告：{CODE}" in page
    # only a draft stands under it: known to its owner alone
    with app.app_context(), transaction():
        owner, other = accounts.owner(), accounts.owner()
        under(factory.project(owner, name="尚未公告", code=CODE), owner, "只有草稿", "stbc")
    assert "只有草稿" in text_of(sign_in_as(owner.user), f"/projects/{CODE}")
    for reader in (client, sign_in_as(other.user)):
        page = text_of(reader, f"/projects/{CODE}", 404)
        assert "尚未公告</h1>" not in page
        assert "只有草稿" not in page


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_contract_stands_on_its_own_projects_page(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    deal = contracts.signed(app, advance)
    with app.app_context():
        contract, need = deal.contract, deal.need
        address = f"/owner/projects/{need.project.public_id}"
        wanted = (
            f"/contracts/{contract.public_id}",
            contract.number,
            "提交服务成果",
            contract.firm.name,
            f"/owner/needs/{need.public_id}",
        )
        owner, firm = deal.actor("editor").user_id, deal.actor("firm").user_id
        users = [db.session.get_one(User, each) for each in (owner, firm)]
    page = text_of(sign_in_as(users[0]), address)
    for part in wanted:
        assert part in page, part
    assert sign_in_as(users[1]).get(address).status_code in (403, 404)

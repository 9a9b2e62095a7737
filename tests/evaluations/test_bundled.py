"""A department's year: exact, settled once it has ended, no firm's marks to be read out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, inspect, select, text

from marketplace.accounts import organising
from marketplace.accounts import queries as people
from marketplace.accounts.models import OrganisationFunction, OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.evaluations.bundled import actions, queries
from marketplace.evaluations.bundled.models import DepartmentYear
from marketplace.evaluations.bundled.rules import MARKED, Facts, Part, year_score
from marketplace.evaluations.departments import queries as departments
from marketplace.evaluations.rules import EvaluationPolicy
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.transactions import transaction
from marketplace.supervision import invariants
from tests.evaluations.test_departments import _another, _give, _officer, deal
from tests.factories import accounts
from tests.factories.contracts import Deal
from tests.factories.evaluations import publish_least
from tests.tampering import unguard

__all__ = ["deal"]
Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
POLICY = EvaluationPolicy()
NOTHING = Facts(None, None, None, 0, 0, 0, 0, 0)


def _marked(count: int, mark: int, facts: Facts = NOTHING) -> Facts:
    return replace(facts, firms=count, marks=count, mark_total=count * mark * MARKED)


def test_a_year_is_reckoned_to_the_hundredth_and_opens_into_its_parts() -> None:
    # five marks of 4 alone: 0.4 x 5/10 at 80 beside the prior 0.5 x 5/10 at 80
    assert year_score(_marked(5, 4), POLICY).hundredths == 8000
    # 5 marks of 5, 10 contracts one late, 12 versions two returned, one silence:
    # (0.2 x 100 + 0.2 x 90 + 3.6/17 x 83.33 + 0.0245 x 80) / (0.2 + 0.2 + 3.6/17 + 0.0245) - 1
    facts = replace(_marked(5, 5), contracts=10, late=1, versions=12, returned=2, silent=1)
    found = year_score(facts, POLICY)
    assert found.hundredths == 8954
    assert sum(line.share for line in found.lines) == 1
    assert round(sum(line.points for line in found.lines) - found.deducted, 2) == Decimal("89.54")
    assert [line.part for line in found.lines] == list(Part)
    assert year_score(replace(facts, silent=40), POLICY).deducted == 10
    assert year_score(replace(NOTHING, silent=1), POLICY).hundredths == 7900


counts = st.integers(0, 60)


@given(
    marks=st.lists(st.integers(MARKED, 5 * MARKED), min_size=5, max_size=30),
    contracts=counts,
    late=counts,
    versions=counts,
    returned=counts,
    silent=counts,
)
def test_what_is_good_never_lowers_a_year_and_what_is_bad_never_raises_it(
    marks: list[int], contracts: int, late: int, versions: int, returned: int, silent: int
) -> None:
    facts = Facts(
        firms=5,
        marks=len(marks),
        mark_total=sum(marks),
        contracts=contracts,
        late=min(late, contracts),
        versions=versions,
        returned=min(returned, versions),
        silent=silent,
    )

    def score(**changes: int) -> int:
        return year_score(replace(facts, **changes), POLICY).hundredths

    now = score()
    more = {"marks": len(marks) + 1}
    assert score(**more, mark_total=sum(marks) + 5 * MARKED) >= now
    assert score(**more, mark_total=sum(marks) + MARKED) <= now
    assert score(contracts=contracts + 1) >= now
    assert score(contracts=contracts + 1, late=facts.late + 1) <= now
    assert score(versions=versions + 1) >= now
    assert score(versions=versions + 1, returned=facts.returned + 1) <= now
    assert score(silent=silent + 1) <= now


def _to_next_year(app: Flask, advance: Advance) -> int:
    with app.app_context():
        today = clock.today()
    advance(date(today.year + 1, 1, 3) - today)
    return today.year


@pytest.mark.parametrize("least", [3, 4])
def test_a_year_is_settled_by_the_clock_replays_and_keeps_few_firms_marks_out(
    app: Flask, deal: Deal, advance: Advance, least: int
) -> None:
    with app.app_context(), transaction():
        publish_least(_officer(deal)[1].jurisdiction_code, least)
        _give(deal, "firm", 3)
        _give(deal, "department", 5)
    for _turn in range(2):
        other = _another(app, advance)
        with app.app_context(), transaction():
            _give(other, "firm", 3)
    with app.app_context(), transaction():
        office = _officer(deal)[1]
        office_id = office.id
        with pytest.raises(Conflict):
            actions.settle_year(office, clock.today().year, CLOCK, clock.now())
    year = _to_next_year(app, advance)
    with app.app_context():
        row = db.session.scalars(
            select(DepartmentYear).where(DepartmentYear.department_id == office_id)
        ).one()
        assert (row.year, row.contracts, row.late, row.returned) == (year, 3, 0, 0)
        counted = (3, 3, 27) if least == 3 else (None, None, None)
        assert (row.firms, row.marks, row.mark_total) == counted
        assert bool(row.evidence["marks"]) is (least == 3)
        assert row.hundredths == year_score(row.facts, POLICY).hundredths
        with transaction():
            assert actions.settle_year(row.department, year, CLOCK, clock.now()) is None
        assert list(actions.differences()) == []
        assert list(map(str, invariants.broken({"I16b", "I20e"}))) == []
        unguard(db.session.connection(), "department_years")
        db.session.execute(text("UPDATE department_years SET late = 1"))
        db.session.expire_all()
        told = [each.split(": ")[1] for each in actions.differences()]
        assert told == ["digest", "facts", "score"]
        db.session.rollback()


def test_an_office_founded_later_takes_nothing_out_of_a_settled_year(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context(), transaction():
        deal.contract.jurisdiction_code = "379921"
        office_id, code = _officer(deal)[1].id, _officer(deal)[1].office_code
    _to_next_year(app, advance)
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        row = db.session.scalars(
            select(DepartmentYear).where(DepartmentYear.department_id == office_id)
        ).one()
        assert row.contracts == 1
        nearer = organising.create_organisation(
            name="安平县住房和城乡建设局",
            kind=OrganisationKind.AGENCY,
            credit_code=accounts.new_credit_code(OrganisationKind.AGENCY),
            jurisdiction_code="379921",
            function=OrganisationFunction.DEPARTMENT,
            office_code=code,
            actor=CLOCK,
            now=clock.now(),
        )
        assert departments.department_of(deal.contract) is nearer
        assert list(actions.differences()) == []


def test_the_department_and_the_bureau_open_the_evidence_the_public_reads_the_sums(
    app: Flask, deal: Deal, advance: Advance, sign_in_as: SignIn, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        user, office = _officer(deal)
        bureau = accounts.officer(Role.BUREAU_APPROVER)
        beside_it = people.departments(office.jurisdiction_code)
        other = next(each for each in beside_it if each.id != office.id)
        stranger = accounts.user(other, Role.DEPARTMENT_OFFICER)
        number, names = deal.contract.number, (office.name, other.name)
        keys = (user.id, bureau.user.id, stranger.id)
        page = f"/data/departments/{office.public_id}/"
    with app.app_context():
        own, watching, beside = (sign_in_as(db.session.get_one(User, key)) for key in keys)
        this_year = clock.today().year
    running = f"{page}{this_year}"
    before = own.get(running)
    assert before.status_code == 200
    assert number in before.text
    assert client.get(running).status_code == 404
    assert beside.get(running).status_code == 404
    with app.app_context(), transaction():
        _give(deal, "firm", 1, "窗口两次一次性告知不全，往返三次")
        _give(deal, "department", 5)
    # a year that runs tells nothing of what firms said
    assert "中介机构评价<" not in own.get(running).text
    assert f"{this_year} 年至今" in watching.get("/supervision/departments").text
    assert names[1] in watching.get("/supervision/departments").text
    listed = beside.get("/supervision/departments")
    assert listed.status_code == 200
    assert names[0] not in listed.text
    year = _to_next_year(app, advance)
    with app.app_context():
        *sight, beside = (sign_in_as(db.session.get_one(User, key)) for key in keys)
    for reader in sight:
        told = reader.get(f"{page}{year}")
        assert told.status_code == 200
        assert number in told.text
        link = re.search(r'href="([^"]+)">' + re.escape(number), told.text)
        assert link is not None
        assert reader.get(link.group(1)).status_code == 200
    paper = client.get(f"{page}{year}/certificate")
    assert f"{names[0]} {year} 年度捆绑考核得分为" in paper.text
    assert "不足 5 家，不计入也不公布" in paper.text
    assert f'href="{page}{year}/certificate"' in client.get(f"{page}{year}").text
    assert client.get(f"{page}{year}/code.svg").mimetype == "image/svg+xml"
    assert client.get(f"{page}{year + 1}/certificate").status_code == 404
    for reader in (client, beside):
        told = reader.get(f"{page}{year}")
        assert told.status_code == 200
        assert number not in told.text
        assert "不足 5 家" in told.text
    # a county without departments of its own reads those above it
    for area in ("379900", "379921"):
        table = client.get(f"/data/departments?area={area}").text
        rows, rest = table.split("</table>")
        assert f"{page}{year}" in rows
        assert names[1] not in rows
        assert names[1] in rest.split("未列出：")[1]
        assert "指导服务" not in rows, "too few firms marked: no column for what they said"
    assert client.get(f"{page}{year - 1}").status_code == 404


@pytest.mark.altered
def test_the_years_of_a_department_stand_in_a_chart_that_leads_to_each(
    app: Flask, deal: Deal, advance: Advance, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        _give(deal, "firm", 3)
        _give(deal, "department", 5)
        page = f"/data/departments/{_officer(deal)[1].public_id}/"
    year = _to_next_year(app, advance)
    assert "data-chart" not in client.get(f"{page}{year}").text
    with app.app_context(), transaction():
        row = db.session.scalars(select(DepartmentYear)).one()
        columns = [column.key for column in inspect(DepartmentYear).column_attrs]
        told = {name: getattr(row, name) for name in columns if name not in ("id", "public_id")}
        score = f"{row.hundredths // 100}.{row.hundredths % 100:02d}"
        db.session.add(DepartmentYear(**{**told, "year": year - 1}))
    text_of = client.get(f"{page}{year}").text
    for shown in (year, year - 1):
        assert f'data-x="{shown}-12-31" data-y="{score}"' in text_of
    assert f'href="{page}{year - 1}"' in text_of
    assert f'href="{page}{year}"' not in text_of.split("data-chart")[1]


def _statements(app: Flask, read: Callable[[], object]) -> int:
    """How many statements reading something takes, once everything remembered is remembered."""
    read()
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        told.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(told)


def test_the_desk_asks_the_same_of_ten_departments_as_of_many(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        watcher = accounts.officer(Role.BUREAU_OPERATOR).user
        city = _officer(deal)[1].jurisdiction_code
    desk = sign_in_as(watcher)
    before = _statements(app, lambda: desk.get("/supervision/departments"))
    with app.app_context(), transaction():
        for number in range(6):
            organising.create_organisation(
                name=f"青河市第{number}局",
                kind=OrganisationKind.AGENCY,
                credit_code=accounts.new_credit_code(OrganisationKind.AGENCY),
                jurisdiction_code=city,
                function=OrganisationFunction.DEPARTMENT,
                office_code=f"xj{number}",
                actor=CLOCK,
                now=clock.now(),
            )
    assert _statements(app, lambda: desk.get("/supervision/departments")) == before
    page = desk.get("/supervision/departments").text
    assert "青河市第5局" in page
    # the running year's facts are those of each department asked alone
    with app.app_context():
        offices = people.departments_of([city])
        year, today = clock.today().year, clock.today()
        together = queries.running(offices, year)
        assert together == {each.id: queries.gather(each, year, today).facts for each in offices}
        assert sum(facts.contracts for facts in together.values()) == 1

"""Samples of an audit: drawn so that anybody can redo it, replayed, noted, signed by another."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from marketplace.accounts import queries
from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.supervision import sampling
from marketplace.supervision.models import SampleKind
from marketplace.supervision.rules import draw_sample, population_sha256
from tests.factories import accounts, contracts, ratings

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


def by_hand(record: dict[str, object]) -> list[str]:
    """The draw of a sample done again from its published record, with the standard library only."""
    lines = sorted(f"{each}\n".encode() for each in record["population"])  # type: ignore[attr-defined]
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    told = f"zjcs-sample/1\n{record['number']}\n{record['kind']}\n{digest}\n"
    told += f"{record['head_seq']}\n{record['head']}\n"
    seed = hashlib.sha256(told.encode()).hexdigest()
    assert (digest, seed) == (record["population_sha256"], record["seed"])
    order = [line.decode().strip() for line in lines]
    block = 0
    for last in range(len(order) - 1, 0, -1):
        while True:
            made = hmac.new(seed.encode(), block.to_bytes(8, "big"), hashlib.sha256).digest()
            block += 1
            number = int.from_bytes(made, "big")
            if number < 2**256 - 2**256 % (last + 1):
                break
        other = number % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def test_a_sample_is_drawn_replayed_noted_and_signed_by_another(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        for _firm in range(4):
            ratings.evaluated(accounts.firm().organisation, 1)
        auditor, supervisor = accounts.officer(Role.AUDITOR), accounts.officer(Role.SUPERVISOR)
        operator, helping = (
            accounts.officer(role) for role in (Role.BUREAU_OPERATOR, Role.AUDITOR)
        )
    advance(2 * DAY)
    with app.app_context():
        _forge_a_grade()
    first, second = sign_in_as(auditor.user), sign_in_as(supervisor.user)
    assert sign_in_as(operator.user).get("/supervision/samples").status_code == 403
    new = "/supervision/samples/new"
    assert first.post(new, data={"kind": "grades", "size": "0"}).status_code == 422
    assert "没有可抽查的对象" in first.post(new, data={"kind": "draws", "size": "3"}).text
    page = first.post(new, data={"kind": "grades", "size": "4"}).headers["Location"]
    record = first.get(f"{page}/draw.json").get_json()
    assert by_hand(record) == record["drawn"]
    with app.app_context():
        # published before anybody asked for this sample
        begun = moment(clock.today(), time(0))
        known = select(func.max(AuditRow.seq)).where(AuditRow.at < begun)
        assert record["head_seq"] == db.session.scalar(known) < audit.head()[0]
    shown = first.get(page).text
    assert "4 件中 1 件有差异" in shown
    assert shown.index("有差异</span>") < shown.index("一致</span>")
    refused = first.post(f"{page}/conclusion", data={"conclusion": "总体一致"})
    assert refused.status_code == 422
    assert "有差异，请先写明核查意见" in refused.text
    position = refused.text.split("第 ", 1)[1]
    position = shown.split('class="sampled sampled--wrong" id="item-')[1].split('"')[0]
    noted = first.post(f"{page}/items/{position}", data={"note": "存档等级被改动，已移交"})
    assert noted.status_code == 303
    assert first.post(f"{page}/items/99", data={"note": "没有这一件"}).status_code == 404
    assert first.post(f"{page}/conclusion", data={"conclusion": "一件不符"}).status_code == 303
    assert "须由抽取人、核查人以外的人员签认" in first.get(page).text
    assert first.post(f"{page}/signature", data={"outcome": "sign"}).status_code == 403
    assert second.post(f"{page}/signature", data={"outcome": "return"}).status_code == 422
    back = {"outcome": "return", "note": "请补充移交文号"}
    assert second.post(f"{page}/signature", data=back).status_code == 303
    assert "请补充移交文号" in first.get(page).text
    third = sign_in_as(helping.user)
    added = third.post(f"{page}/items/{position}", data={"note": "已移交，文号附后"})
    assert added.status_code == 303
    assert first.post(f"{page}/conclusion", data={"conclusion": "已补充"}).status_code == 303
    assert third.post(f"{page}/signature", data={"outcome": "sign"}).status_code == 403
    assert second.post(f"{page}/signature", data={"outcome": "sign"}).status_code == 303
    assert "已签认" in first.get(page).text
    assert first.post(f"{page}/items/{position}", data={"note": "再改"}).status_code == 409


def _forge_a_grade() -> None:
    with transaction():
        db.session.execute(
            text(
                "UPDATE rating_subjects SET hundredths = 9999 "
                "WHERE id = (SELECT MIN(id) FROM rating_subjects)"
            )
        )


def test_contracts_are_compared_with_their_text_their_changes_and_their_files(
    app: Flask, advance: Advance
) -> None:
    contracts.completed(app, advance)
    with app.app_context():
        with transaction():
            auditor = accounts.officer(Role.AUDITOR)
            sample = sampling.take_sample(SampleKind.CONTRACTS, 5, auditor.actor, clock.now())
            assert [item.differences for item in sample.items] == [0]
            assert len(sample.items[0].rows) == 3
            again = sampling.take_sample(SampleKind.CONTRACTS, 5, auditor.actor, clock.now())
            assert again.seed != sample.seed
        with transaction():
            db.session.execute(text("UPDATE contracts SET price = price + 100"))
        with transaction():
            forged = sampling.take_sample(SampleKind.CONTRACTS, 5, auditor.actor, clock.now())
            assert [item.differences for item in forged.items] == [1]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_draws_of_the_demo_stand_and_a_forged_one_falls(demo_app: Flask) -> None:
    with demo_app.app_context():
        with transaction():
            person = queries.user_by_login("jijian")
            assert person is not None
            office = queries.home_of(person)
            assert office is not None
            actor = queries.actor_for(person, office)
            sample = sampling.take_sample(SampleKind.DRAWS, 3, actor, clock.now())
            assert [item.differences for item in sample.items] == [0] * sample.size
            assert {len(item.rows) for item in sample.items} == {4}
        with transaction():
            db.session.execute(
                text(
                    "UPDATE selection_rounds SET public_value = 'x' WHERE public_value IS NOT NULL"
                )
            )
        with transaction():
            sample = sampling.take_sample(SampleKind.DRAWS, 3, actor, clock.now())
            assert {item.differences for item in sample.items} == {1}


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_smaller_sample_is_the_beginning_of_a_larger_one(size: int) -> None:
    references = [f"HT-{number:03d}" for number in range(7)]
    seed = population_sha256(references)
    whole = draw_sample(references, 7, seed)
    assert sorted(whole) == references
    assert whole != references
    assert draw_sample(references, size, seed) == whole[:size]

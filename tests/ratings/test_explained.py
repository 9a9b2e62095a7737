"""A rating laid open: the steps add up, every step names its entries, each reader sees his part."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from marketplace.accounts.permissions import Role
from marketplace.accounts.queries import register_of
from marketplace.foundation import clock
from marketplace.foundation.transactions import transaction
from marketplace.ratings import explaining, waterfall
from marketplace.ratings.models import Grade
from tests.factories import accounts, ratings, sanctions

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]


def test_the_steps_lead_from_zero_to_the_score(app: Flask, advance: Advance) -> None:
    """Three perfect marks from owners who marked nobody else, and a yellow card."""
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            organisation_id = firm.organisation.id
            ratings.evaluated(firm.organisation, 3)
            sanctions.card(firm.organisation)
        advance(timedelta(days=2))
        organisation = explaining.db.session.get_one(explaining.Organisation, organisation_id)
        register = register_of(organisation.jurisdiction_code)
        now = clock.now()
        found = explaining.explain(organisation, register, clock.today(), now)
        bars = waterfall.bars(found)
        assert [bar.part for bar in bars] == [
            "prior",
            "owners",
            "departments",
            "inspection",
            "mean",
            "conduct",
            "total",
        ]
        assert found.score is not None
        assert found.score.total is not None
        for before, after in itertools.pairwise(bars[:-1]):
            assert after.is_sum or after.start == before.end
        assert bars[4].end == bars[3].end
        assert abs(bars[5].end - found.score.total) <= Decimal("0.005")
        assert bars[5].points == Decimal(-5)
        assert bars[5].direction == "down"
        changes = waterfall.would_change(found, now)
        by_words = {change.what: change for change in changes}
        card = next(change for words, change in by_words.items() if words.startswith("黄牌到期"))
        assert card.day == found.conduct[0].line.ends_on
        perfect = by_words["新增一份满分评价（另一家业主）"]
        worst = by_words["新增一份 1 分评价（另一家业主）"]
        assert worst.difference < 0 < perfect.difference
        # s = 0.75/5.75; (100·0.5 s + 95·0.2) / (0.5 s + 0.2) = 96.23, less the card's 5
        assert by_words["检查得 95 分"].total == Decimal("91.23")
        assert by_words["检查得 95 分"].letter is Grade.A


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_each_reader_sees_his_part_and_every_entry_its_evidence(
    app: Flask, client: FlaskClient, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm, stranger = accounts.firm(), accounts.firm()
        officer = accounts.officer(Role.BUREAU_OPERATOR)
        ratings.inspected(firm.organisation, 93)
        sanctions.card(firm.organisation)
        page = f"/firms/{firm.organisation.public_id}/rating"
    advance(timedelta(days=2))
    public = client.get(page).text
    assert "黄牌" in public
    assert "/workspace/evidence/" not in public
    assert "前一日" not in public
    own = sign_in_as(firm.user)
    links = sorted(set(re.findall(r"/workspace/evidence/\d+", own.get(page).text)))
    assert len(links) == 2
    assert "前一日" in own.get(page).text
    shown = [own.get(link).text for link in links]
    assert any("检查文书" in text and "按年度检查方案逐项检查" in text for text in shown)
    assert any('href="/cards/' in text for text in shown)
    assert all("适用规则" in text and "计至" in text for text in shown)
    for link in links:
        assert sign_in_as(stranger.user).get(link).status_code == 404
        assert "记录摘要" in sign_in_as(officer.user).get(link).text
    assert own.get("/workspace/evidence/999999999999999999999").status_code == 404


def test_a_page_reads_the_ledger_of_its_subject_once(
    app: Flask, client: FlaskClient, advance: Advance, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        ratings.evaluated(firm.organisation, 4)
        sanctions.card(firm.organisation)
        address, user = f"/firms/{firm.organisation.public_id}/rating", firm.user
    advance(timedelta(days=40))
    own = sign_in_as(user)
    with app.app_context():
        engine = explaining.db.engine
    read: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM rating_ledger" in statement and "parts" in statement:
            read.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        for reader in (client, own):
            for page in (address, f"{address}/changes"):
                read.clear()
                assert reader.get(page).status_code == 200
                assert len(read) == 1, (page, len(read))
    finally:
        event.remove(engine, "before_cursor_execute", count)

"""What the public reads about grades C and D follows the editions in force, register by register."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import ROOT
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.transactions import transaction
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions.consequences import words_of
from marketplace.sanctions.rules import SanctionsPolicy
from tests.factories import accounts, intermediaries, ratings

Advance = Callable[[timedelta], None]
SHIPPED = ROOT / "marketplace/editions/policies/000000"
INSPECTED = "属重点监管，履行中的合同逐份检查"
NO_MONEY = "不得承接政府投资项目"


def _publish(section: type, begins: date, old: str, new: str) -> None:
    name = section.SECTION  # type: ignore[attr-defined]
    text = (SHIPPED / f"{name}-2024-01-01.toml").read_text("utf-8")
    for before, after in (
        ('jurisdiction = "000000"', f'jurisdiction = "{accounts.CITY}"'),
        ("effective_from = 2024-01-01", f"effective_from = {begins}"),
        (old, new),
    ):
        assert before in text
        text = text.replace(before, after)
    policy.publish(policy.parse(f"{name}.toml", text, [section]), CLOCK, clock.now())


@pytest.mark.parametrize(
    ("supervised", "least", "after_c", "after_d"),
    [
        ('["C"]', "B", [INSPECTED, NO_MONEY], []),
        ('["C", "D"]', "B", [INSPECTED, NO_MONEY], [INSPECTED]),
        ('["D"]', "C", [], [INSPECTED]),
        ("[]", "A", [NO_MONEY], []),
    ],
)
def test_the_words_follow_the_editions(
    app: Flask, supervised: str, least: str, after_c: list[str], after_d: list[str]
) -> None:
    with app.app_context(), transaction():
        begins = clock.today() + timedelta(days=1)
        asked = "key_supervision_grades = "
        _publish(SanctionsPolicy, begins, f'{asked}["C"]', f"{asked}{supervised}")
        asked = "government_minimum_grade = "
        _publish(SelectionPolicy, begins, f'{asked}"B"', f'{asked}"{least}"')
        lineage = [accounts.CITY, "000000"]
        assert words_of(Grade.C, lineage, begins) == "；".join(["列入警示名单", *after_c])
        assert words_of(Grade.D, lineage, begins) == "；".join(
            ["列入黑名单，撤下列名，不得承接新业务", *after_d]
        )
        assert words_of(Grade.B, lineage, begins) == ""
        # the day before, and elsewhere, it is still what was published first
        for day, codes in ((clock.today(), lineage), (begins, ["379800", "000000"])):
            assert words_of(Grade.C, codes, day) == f"列入警示名单；{INSPECTED}；{NO_MONEY}"


def test_every_public_page_says_the_same_of_a_firm_in_c(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed()
        ratings.inspected(firm.organisation, 65)
        page = f"/firms/{firm.organisation.public_id}"
        begins = clock.today() + timedelta(days=1)
        asked = "key_supervision_grades = "
        _publish(SanctionsPolicy, begins, f'{asked}["C"]', f'{asked}["D"]')
    advance(timedelta(days=2))
    for address in ("/", "/sanctions", page):
        shown = client.get(address).text
        assert f"列入警示名单；{NO_MONEY}" in shown, address
        assert "重点监管" not in shown, address

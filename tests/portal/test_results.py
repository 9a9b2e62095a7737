"""Results in public, and the entry panel of an open need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation.transactions import transaction
from tests.factories import selection

Advance = Callable[[timedelta], None]


def test_a_result_is_listed_once_it_is_drawn_and_not_before(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        need = selection.entered_need(3, title="城北泵站水土保持方案编制")
        address, shown = f"/results/{need.public_id}", f"/needs/{need.public_id}"
    assert "已有 3 家报名" in client.get(shown).get_data(as_text=True)
    assert address not in client.get("/results").get_data(as_text=True)
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        selection.read_lottery()
    advance(timedelta(minutes=5))
    for page in ("/results", "/"):
        text = client.get(page).get_data(as_text=True)
        assert address in text, page
        assert "36,000.00" in text, page
    assert address in client.get(shown).get_data(as_text=True)
    assert client.get(address).status_code == 200


def test_before_closing_nobody_reads_who_entered(
    app: Flask, client: FlaskClient, sign_in_as: Callable[..., FlaskClient]
) -> None:
    from marketplace.accounts.permissions import Role
    from tests.factories import accounts

    with app.app_context(), transaction():
        entrants = selection.firms(3)
        need = selection.entered_need(entrants=entrants)
        shown = f"/needs/{need.public_id}"
        names = [firm.organisation.name for firm in entrants]
        officer = accounts.officer(Role.BUREAU_OPERATOR)
    for browser in (client, sign_in_as(officer.user), sign_in_as(entrants[0].user)):
        text = browser.get(shown).get_data(as_text=True)
        assert "已有 3 家报名" in text
        assert not [name for name in names[1:] if name in text]


def test_a_firm_reads_why_it_may_or_may_not_enter(
    app: Flask, client: FlaskClient, sign_in_as: Callable[..., FlaskClient]
) -> None:
    from tests.factories import intermediaries

    with app.app_context(), transaction():
        need = selection.open_need()
        shown, enter = f"/needs/{need.public_id}", f"/needs/{need.public_id}/enter"
        (fit,) = selection.firms(1)
        other = intermediaries.listed(("hpwj",))
        stands = selection.firms(1)[0]
        entry = selection.enter(need, stands)
        receipt = f"/entries/{entry.public_id}"
    assert "/sign-in" in client.get(shown).get_data(as_text=True)
    may = sign_in_as(fit.user).get(shown).get_data(as_text=True)
    assert "贵机构符合报名条件" in may
    assert enter in may
    may_not = sign_in_as(other.user).get(shown).get_data(as_text=True)
    assert "贵机构暂不能报名" in may_not
    assert enter not in may_not
    assert receipt in sign_in_as(stands.user).get(shown).get_data(as_text=True)

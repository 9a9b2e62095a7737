"""Published fee lists: fixed, side by side, exported, what a change means."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pypdf
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from marketplace.fees.lists import documents, queries
from marketplace.fees.lists.rules import Change, Effect
from marketplace.fees.lists.tasks import keep_files
from marketplace.foundation import clock
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import intermediaries
from tests.factories.fee_lists import OWN, rows_in
from tests.factories.fees import CITY
from tests.fees.offices import Office, dearer, today


def test_a_published_list_never_changes(app: Flask, office: Office) -> None:
    office.publish([*office.template(), OWN], today(app) + timedelta(days=5))
    office.draft([dearer(3) | {"code": "fswt2"}], today(app) + timedelta(days=9))
    published = "(SELECT id FROM fee_lists WHERE published_at IS NOT NULL)"
    changes = [
        "UPDATE fee_lists SET published_at = NULL WHERE published_at IS NOT NULL",
        f"UPDATE fee_lists SET title = 'x' WHERE id = {published}",
        f"DELETE FROM fee_lists WHERE id = {published}",
        "UPDATE fee_list_rows SET name = 'x' WHERE code = 'fswt'",
        "DELETE FROM fee_list_rows WHERE code = 'fswt'",
        f"UPDATE fee_list_rows SET list_id = {published} WHERE code = 'fswt2'",
        "UPDATE fee_list_rows SET list_id = (SELECT list_id FROM fee_list_rows "
        "WHERE code = 'fswt2') WHERE code = 'fswt'",
    ]
    refusal = "a published fee list never changes"
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            refusal += "|is append-only"
            changes += ["TRUNCATE fee_list_rows", "TRUNCATE fee_lists CASCADE"]
        for change in changes:
            with pytest.raises(DatabaseError, match=refusal), transaction():
                db.session.execute(text(change))
        # a draft is still worked on
        with transaction():
            db.session.execute(text("UPDATE fee_list_rows SET name = 'x' WHERE code = 'fswt2'"))


def test_editions_of_a_place_no_register_serves_are_compared(app: Flask, office: Office) -> None:
    with app.app_context():
        old, new = queries.editions(["000000"])[0], queries.edition_for(CITY, clock.today())
    assert new is not None
    for one, two in ((new.id, old.id), (old.id, old.id)):
        page = office.public.get(f"/fees/lists/compare?old={one}&new={two}")
        assert page.status_code == 200
    assert "0 家机构的 0 项承诺" in page.text


def test_exports_carry_the_head_of_the_document(app: Flask, office: Office) -> None:
    with app.app_context():
        found = queries.edition_for(CITY, clock.today())
        assert found is not None
    page = office.public.get("/fees/lists").text
    assert f"/fees/lists/{found.id}" in page
    sheet = office.public.get(f"/fees/lists/{found.id}/list.xlsx")
    with app.test_request_context():
        rows = rows_in(sheet.data)
        assert {row["code"] for row in rows} == {r.code for r in queries.rows_of_edition(found)}
    pdf = office.public.get(f"/fees/lists/{found.id}/list.pdf").data
    told = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    for words in (found.sha256, "青河市", "施行日期", "工程监理"):
        assert words in told
    assert office.public.get("/fees/lists/999999").status_code == 404


def test_the_files_of_a_published_list_are_made_once(
    app: Flask, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = office.publish([*office.template(), OWN], today(app) + timedelta(days=5))
    addresses = [f"/fees/lists/{edition}/list.{kind}" for kind in ("xlsx", "pdf")]
    # nobody waits for them: before they are kept they are made for the reader
    assert office.public.get(addresses[0]).status_code == 200
    with app.app_context():
        assert keep_files() == 2
        assert keep_files() == 0
        kept = {kind: queries.kept_file(edition, kind) for kind in queries.KINDS}
    monkeypatch.setattr(documents, "made", lambda *_which: pytest.fail("made again"))
    for address, file in zip(addresses, kept.values(), strict=True):
        answer = office.public.get(address)
        assert answer.status_code == 200
        assert file is not None
        assert sha256_hex(answer.data) == file.sha256
    with app.test_request_context():
        assert "fswt" in {row["code"] for row in rows_in(office.public.get(addresses[0]).data)}


def test_two_editions_side_by_side_name_the_firms_touched(app: Flask, office: Office) -> None:
    with app.app_context():
        with transaction():
            name = intermediaries.listed(("jsjl",)).organisation.name
            other = intermediaries.listed(("hpwj",)).organisation.name
        old = queries.edition_for(CITY, clock.today())
        assert old is not None
    rows = [row for row in office.template() if row["code"] != "jsjl"]
    new = office.publish([*rows, OWN], today(app) + timedelta(days=2))
    page = office.public.get(f"/fees/lists/compare?old={new}&new={old.id}").text
    assert name in page
    assert other not in page
    assert "1 家机构的 1 项承诺" in page
    assert "从宽" in page
    assert office.public.get(f"/fees/lists/compare?old={new}").status_code == 422
    assert office.public.get(f"/fees/lists/compare?old={new}&new=999999").status_code == 404


def test_what_a_change_means_for_whom(app: Flask) -> None:
    from dataclasses import replace

    from marketplace.fees.lists.rules import Charge, ListRow, compare

    free = ListRow("aa", "甲")
    priced = replace(free, charge=Charge(None, Decimal(3), "元", "项"), legal_basis="某文件")
    bound = replace(priced, binds="binding", price_form="government_set")
    cheap = replace(bound, charge=Charge(None, Decimal(2), "元", "项"))
    for old, new, effect in (
        (free, priced, Effect.TIGHTER),
        (priced, bound, Effect.TIGHTER),
        (bound, cheap, Effect.TIGHTER),
        (cheap, bound, Effect.LOOSER),
        (bound, priced, Effect.LOOSER),
        (bound, replace(bound, remarks="x"), Effect.OTHER),
    ):
        (found,) = compare([old], [new])
        assert found.change is Change.CHANGED
        assert found.effect is effect, (old, new)
    (dropped,) = compare([bound], [])
    assert (dropped.change, dropped.effect) == (Change.DROPPED, Effect.LOOSER)

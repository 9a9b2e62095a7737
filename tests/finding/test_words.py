"""Names by words: any two characters, whole, in pinyin, by initials, in traditional characters."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from bench.filling import register as invented
from marketplace.accounts import areas
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.finding import indexing, rules
from marketplace.finding.firms import Wanted
from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db, new_public_id
from marketplace.foundation.listing import Sorting
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm
from marketplace.portal.queries import firms, found
from tests.factories import accounts, intermediaries, projects

FIRMS = 140
TRADITIONAL = {after: chr(before) for before, after in reversed(rules._simplified().items())}


def invented_names(count: int) -> list[str]:
    """Names as firms of the trade have them, all different."""
    chance = Random(11)
    parts = (invented._AREAS, invented._TRADES, ("技术", "咨询", "工程", "服务"))
    made = [
        f"{area}{''.join(chance.choices(invented._GIVEN, k=2))}{trade}{kind}有限公司"
        for area, trade, kind in product(*parts)
    ]
    return chance.sample(sorted(set(made)), count)


def fill(names: list[str]) -> None:
    """Firms of these names on the register, written past every action."""
    with transaction():
        one = intermediaries.listed().firm
        firm = dict(db.session.execute(select(Firm.__table__).filter_by(id=one.id)).one()._mapping)
        table = Organisation.__table__
        body = dict(
            db.session.execute(select(table).filter_by(id=one.organisation_id)).one()._mapping
        )
        for key in ("id", "public_id"):
            firm.pop(key), body.pop(key)
        for number, name in enumerate(names):
            changed = {"name": name, "credit_code": f"91379902MA{number:08d}"}
            made = db.session.execute(
                insert(table).values(**body | changed, public_id=new_public_id())
            ).inserted_primary_key
            assert made is not None
            row = firm | {"organisation_id": made[0], "public_id": new_public_id()}
            db.session.execute(insert(Firm.__table__).values(**row))
        epoch.raise_public()


def test_every_name_is_found_by_each_of_its_pieces_and_first_by_the_whole(app: Flask) -> None:
    names = invented_names(FIRMS)
    with app.app_context():
        fill(names)
        assert list(indexing.differences()) == []
        area, now = areas.chosen(), clock.now()
        listed = [each.name for each in catalogue.items(clock.local_day(now), area.lineage)]
        keys = dict(db.session.execute(select(Organisation.name, Firm.id).join(Firm)).all())
        standing = firms.search(Wanted(accounts.CITY), now)
        everybody = set(standing.page("", False, 0, 10_000))
        assert len(names) + len(listed) >= 200

        offering = firms.search(Wanted(accounts.CITY, item_code="hpwj"), now)
        others = set(offering.page("", False, 0, 9))
        for piece in {name[at : at + 2] for name in names for at in range(len(name) - 1)}:
            got = set(firms.search(Wanted(accounts.CITY, piece), now).page("", False, 0, 10_000))
            called = {keys[each] for each in names if piece in each}
            # of those not called so, only who offers what is called so
            assert called <= got <= called | others, piece
        for name in names:
            letters = rules.initials(rules.reading(name))
            for words in (
                name,
                letters,
                letters.upper(),
                "".join(TRADITIONAL.get(c, c) for c in name),
            ):
                page = firms.firms_page(
                    firms.search(Wanted(accounts.CITY, words), now), Sorting(), 1
                )
                assert name in [row.name for row in page.items], words
            whole = rules.reading(name).replace(" ", "")
            looked = firms.search(Wanted(accounts.CITY, whole), now)
            assert keys[name] in looked.page("", False, 0, 20)
        assert everybody >= {keys[name] for name in names}

        for name in listed:
            folded = rules.fold(name)
            for piece in {folded[at : at + 2] for at in range(len(folded) - 1)}:
                assert name in [each.name for each in found.items(piece, area, now)], piece
            for words in (
                name,
                rules.initials(rules.reading(folded)),
                "".join(TRADITIONAL.get(c, c) for c in name),
            ):
                assert name in [each.name for each in found.items(words, area, now)][:20], words


@pytest.mark.parametrize(
    "words",
    [
        "净源",
        "青河净源环境咨询有限公司",
        "淨源環境諮詢",
        "ＱＨＪＹ",
        "jingyuan",
        "jingyuanhuanj",
        "净源 咨询",
        "环评",
        "環境影響評價",
        "hpwj",
    ],
)
def test_a_firm_is_found_by(app: Flask, client: FlaskClient, words: str) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(name="青河净源（集团）环境咨询有限公司")
        intermediaries.listed(name="青河净源环境咨询有限公司")
        intermediaries.listed(("jsjl",), name="东城监理有限公司")
    text = client.get("/firms", query_string={"q": words}).get_data(as_text=True)
    assert "青河净源环境咨询有限公司" in text
    assert "东城监理" not in text


def test_one_box_finds_items_by_what_people_call_them_needs_and_notices(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        projects.published(title="城北泵站方案编制")
        intermediaries.listed(name="青河净源环境咨询有限公司")
    for words in ("环评", "環評", "hp", "huanping"):
        text = client.get("/search", query_string={"q": words}).get_data(as_text=True)
        assert 'href="/items/hpwj"' in text, words
        # the firm offers it, the need asks for it
        assert "青河净源环境咨询有限公司" in text, words
    assert "城北泵站方案编制" in client.get("/search?q=城北").get_data(as_text=True)
    assert "城北泵站方案编制" in client.get("/needs?q=cbbz").get_data(as_text=True)
    assert "入驻公示" in client.get("/search?q=净源").get_data(as_text=True)


def test_bad_words_find_nothing_and_break_nothing(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(name="青河净源环境咨询有限公司")
    for words in ("%", "（）", "'; DROP TABLE firms", "xian" * 25, "_", "\\", "a" * 100):
        for page in ("/firms", "/search", "/needs"):
            answer = client.get(page, query_string={"q": words})
            assert answer.status_code == 200, words
    assert "青河净源" not in client.get("/firms?q=没有").get_data(as_text=True)

"""The public pages come out right for a visitor, whatever is asked of them."""

from __future__ import annotations

from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

PAGES = [
    "/",
    "/firms",
    "/firms?item=hpwj&grade=A",
    "/search?q=环境",
    "/needs",
    "/search",
    "/policies",
    "/data",
    "/accessibility",
]
NONSENSE = ["?q=%00%ff", "?page=0", "?page=99999999999999999999", "?page=-1&page=2", "?status=x"]


def fetch(client: FlaskClient, address: str) -> str:
    """The page, checked to be a 200, well formed, with one H1 that its title repeats."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    tree = parser.parse(answer.data)
    assert parser.errors == []
    headings = [" ".join("".join(h.itertext()).split()) for h in tree.iter("h1")]
    assert len(headings) == 1
    title = "".join(tree.find("head/title").itertext())
    assert title.startswith(headings[0])
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("address", PAGES)
def test_public_pages_are_well_formed(client: FlaskClient, address: str) -> None:
    fetch(client, address)


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("address", ["/needs", "/firms", "/search"])
def test_nonsense_in_the_address_is_read_as_nothing(
    client: FlaskClient, address: str, nonsense: str
) -> None:
    fetch(client, address + nonsense)


def test_every_shipped_edition_shows_its_numbers_and_its_file(
    app: Flask, client: FlaskClient
) -> None:
    from sqlalchemy import select

    from marketplace.foundation.crypto import sha256_hex
    from marketplace.foundation.db import db
    from marketplace.foundation.policy import PolicyEdition

    with app.app_context():
        editions = [
            (row.id, row.title, row.sha256) for row in db.session.scalars(select(PolicyEdition))
        ]
    assert editions
    for edition_id, title, sha256 in editions:
        page = fetch(client, f"/policies/{edition_id}")
        assert title in page
        assert sha256 in page
        assert sha256_hex(client.get(f"/policies/{edition_id}/source.toml").data) == sha256


def test_what_does_not_exist_answers_404_without_internals(client: FlaskClient) -> None:
    for address in ("/policies/999999", "/needs/nosuchneed", "/nowhere"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "没有找到页面" in answer.get_data(as_text=True)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_number_of_every_shipped_edition_has_a_title(app: Flask) -> None:
    import tomllib

    from marketplace.portal.queries.policies import values_of
    from marketplace.portal.titles import SECTIONS, title_of

    files = sorted(Path("marketplace/editions/policies").glob("*/*.toml"))
    assert files
    with app.app_context():
        for path in files:
            edition = tomllib.loads(path.read_text("utf-8"))
            assert edition["section"] in SECTIONS, path
            untitled = [
                key
                for key, _text in values_of(edition["values"])
                if title_of(edition["section"], key) == key
            ]
            assert untitled == [], path

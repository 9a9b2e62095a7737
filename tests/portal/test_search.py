"""Finding, narrowing and comparing firms; the listing on paper."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation.transactions import transaction
from tests.factories import intermediaries


def counts(text: str, param: str) -> dict[str, int]:
    """Facet value → count of the group that narrows by ``param``."""
    found = re.findall(
        rf'href="\?(?:[^"]*&amp;)?{param}=([^"&]+)[^>]*>\s*<span>[^<]*</span>\s*'
        r'<span class="facets__count">(\d+)',
        text,
    )
    return {value: int(count) for value, count in found}


def test_facets_say_how_many_each_choice_would_leave(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        for name in ("净源", "碧水", "青杉"):
            intermediaries.listed(name=f"青河{name}环境咨询有限公司")
    text = client.get("/firms").get_data(as_text=True)
    assert counts(text, "grade") == {"ungraded": 3}
    assert counts(text, "item")["hpwj"] == 3
    assert counts(text, "home") == {"379902": 3}
    # a facet counts what stands under the other choices, words included
    narrowed = client.get("/firms?q=碧水").get_data(as_text=True)
    assert counts(narrowed, "grade") == {"ungraded": 1}
    assert "青河净源" not in narrowed
    assert "没有符合条件的机构" in client.get("/firms?home=379921").get_data(as_text=True)
    # up and down by name
    names = re.compile(r"青河(净源|碧水|青杉)环境")
    up = list(dict.fromkeys(names.findall(client.get("/firms?sort=name").get_data(as_text=True))))
    down = list(
        dict.fromkeys(names.findall(client.get("/firms?sort=-name").get_data(as_text=True)))
    )
    assert len(up) == 3
    assert down == up[::-1]


def test_chosen_firms_stand_side_by_side_and_no_others(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firms = [intermediaries.listed(name=f"青河{name}有限公司") for name in "甲乙丙丁戊己"]
        ids = [firm.organisation.public_id for firm in firms]
        draft = intermediaries.drafted(name="青河筹备有限公司").organisation.public_id
    page = "/firms/compare?" + "&".join(f"firm={each}" for each in [ids[1], ids[0], draft])
    text = client.get(page).get_data(as_text=True)
    assert text.index("青河乙有限公司") < text.index("青河甲有限公司")
    assert "青河丙有限公司" not in text
    assert "青河筹备" not in text
    everybody = client.get("/firms/compare?" + "&".join(f"firm={each}" for each in ids))
    assert "青河戊有限公司" in everybody.get_data(as_text=True)
    assert "青河己有限公司" not in everybody.get_data(as_text=True)
    assert "没有选择机构" in client.get("/firms/compare").get_data(as_text=True)


def test_the_listing_on_paper_leads_back_to_the_firms_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(name="青河净源环境咨询有限公司").organisation
        draft = intermediaries.drafted(name="青河筹备有限公司").organisation.public_id
        public_id, code = firm.public_id, firm.credit_code
    paper = client.get(f"/firms/{public_id}/certificate").get_data(as_text=True)
    for part in ("青河净源环境咨询有限公司", code, "未评级", f"/firms/{public_id}/qr.svg"):
        assert part in paper
    picture = client.get(f"/firms/{public_id}/qr.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.get_data().startswith(b"<svg")
    for part in ("certificate", "qr.svg"):
        assert client.get(f"/firms/{draft}/{part}").status_code == 404


def test_the_item_list_narrows_by_words_category_and_department(client: FlaskClient) -> None:
    everything = client.get("/items").get_data(as_text=True)
    assert "/items/jsjl" in everything
    narrowed = client.get("/items?q=水土保持方案").get_data(as_text=True)
    assert "/items/stbc" in narrowed
    assert "/items/jsjl" not in narrowed
    assert "/items/stbc" not in client.get("/items?category=工程建设").get_data(as_text=True)
    assert "没有符合条件的服务事项" in client.get("/items?department=无").get_data(as_text=True)

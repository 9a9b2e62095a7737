"""Finding, narrowing and comparing firms; the listing on paper."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation import epoch
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm
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
        pausing = firms[1].firm.id
        draft = intermediaries.drafted(name="青河筹备有限公司").organisation.public_id
    page = "/firms/compare?" + "&".join(f"firm={each}" for each in [ids[1], ids[0], draft])
    text = client.get(page).get_data(as_text=True)
    assert text.index("青河乙有限公司") < text.index("青河甲有限公司")
    assert "青河丙有限公司" not in text
    assert "青河筹备" not in text
    assert "重新选择" in text
    assert text.count(">正常接单</td>") == 2
    with app.app_context(), transaction():
        db.session.get_one(Firm, pausing).paused = True
        epoch.raise_public()
    told = client.get(f"{page}&q=1").get_data(as_text=True)
    assert (told.count(">暂停接单</td>"), told.count(">正常接单</td>")) == (1, 1)
    everybody = client.get("/firms/compare?" + "&".join(f"firm={each}" for each in ids))
    assert "青河戊有限公司" in everybody.get_data(as_text=True)
    assert "青河己有限公司" not in everybody.get_data(as_text=True)
    nothing = client.get("/firms/compare").get_data(as_text=True)
    assert "没有选择机构" in nothing
    assert "重新选择" not in nothing


def test_the_listing_on_paper_leads_back_to_the_firms_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(name="青河净源环境咨询有限公司").organisation
        draft = intermediaries.drafted(name="青河筹备有限公司").organisation.public_id
        public_id, code = firm.public_id, firm.credit_code
    paper = client.get(f"/firms/{public_id}/certificate").get_data(as_text=True)
    for part in ("青河净源环境咨询有限公司", code, "未评级", f"/firms/{public_id}/register.svg"):
        assert part in paper
    picture = client.get(f"/firms/{public_id}/register.svg")
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


def test_what_is_picked_stays_in_the_address_through_filters_and_back(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        firms = [intermediaries.listed(name=f"青河{name}有限公司") for name in "甲乙"]
        one, other = (firm.organisation.public_id for firm in firms)
    text = client.get(f"/firms?q=甲&firm={one}&firm={other}&firm={'x' * 13}").get_data(as_text=True)
    # the one on the page by its box, the one that is not by a hidden field, the unknown not at all
    assert re.search(rf'<input type="checkbox"[^>]*value="{one}"[^>]* checked', text)
    assert f'<input type="hidden" name="firm" value="{other}">' in text
    assert f'value="{"x" * 13}"' not in text
    assert f'href="?q=%E7%94%B2&amp;firm={one}"' in text  # without the other
    compared = client.get(f"/firms/compare?q=甲&firm={one}&firm={other}").get_data(as_text=True)
    assert f'href="/firms?q=%E7%94%B2&amp;firm={one}&amp;firm={other}"' in compared
    assert "暂无评价" in compared


def test_counts_above_a_thousand_are_told_as_such(app: Flask) -> None:
    with app.test_request_context("/firms"):
        macro = app.jinja_env.get_template("components/facets.html").module
        groups = [{"title": "等级", "param": "grade", "entries": [("A", "A 级", 1001, False)]}]
        assert "1000+" in str(macro.facets(groups))
        groups[0]["entries"] = [("A", "A 级", 1000, False)]
        assert ">1000<" in str(macro.facets(groups))


def test_suggestions_are_a_part_for_htmx_and_a_search_for_everybody_else(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        intermediaries.listed(name="青河净源环境咨询有限公司")
    # a part of a page, which the reading client would call unfinished
    asking = FlaskClient(app, app.response_class)
    part = asking.get("/search/suggestions?q=jingy", headers={"HX-Request": "true"})
    assert "青河净源环境咨询有限公司" in part.get_data(as_text=True)
    assert "<html" not in part.get_data(as_text=True)
    plain = client.get("/search/suggestions?q=jingy")
    assert plain.status_code == 302
    assert plain.headers["Location"] == "/search?q=jingy"

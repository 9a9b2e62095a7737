"""The language of a page: chosen by a switch, kept, spoken and marked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext

from marketplace.foundation import languages, showing
from tests.pages import faults

MOMENT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _switch(page: str) -> str:
    found = re.search(r'<a href="([^"]*)" lang="(?:en|zh-CN)" hreflang=', page)
    assert found, "no language switch"
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_switch_keeps_the_page_and_its_question(client: FlaskClient) -> None:
    page = client.get("/needs?q=环境&page=1")
    assert '<html lang="zh-CN">' in page.text
    answer = client.get(_switch(page.text))
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/needs?q=%E7%8E%AF%E5%A2%83&page=1"
    english = client.get(answer.headers["Location"])
    assert '<html lang="en">' in english.text
    assert '<html lang="en">' in client.get("/fees").text, "the choice is kept"
    back = client.get(_switch(english.text))
    assert '<html lang="zh-CN">' in client.get(back.headers["Location"]).text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_switch_leads_nowhere_else(client: FlaskClient) -> None:
    for path in ("//elsewhere.example/x?lang=en", "/%2Felsewhere.example?lang=en"):
        location = client.get(path).headers.get("Location", "/")
        assert location.startswith("/"), path
        assert not location.startswith("//"), path
    assert "Location" not in client.get("/?lang=xx").headers
    client.set_cookie("lang", "xx")
    assert '<html lang="zh-CN">' in client.get("/").text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_refused_form_can_be_read_in_the_other_language(client: FlaskClient) -> None:
    page = client.post("/sign-in?next=/workspace", data={"login": "", "password": ""})
    assert page.status_code == 422
    answer = client.get(_switch(page.text))
    assert answer.headers["Location"] == "/sign-in?next=%2Fworkspace"
    refused = client.post("/sign-in", data={"login": "", "password": ""})
    assert "Fill in this field" in refused.text
    assert faults(refused.text) == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_page_without_an_address_of_its_own_leads_home(client: FlaskClient) -> None:
    refused = client.post("/sign-out")
    assert refused.status_code == 401
    assert _switch(refused.text) == "/?lang=en"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_error_pages_speak_english_too(client: FlaskClient) -> None:
    client.set_cookie("lang", "en")
    missing = client.get("/nowhere")
    assert missing.status_code == 404
    assert "Page not found" in missing.text
    assert "没有找到页面" not in missing.text


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_dates_amounts_and_numbers_read_as_english(app: Flask) -> None:
    with app.test_request_context():
        assert showing.show_datetime(MOMENT) == "2026年11月22日 17:00"
        assert showing.show_deadline(MOMENT) == "2026年11月22日 17:00"
        assert showing.show_deadline(MOMENT + timedelta(hours=7)) == "2026年11月22日 24:00"
        assert showing.show_wan(Decimal(125_000)) == "12.5 万元"
        with force_locale("en"):
            assert showing.show_datetime(MOMENT) == "22 November 2026, 17:00"
            assert showing.show_date(MOMENT) == "22 November 2026"
            assert showing.show_wan(Decimal(125_000)) == "125,000 yuan"
            assert gettext("剩 %(minutes)d 分钟", minutes=1) == "1 minute left"
            assert gettext("剩 %(minutes)d 分钟", minutes=9) == "9 minutes left"
            with languages.for_storing():
                assert gettext("剩 %(minutes)d 分钟", minutes=9) == "剩 9 分钟"
            assert gettext("剩 %(minutes)d 分钟", minutes=2) == "2 minutes left"


def test_a_number_chooses_its_form() -> None:
    text = "%(a)s {a|firm|firms}, %(b)s {b|day is|days are} left"
    values = {"a": 1, "b": "2"}
    assert languages.counted(text, values) % values == "1 firm, 2 days are left"


@pytest.mark.parametrize(
    ("page", "marked"),
    [
        ("<td>青河公司</td>", '<td lang="zh-CN">青河公司</td>'),
        ("<td>青河 2 号</td>", '<td lang="zh-CN">青河 2 号</td>'),
        ("<p>Run by: 青河市</p>", '<p>Run by: <span lang="zh-CN">青河市</span></p>'),
        (
            "<p>See 发改价格[2007]670号 附表二 基价表, 3.</p>",
            '<p>See <span lang="zh-CN">发改价格[2007]670号 附表二 基价表</span>, 3.</p>',
        ),
        ("<option>环评</option>", '<option lang="zh-CN">环评</option>'),
        ("<option>环评 (off the list)</option>", "<option>环评 (off the list)</option>"),
        ('<b lang="zh-CN">环评</b>', '<b lang="zh-CN">环评</b>'),
        ('<a title="环评">Open</a>', '<a title="环评">Open</a>'),
        (
            "<p><b>1</b> 环评 <b>2</b></p>",
            '<p><b>1</b> <span lang="zh-CN">环评</span> <b>2</b></p>',
        ),
    ],
)
def test_chinese_data_is_marked_on_an_english_page(page: str, marked: str) -> None:
    assert languages.marked(f"<body>{page}") == f"<body>{marked}"

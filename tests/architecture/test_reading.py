"""The reading of pages sees what it is there for: each fault, put into a good page, is named."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.pages import ReadingClient, faults

GOOD = """<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>报名 - 中介超市</title><script src="/a.js" defer></script></head>
<body>
<main>
  <h1>报名</h1>
  <form method="post"><label for="price">报价</label><input id="price" name="price">
    <button type="submit">提交报名</button></form>
  <table><tr><th scope="col">项目</th></tr><tr><td>环评 &amp; 水保</td></tr></table>
  <a href="/needs">需求公告</a>
</main>
</body>
</html>
"""


def test_a_good_page_has_no_faults() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("</form>", "", "End tag (main) seen too early"),
        ("<h1>报名</h1>", "", "0 first-level headings"),
        ("<h1>报名</h1>", "<h1>报名</h1><h1>报名</h1>", "2 first-level headings"),
        ("<h1>报名</h1>", "<h1>应答</h1>", "does not name the heading '应答'"),
        ("<title>报名 - 中介超市</title>", "", "no title"),
        (' lang="zh-CN"', "", "no language"),
        ("<main>", '<main><p id="price">重复</p>', "id 'price' stands 2 times"),
        ('<label for="price">报价</label>', "", "field without label: price"),
        ("<h1>", '<p aria-describedby="gone">注</p><h1>', "names 'gone'"),
        ("<h1>", '<p style="color:red">注</p><h1>', "inline code: p style"),
        ("<h1>", '<p onclick="go()">注</p><h1>', "inline code: p onclick"),
        ("<h1>", "<script>go()</script><h1>", "inline script"),
        ("<h1>", '<img src="/x.svg"><h1>', "image without alt"),
        ("提交报名", " ", "nameless button"),
        ("需求公告", "", "nameless a"),
        ('<a href="/needs">', "<a>", "a link that leads nowhere"),
        ('<th scope="col">项目</th>', "<td>项目</td>", "a table without header cells"),
        ("&amp;", "&", "ampersand"),
    ],
)
def test_a_fault_is_seen(good: str, bad: str, fault: str) -> None:
    assert good in GOOD
    found = faults(GOOD.replace(good, bad))
    assert any(fault in each for each in found), found


def test_the_client_refuses_a_faulty_page_whatever_its_status() -> None:
    app = Flask(__name__)
    app.test_client_class = ReadingClient
    app.add_url_rule("/good", view_func=lambda: GOOD, endpoint="good")
    app.add_url_rule(
        "/bad", view_func=lambda: (GOOD.replace("<h1>报名</h1>", ""), 422), endpoint="bad"
    )
    browser = app.test_client()
    assert browser.get("/good").status_code == 200
    with pytest.raises(AssertionError, match=r"/bad \(422\): 0 first-level headings"):
        browser.get("/bad")

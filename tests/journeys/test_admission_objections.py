"""Objections to the public notice of an admission, in real browsers: one unfounded, one founded.

The firm applies under the edition that reviews, is listed and shown to the public; another firm
reads the notice and objects in the form; an officer answers in public, the approver decides. Each
of them sees at every step what happened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.accounts.permissions import Role
from tests.browser.people import Cast, fill, press, text
from tests.browser.test_first_light import POINTS
from tests.browsing import NARROW, Visitor
from tests.factories import accounts, intermediaries

pytestmark = [pytest.mark.browser, pytest.mark.long]
NAME = "青河净源环境咨询有限公司"
WORDS = "该机构法定代表人在行政机关任职，未与主管部门脱钩，请核实。"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_unfounded_objection_and_a_founded_one(
    app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
) -> None:
    cast = Cast(app, visitor, advance)
    firm = cast.make(lambda: intermediaries.submitted(("stbc",), name=NAME).user.login)
    rivals = [cast.make(lambda: accounts.firm().user.login) for _each in range(2)]
    operator, approver = (
        cast.login_of(lambda role=role: accounts.officer(role))
        for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
    )

    # checked by one officer, listed by another, shown to the public
    desk = cast.at(operator)
    desk.open("/supervision/applications")
    desk.follow(desk.page.locator("main").get_by_role("link", name=re.compile(NAME)))
    review = desk.page.url.removeprefix(desk.address)
    fill(desk, **dict.fromkeys(POINTS, "pass"), outcome="list")
    press(desk, "提交审查结论")
    decides = cast.at(approver)
    decides.open(review)
    fill(decides, outcome="list", reason="各项符合入驻条件")
    press(decides, "作出决定")
    own = cast.at(firm)
    own.open("/firm")
    assert "入驻公示与异议" in text(own)
    assert "没有收到异议" in text(own)

    # anybody finds the notice; only whoever is signed in for an organisation objects
    anybody = visitor(size=NARROW)
    anybody.open("/notices")
    anybody.follow(anybody.page.locator("main").get_by_role("link", name=re.compile(NAME)))
    notice = anybody.page.url.removeprefix(anybody.address)
    assert "尚无异议" in text(anybody)
    anybody.follow(anybody.page.get_by_role("link", name="提出异议"))
    assert "/sign-in" in anybody.page.url

    answers = {
        "rejected": "经核查，该机构法定代表人已于 2024 年辞去公职，异议不成立。",
        "upheld": "经向编办核实，该机构法定代表人仍在编在岗，异议成立。",
    }
    for rival, (conclusion, answer) in zip(rivals, answers.items(), strict=True):
        objector = cast.at(rival)
        objector.open(notice)
        objector.follow(objector.page.get_by_role("link", name="提出异议"))
        fill(objector, text="太短")
        press(objector, "提交异议", 422)
        fill(objector, text=WORDS)
        press(objector, "提交异议")
        assert "异议已提交" in text(objector)
        assert WORDS in text(objector)
        # neither the firm nor the public reads who objected, or what
        for window in (anybody, cast.at(firm)):
            window.open(notice)
            assert "答复期限" in text(window)
            assert WORDS not in text(window)
        own = cast.at(firm)
        own.open("/firm")
        assert "答复期限" in text(own)
        assert WORDS not in text(own)

        desk = cast.at(operator)
        desk.open("/workspace")
        assert "答复异议" in text(desk)
        desk.open(review)
        assert WORDS in text(desk)
        desk.follow(desk.page.get_by_role("link", name="答复异议", exact=True).last)
        fill(desk, conclusion=conclusion, answer=answer)
        press(desk, "公布答复")
        assert "答复已公布" in text(desk)
        for window in (anybody, cast.at(rival), cast.at(firm)):
            window.open(notice)
            assert answer in text(window)
        objector = cast.at(rival)
        objector.open("/workspace/messages")
        assert "异议已答复" in text(objector)
        cast.wait(timedelta(minutes=1))
        own = cast.at(firm)
        own.open("/firm")
        assert answer in text(own)
        listed = "暂停上架" not in text(own)
        assert listed == (conclusion == "rejected")

    # founded: off the lists at once; the approver sees why, and removes with reasons
    anybody.open("/firms")
    assert NAME not in text(anybody)
    decides = cast.at(approver)
    decides.open("/workspace")
    decides.follow(decides.page.get_by_role("link", name=re.compile("处理入驻异议")))
    assert answers["upheld"] in text(decides)
    assert WORDS in text(decides)
    fill(decides, outcome="remove", reason="未脱钩，不符合入驻条件")
    press(decides, "作出决定")
    own = cast.at(firm)
    own.open("/firm")
    assert "未脱钩，不符合入驻条件" in text(own)
    assert "重新申请入驻" in text(own)
    narrow = visitor(size=NARROW)
    narrow.open(notice)
    assert "异议成立" in text(narrow)
    assert not narrow.is_wider_than_its_window()

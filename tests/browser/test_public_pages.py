"""What a visitor meets in a real browser: wide, narrow, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsing import NARROW, WIDE, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_public_page_linked_from_home_opens(
    visitor: Callable[..., Visitor], size: tuple[int, int], javascript: bool
) -> None:
    window = visitor(size=size, javascript=javascript)
    assert window.open("/") == 200
    links = {link.get_attribute("href") or "" for link in window.page.locator("a[href^='/']").all()}
    assert len(links) > 5
    for path in sorted({"/"} | links):
        assert window.open(path) == 200, path
        assert window.page.locator("h1").count() == 1, path
        assert window.page.title(), path
        if javascript:
            assert not window.is_wider_than_its_window(), path

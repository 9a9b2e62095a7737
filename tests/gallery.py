"""The pictures of the README: the twelve pages of the site, photographed in its demo.

    scripts/screenshots            all of them into docs/gallery
    scripts/screenshots home firm  only these

The demo is started on a free port with a data folder of its own and stopped afterwards. Dates in
the pictures are those of the day they are made; people, firms and prices are the demo's.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from config import ROOT
from marketplace.accounts.rules import DEMO_PASSWORD
from marketplace.demo.people import FIRMS
from tests.browsing import Visitor, launch
from tests.journeys.test_serve import Running

FOLDER = ROOT / "docs" / "gallery"
WIDE, NARROW = 1280, 360
MOST_HEIGHT = {WIDE: 1100, NARROW: 900}
PATIENCE_SECONDS = 900

# name of the picture, who looks, how to get there from the address it starts at
Way = Callable[[Visitor], None]


def at(path: str) -> Way:
    """Straight to an address."""

    def go(window: Visitor) -> None:
        assert window.open(path) == 200, path

    return go


def through(path: str, *patterns: str) -> Way:
    """From a page along the links: to the first whose address has the pattern, from there on."""

    def go(window: Visitor) -> None:
        at(path)(window)
        for each in patterns:
            _follow(window, each)

    return go


def _follow(window: Visitor, pattern: str) -> None:
    addresses = [
        str(link.get_attribute("href")) for link in window.page.locator("main a[href]").all()
    ]
    found = next((each for each in addresses if re.fullmatch(pattern, each.split("?")[0])), None)
    assert found, f"no {pattern} on {window.page.url}: {addresses}"
    at(found)(window)


def ended(path: str, pattern: str, *further: str) -> Way:
    """The same, beginning with the last of the list: what is furthest along."""

    def go(window: Visitor) -> None:
        at(path)(window)
        found = [
            str(link.get_attribute("href")) for link in window.page.locator("main a[href]").all()
        ]
        last = [each for each in found if re.fullmatch(pattern, each)][-1]
        through(last, *further)(window)

    return go


def reckoned(window: Visitor) -> None:
    """The fee of supervising a building that costs 80 million yuan, offered for 1.5 million."""
    at("/fees?item=jsjl")(window)
    page = window.page
    page.get_by_label("建筑安装工程费").fill("8000")
    for label in ("专业调整系数", "工程复杂程度"):
        page.get_by_label(label).select_option(index=2)
    page.get_by_label("要核对的价格").fill("1500000")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()


def sampled(window: Visitor) -> None:
    """An audit's sample drawn in this demo, or the ledger where none can be drawn."""
    at("/supervision/samples")(window)
    samples = window.page.locator("main a[href^='/supervision/samples/']")
    addresses = [str(each.get_attribute("href")) for each in samples.all()]
    drawn = [each for each in addresses if re.fullmatch(rf"/supervision/samples/{ID}", each)]
    if drawn:
        at(drawn[0])(window)


def verified(window: Visitor) -> None:
    """The latest result that was drawn by lot."""
    at("/results")(window)
    drawn = window.page.locator("main tr", has=window.page.locator("a[href*='/verify']")).first
    at(str(drawn.locator("a").first.get_attribute("href")))(window)


ID = r"[0-9a-z]{13}"
FIRM = f"/search?q={FIRMS[0].name}"
PICTURES: dict[str, tuple[str, Way]] = {
    "home": ("", at("/")),
    "search": ("", at("/search?q=环境影响")),
    "item": ("", at("/items/hpwj")),
    "firm": ("", through(FIRM, rf"/firms/{ID}")),
    "need": ("", through("/needs", rf"/needs/{ID}")),
    "result": ("", verified),
    "calculator": ("", reckoned),
    "workspace": ("jingban", at("/workspace")),
    "story": (
        "jiaotong",
        ended("/owner/needs", rf"/owner/needs/{ID}", rf"/workspace/needs/{ID}/story"),
    ),
    "review": ("jingban", through("/supervision/applications", rf"/supervision/applications/{ID}")),
    "rating": ("", through(FIRM, rf"/firms/{ID}", rf"/firms/{ID}/rating")),
    "audit": ("jijian", sampled),
}


@contextmanager
def demo() -> Iterator[str]:
    """A freshly started demo; its address."""
    with tempfile.TemporaryDirectory(prefix="gallery-") as folder:
        running = Running(Path(folder))
        try:
            running.wait_until_ready(PATIENCE_SECONDS)
            yield f"http://127.0.0.1:{running.port}"
        finally:
            running.end()


def photograph(window: Visitor, file: Path, width: int) -> None:
    """The page from its top, as far down as a picture should reach."""
    height = int(window.page.evaluate("document.documentElement.scrollHeight"))
    window.page.screenshot(
        path=file,
        full_page=True,
        animations="disabled",
        caret="hide",
        clip={"x": 0, "y": 0, "width": width, "height": min(height, MOST_HEIGHT[width])},
    )


def main(names: list[str]) -> None:
    """Make the named pictures, or all."""
    FOLDER.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for name, (login, go) in PICTURES.items():
            if names and name not in names:
                continue
            for width in (WIDE, NARROW):
                window = Visitor(browser, address, (width, 900 if width == WIDE else 740))
                if login:
                    window.sign_in(login, DEMO_PASSWORD)
                go(window)
                window.page.wait_for_load_state("networkidle")
                file = FOLDER / f"{name}-{width}.png"
                photograph(window, file, width)
                wide = "  wider than its window" if window.is_wider_than_its_window() else ""
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} kB{wide}")
                for complaint in window.complaints:
                    print(f"  {complaint}", file=sys.stderr)
                window.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])

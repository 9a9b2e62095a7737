"""What every page must be, whoever opens it: read it as a browser would and find the faults."""

from __future__ import annotations

import functools
import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from html5lib.constants import E
from werkzeug.test import TestResponse

XHTML = "{http://www.w3.org/1999/xhtml}"
BARE = {204, 301, 302, 303, 304, 308}
NAMED = ("button", "a", "label", "summary", "legend", "th", "h2", "h3", "option")
FIELDS = ("input", "select", "textarea")
# ours are written with a slash or as custom data attributes; neither is a fault
IGNORED = {"non-void-element-with-trailing-slash"}


# what the faults depend on; of all other attributes only whether they are empty matters
TELLING = r"id|for|type|name|lang|alt|role|aria-[a-z]+"
_OTHER_VALUE = re.compile(rf'(\s(?!(?:{TELLING})=)[a-zA-Z:-]+)="[^"]+"')
_TEXT = re.compile(r">[^<>]*[^<>\s][^<>]*(?=<)")
_CHARACTER = re.compile(r"&(?!(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+\d*);)")


class ReadingClient(FlaskClient):
    """A browser that reads every page it is given and refuses one that is not well made."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask for a page; fails when what comes is HTML with faults."""
        answer = super().open(*args, **kwargs)
        read = answer.mimetype == "text/html" and answer.request.method != "HEAD"
        if read and answer.status_code not in BARE:
            found = faults(answer.get_data(as_text=True))
            assert not found, f"{answer.request.path} ({answer.status_code}): {'; '.join(found)}"
        return answer


def faults(text: str) -> list[str]:
    """Everything wrong with the page: its HTML, its names, its title."""
    return [*_faults_of(_skeleton(text)), *_heading(text)]


def _skeleton(text: str) -> str:
    """The page without what it says: two pages with one skeleton have the same faults.

    Reading takes some 20 ms a page and the tests fetch thousands, mostly the same few hundred.
    """
    stray = "&" if _CHARACTER.search(text) else ""
    return stray + _TEXT.sub(_blank, _OTHER_VALUE.sub(r'\1="x"', text))


def _blank(said: re.Match[str]) -> str:
    return ">x" + "\n" * said.group().count("\n")


@functools.lru_cache(maxsize=2000)
def _faults_of(text: str) -> tuple[str, ...]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=True)
    tree: Element = parser.parse(text)
    found = [
        f"line {place[0]}: {E[code] % data}"
        for place, code, data in parser.errors
        if code not in IGNORED
    ]
    if text.startswith("&"):
        found.append("an ampersand that is not written as &amp;")
    return (*found, *_structure(tree), *_labels(tree))


def _heading(text: str) -> Iterator[str]:
    """The one first-level heading must be named by the title."""
    title = _between("title", text)
    heading = _between("h1", text)
    if heading and heading not in title:
        yield f"the title {title!r} does not name the heading {heading!r}"


def _between(name: str, text: str) -> str:
    found = re.search(rf"<{name}\b[^>]*>(.*?)</{name}>", text, re.DOTALL)
    inside = re.sub(r"<[^>]*>", "", found.group(1)) if found else ""
    return " ".join(html.unescape(inside).split())


def links(text: str) -> set[str]:
    """Paths on this site that the page links to, without query and fragment."""
    found = re.findall(r"<a\b[^>]*\shref=\"(/[^\"#?]*)", text)
    return {path for path in found if not path.startswith("//")}


def _all(tree: Element, *names: str) -> Iterator[Element]:
    for element in tree.iter():
        if isinstance(element.tag, str) and element.tag.removeprefix(XHTML) in names:
            yield element


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _structure(tree: Element) -> Iterator[str]:
    headings = list(_all(tree, "h1"))
    if len(headings) != 1 or not _text(headings[0]):
        yield f"{len(headings)} first-level headings"
    if not any(_text(element) for element in _all(tree, "title")):
        yield "no title"
    if len(list(_all(tree, "main"))) != 1:
        yield "not one main part"
    if not next(_all(tree, "html")).get("lang"):
        yield "no language"
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    yield from (f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1)
    yield from _code(tree)
    yield from _nameless(tree)
    for table in _all(tree, "table"):
        if not list(_all(table, "th")):
            yield "a table without header cells"


def _code(tree: Element) -> Iterator[str]:
    for element in tree.iter():
        for attribute, _value in element.items():
            if attribute == "style" or re.fullmatch(r"on[a-z]+", attribute):
                yield f"inline code: {_name(element)} {attribute}"
    for element in _all(tree, "style", "script"):
        if _text(element) or not element.get("src"):
            yield f"inline {_name(element)}"


def _nameless(tree: Element) -> Iterator[str]:
    for image in _all(tree, "img"):
        if image.get("alt") is None:
            yield f"image without alt: {image.get('src')}"
    # what a script fills and then shows may be empty until it does
    hidden = [part for part in tree.iter() if part.get("hidden") is not None]
    filled = {id(inner) for part in hidden for inner in part.iter()}
    for element in _all(tree, *NAMED):
        if id(element) in filled:
            continue
        named = _text(element) or element.get("aria-label") or element.get("title")
        if not named and not any(image.get("alt") for image in _all(element, "img")):
            yield f"nameless {_name(element)}: {dict(element.items())}"
    for link in _all(tree, "a"):
        if not link.get("href"):
            yield f"a link that leads nowhere: {_text(link)!r}"


def _name(element: Element) -> str:
    return str(element.tag).removeprefix(XHTML)


def _labels(tree: Element) -> Iterator[str]:
    labelled = {element.get("for") for element in _all(tree, "label")}
    inside = {id(field) for label in _all(tree, "label") for field in _all(label, *FIELDS)}
    ids = {element.get("id") for element in tree.iter()}
    for field in _all(tree, *FIELDS):
        if field.get("type") in ("hidden", "submit", "button"):
            continue
        if field.get("aria-label") or field.get("aria-labelledby"):
            continue
        if field.get("id") not in labelled and id(field) not in inside:
            yield f"field without label: {field.get('name')}"
    for element in tree.iter():
        for name in ("aria-describedby", "aria-labelledby"):
            for target in (element.get(name) or "").split():
                if target not in ids:
                    yield f"{name} names {target!r}, which is not on the page"

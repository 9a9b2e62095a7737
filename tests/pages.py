"""What every page must be, whoever opens it: read it as a browser would and find the faults."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E

XHTML = "{http://www.w3.org/1999/xhtml}"
FIELDS = ("input", "select", "textarea")
# ours are written with a slash or as custom data attributes; neither is a fault
IGNORED = {"non-void-element-with-trailing-slash"}


def faults(text: str) -> list[str]:
    """Everything wrong with the page's HTML."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=True)
    tree: Element = parser.parse(text)
    found = [
        f"line {place[0]}: {E[code] % data}"
        for place, code, data in parser.errors
        if code not in IGNORED
    ]
    return found + list(_structure(tree)) + list(_labels(tree))


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
    headings = [_text(element) for element in _all(tree, "h1")]
    if len(headings) != 1:
        yield f"{len(headings)} first-level headings"
    title = next((_text(element) for element in _all(tree, "title")), "")
    if headings and headings[0] and headings[0] not in title:
        yield f"the title {title!r} does not name the heading {headings[0]!r}"
    html = next(_all(tree, "html"))
    if not html.get("lang"):
        yield "no language"
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    for name, count in ids.items():
        if count > 1:
            yield f"id {name!r} stands {count} times"
    for element in tree.iter():
        for attribute, _value in element.items():
            if attribute == "style" or re.fullmatch(r"on[a-z]+", attribute):
                yield f"inline code: {element.tag} {attribute}"
    for image in _all(tree, "img"):
        if image.get("alt") is None:
            yield f"image without alt: {image.get('src')}"
    for button in _all(tree, "button", "a"):
        named = _text(button) or button.get("aria-label") or button.get("title")
        if not named and button.find(f".//{XHTML}img") is None:
            yield f"nameless {button.tag.removeprefix(XHTML)}: {dict(button.items())}"
    for table in _all(tree, "table"):
        if not list(_all(table, "th")):
            yield "a table without header cells"


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

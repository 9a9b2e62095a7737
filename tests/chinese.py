"""What is Chinese on an English page, and whether somebody wrote it or the site forgot it."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from pathlib import Path

from flask import Flask
from flask_babel import force_locale, get_translations
from sqlalchemy import JSON, String, Text, select

from marketplace.catalogue.models import CatalogueEdition
from marketplace.catalogue.queries import stated
from marketplace.catalogue.revising.reading import values_of
from marketplace.foundation.db import Base, db

EDITIONS = Path(__file__).parents[1] / "marketplace" / "editions"
# in no table and no edition: the switch back, and the names of national lotteries
PROPER_NAMES = {"中文", "快乐8", "双色球", "超级大乐透", "福彩3D", "排列5"}

_CHINESE = "\u2e80-\u9fff\uff01-\uffef"
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL)
_HEARD = re.compile(
    rf"\s(?:aria-label|alt|title|placeholder|data-[a-z-]+)=\"([^\"]*[{_CHINESE}][^\"]*)\""
)
_RUN = re.compile(f"[{_CHINESE}](?:[^<>\n]*[{_CHINESE}])?")
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_SOME = re.compile(f"[{_CHINESE}]")


def chinese_in(page: str) -> set[str]:
    """The Chinese parts of a page's text and of the attributes people hear."""
    texts = [*_MARKUP.sub("\n", page).splitlines(), *_HEARD.findall(page)]
    return {" ".join(run.split()) for text in texts for run in _RUN.findall(unescape(text))}


@cache
def _editions() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(EDITIONS.rglob("*.toml")))


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _strings(each)]


def stored_texts(app: Flask) -> set[str]:
    """Every text in the database, those inside of JSON too."""
    found: set[str] = set()
    with app.app_context():
        for table in Base.metadata.tables.values():
            for column in table.columns:
                if isinstance(column.type, String | Text | JSON):
                    for value in db.session.scalars(select(column).distinct()):
                        found.update(_strings(value))
        db.session.rollback()
    return found


def english_in(app: Flask) -> set[str]:
    """Stored texts that hold the site's English: they would be read by Chinese readers."""
    with app.app_context(), force_locale("en"):
        catalogue = get_translations()._catalog
    said = {str(text) for key, text in catalogue.items() if key}
    phrases = [text for text in said if " " in text and len(text) > 8 and not set(text) & set("%{")]
    return {
        text
        for text in stored_texts(app)
        if (text in said and text[:1].isupper() and text[1:].islower())
        or any(phrase in text for phrase in phrases)
    }


def _as_filled_in(app: Flask) -> set[str]:
    """The service items as the form shows them in which a change is proposed: line by line."""
    found: set[str] = set()
    with app.app_context():
        for edition in db.session.scalars(select(CatalogueEdition)):
            for item in stated(edition):
                for text in _strings(values_of(item)):
                    found.update(text.splitlines())
        db.session.rollback()
    return found


def data_of(app: Flask) -> str:
    """Everything people and editions have written, in one text."""
    written = stored_texts(app) | _as_filled_in(app)
    return _editions() + "\n" + "\n".join(" ".join(text.split()) for text in written)


def left_over(page: str, data: str) -> list[str]:
    """What a page says in Chinese that is no data."""
    return sorted(run for run in chinese_in(page) if not _is_data(run, data))


def _is_data(run: str, data: str) -> bool:
    """Whether a run, or each of its words where a page puts several together, is data."""
    if not _IDEOGRAPH.search(run):
        return False  # Chinese punctuation between English words
    if run in data or run in PROPER_NAMES:
        return True
    words = [word for word in re.split(r"[\s,]+", run) if _SOME.search(word)]
    if len(words) > 1 and all(len(word) > 1 and word in data for word in words):
        return True
    # texts with a space inside of them, one after the other
    first, _space, rest = run.partition(" ")
    while rest:
        if first in data and len(first) > 1 and _is_data(rest, data):
            return True
        word, _space, rest = rest.partition(" ")
        first = f"{first} {word}"
    return False

"""Every text of the pages has its English, and each English text fits its source."""

from __future__ import annotations

import gettext
import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message

SCRIPT = Path(__file__).parents[2] / "scripts" / "messages.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


messages = _load()


def test_english_is_complete_and_fits() -> None:
    found = messages.faults(messages.kept(), messages.template())
    assert not found, "run scripts/messages and translate:\n" + "\n".join(found)


def test_chinese_texts_use_full_width_marks() -> None:
    """GB/T 15834: commas, colons, semicolons, question marks and brackets beside Chinese."""
    half = re.compile(r"[\u4e00-\u9fff][,;:?(]|[,;:?)][\u4e00-\u9fff]")
    found = [str(each.id) for each in messages.template() if each.id and half.search(str(each.id))]
    assert not found, "\n".join(found)


def test_a_date_stands_off_the_words_beside_it() -> None:
    """自 2026年5月1日 起: with a space on either side, as every figure among Chinese words."""
    names = "at|by|day|since|until|from|to|on|start|end|due|deadline"
    tight = re.compile(rf"[\u4e00-\u9fff]%\((?:{names})\)s|%\((?:{names})\)s[\u4e00-\u9fff]")
    found = [str(each.id) for each in messages.template() if each.id and tight.search(str(each.id))]
    # what is stored is put together in the code
    stored = re.compile(r"[\u4e00-\u9fff]\{\w+\.year\}年|\.day\}日[\u4e00-\u9fff]")
    for path in sorted((SCRIPT.parents[1] / "marketplace").rglob("*.py")):
        found += stored.findall(path.read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


def _catalogue(*entries: tuple[str, str]) -> Catalog:
    made = Catalog(locale="en")
    for text, english in entries:
        made.add(text, english)
    return made


def test_the_check_names_what_is_missing_fuzzy_or_gone() -> None:
    texts = _catalogue(("报名", ""), ("报价", ""))
    texts["报名"].locations = [("templates/a.html", None)]
    kept = _catalogue(("报价", "Quote"), ("旧词", "Old"))
    kept.add("报价", "Quote", flags=("fuzzy",))
    assert messages.faults(kept, texts) == [
        "missing: '报名' (templates/a.html)",
        "fuzzy: '报价'",
        "obsolete, no page says it: '旧词'",
    ]


def test_a_text_with_a_context_needs_its_own_english() -> None:
    texts = _catalogue(("合同", ""))
    texts.add("合同", context="menu", locations=[("rail.py", None)])
    found = messages.faults(_catalogue(("合同", "Contract")), texts)
    assert found == ["missing: '合同' (rail.py)"]


@pytest.mark.parametrize(
    ("text", "english", "wrong"),
    [
        ("剩 %(n)s 天", "%(n)s {n|day|days} left", []),
        ("剩 %(n)s 天", "%(days)s days left", ["other placeholders"]),
        ("剩 %(n)d 天", "%(n)s days left", ["other placeholders"]),
        ("剩 %(n)s 天", "%(n)s {m|day|days}", ["a form for a number the text does not have"]),
        ("剩 %(n)s 天", "%(n)s {n|day}", ["a form that is not {n|one|many}"]),
        ("占 %(n)s%%", "Share %(n)s%%", []),
        ("占 %(n)s%%", "Share %(n)s%", ["a percent sign that would not come out"]),
        ("满 100% 时", "At 100%", []),
        ("报名", "Enter 报名", ["Chinese left"]),
        ("报名", "Enter now!", ["an exclamation mark"]),
        ("报名", "Enter ", ["a space at its end"]),
        (" 件待办", " to do", []),
    ],
)
def test_the_check_sees_what_does_not_fit(text: str, english: str, wrong: list[str]) -> None:
    assert list(messages.mistakes(Message(text, english))) == wrong


def test_what_is_compiled_is_what_is_written_whatever_the_times_say(tmp_path: Path) -> None:
    source = tmp_path / "messages.po"

    def compiled(english: str, at: int) -> str:
        source.write_text(f'msgid "首页"\nmsgstr "{english}"\n', encoding="utf-8")
        os.utime(source, (at, at))
        messages.compile_catalogue(source)
        with source.with_suffix(".mo").open("rb") as file:
            return gettext.GNUTranslations(file).gettext("首页")

    assert compiled("Home", 2_000_000_000) == "Home"
    # an older file that comes back, as from a copy that keeps its times, is another text
    assert compiled("Start", 1_000_000_000) == "Start"
    made = source.with_suffix(".mo").stat().st_mtime_ns
    assert compiled("Start", 2_000_000_000) == "Start"
    assert source.with_suffix(".mo").stat().st_mtime_ns == made, "nothing to compile again"

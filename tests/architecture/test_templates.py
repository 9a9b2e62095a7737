"""Templates carry no code of their own and never switch escaping off.

The content security policy forbids inline scripts and styles; a template that holds one
would be a page that silently does not work.
"""

from __future__ import annotations

import ast
import re
from gettext import NullTranslations
from pathlib import Path

import pytest

from marketplace.foundation import languages

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".xml", ".svg"}
)

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_MARK = re.compile(r"\bmark\('([^']*)'\)")
_IN_JINJA = {
    "escaping switched off": re.compile(r"\|\s*safe\b|\bautoescape\s+false\b|\bMarkup\b"),
}
_IN_MARKUP = {
    "inline style": re.compile(r"<[a-z][^>]*\sstyle\s*=|<style\b", re.IGNORECASE),
    "inline handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script\b(?![^>]*\ssrc\s*=)|javascript:", re.IGNORECASE),
    "address outside the site": re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*\s(?:src|href)\s*=\s*[\"']?(?:https?:)?//",
        re.IGNORECASE,
    ),
}


def faults(text: str) -> list[str]:
    """What the template `text` does that no template may."""
    jinja = " ".join(_JINJA.findall(text))
    markup = _JINJA.sub("", text)
    found = [name for name, pattern in _IN_JINJA.items() if pattern.search(jinja)]
    return found + [name for name, pattern in _IN_MARKUP.items() if pattern.search(markup)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_holds_no_code_and_escapes(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


def test_every_mark_between_texts_has_its_form_in_each_language() -> None:
    # they are put in while a template is read: one that a language lacks breaks the whole page
    marks = {mark for path in TEMPLATES for mark in _MARK.findall(path.read_text(encoding="utf-8"))}
    assert {"，", "："} <= marks
    for language in languages.LANGUAGES:
        texts = languages.Texts(language, NullTranslations())
        assert [mark for mark in sorted(marks) if not texts.mark(mark)] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ firm.intro|safe }}", "escaping switched off"),
        ("{% autoescape false %}x{% endautoescape %}", "escaping switched off"),
        ('<p class="a"\n style="color:red">', "inline style"),
        ("<style>p{}</style>", "inline style"),
        ('<a href="/" onclick="go()">', "inline handler"),
        ("<script>alert(1)</script>", "inline script"),
        ('<a href="javascript:void(0)">', "inline script"),
        ('<script src="//cdn.example/x.js"></script>', "address outside the site"),
    ],
)
def test_the_check_sees(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_the_check_allows_what_is_right() -> None:
    text = (
        '<script src="{{ url_for("static", filename="a.js") }}" defer></script>'
        '{% set style = "wide" %}{{ tag(style="wide") }}<p class="on">safe = {{ x }}</p>'
    )
    assert faults(text) == []


def _given_back() -> list[tuple[str, str]]:
    """(module, template) of pages on which a refused form comes back."""
    found = []
    for path in sorted((ROOT / "marketplace").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "came_back(" not in source or path.name == "forms.py":
            continue
        functions = {
            each.name: each
            for each in ast.walk(ast.parse(source))
            if isinstance(each, ast.FunctionDef)
        }
        for function in functions.values():
            called = _called(function)
            if "came_back" not in called:
                continue
            shown = _rendered(function) or set().union(
                *(_rendered(functions[name]) for name in called & functions.keys())
            )
            found += [(path.relative_to(ROOT).as_posix(), template) for template in sorted(shown)]
    return sorted(set(found))


def _called(function: ast.FunctionDef) -> set[str]:
    calls = [each.func for each in ast.walk(function) if isinstance(each, ast.Call)]
    return {getattr(each, "id", getattr(each, "attr", "")) for each in calls}


def _rendered(function: ast.FunctionDef) -> set[str]:
    """The templates a function names where it renders a page."""
    return {
        part.value
        for each in ast.walk(function)
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "render_template"
        for part in ast.walk(each.args[0])
        if isinstance(part, ast.Constant) and str(part.value).endswith(".html")
    }


@pytest.mark.parametrize(("module", "template"), _given_back())
def test_a_page_says_what_concerns_no_field_of_a_form_that_came_back(
    module: str, template: str
) -> None:
    """``came_back`` takes those refusals off the form: a page that forgets ``top`` says nothing."""
    text = (ROOT / "templates" / template).read_text(encoding="utf-8")
    assert re.search(r"\btop\b", text), f"{template} of {module}"


def test_pages_that_give_a_form_back_are_found() -> None:
    assert len(_given_back()) > 20

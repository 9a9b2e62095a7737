"""The shortcuts of the template engine change what a page costs, never what it says."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_babel import lazy_gettext
from jinja2 import DictLoader, pass_context
from markupsafe import Markup

from marketplace.foundation import languages
from marketplace.foundation.templates import Environment

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


def page(app: Flask, language: str, source: str, **values: Any) -> str:
    environment: Any = app.jinja_env.overlay(
        loader=DictLoader({"page.html": source, "mail.txt": source})
    )
    environment.__dict__.pop("_by_language", None)
    assert isinstance(environment, Environment)
    name = values.pop("template", "page.html")
    with app.test_request_context(headers={"Cookie": f"lang={language}"}):
        return environment.get_template(name).render(values)


def test_words_stand_in_the_readers_language(app: Flask) -> None:
    source = "<p>{{ _('首页') }}{{ mark('：') }}{{ _('中介机构') }}{{ separator() }}</p>"
    assert page(app, "zh", source) == "<p>首页：中介机构、</p>"
    english = page(app, "en", source)
    assert english.startswith("<p>Home: ")
    assert english.endswith(", </p>")
    assert page(app, "zh", source) == "<p>首页：中介机构、</p>"


def test_what_is_filled_into_a_word_is_escaped(app: Flask) -> None:
    source = "{{ _('自 %(day)s 起为现等级', day=day) }}|{% set kept = _('自 %(day)s 起为现等级', day=day) %}{{ kept }}"
    shown = page(app, "zh", source, day="<b>")
    assert shown == "自 &lt;b&gt; 起为现等级|自 &lt;b&gt; 起为现等级"
    assert page(app, "zh", source, day=Markup("<b>")) == "自 <b> 起为现等级|自 <b> 起为现等级"


def test_the_form_of_an_english_word_follows_its_number(app: Flask) -> None:
    source = "{{ _('%(days)s 天后到期', days=days) }}"
    one, two = (page(app, "en", source, days=days) for days in (1, 2))
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        text = languages.texts().plain("%(days)s 天后到期")
    assert "{days|" in text
    assert one != two.replace("2", "1")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<&\"'>", "&lt;&amp;&#34;&#39;&gt;"),
        (Markup("<br>"), "<br>"),
        (12, "12"),
        (True, "True"),
        (None, "None"),
        (lazy_gettext("首页"), "首页"),
    ],
)
def test_a_value_is_written_as_the_engine_would(app: Flask, value: Any, shown: str) -> None:
    assert page(app, "zh", "{{ value }}", value=value) == shown


def test_a_text_that_is_no_page_is_not_escaped(app: Flask) -> None:
    source = "{{ _('自 %(day)s 起为现等级', day=day) }}"
    assert page(app, "zh", source, day="<b>", template="mail.txt") == "自 <b> 起为现等级"


def test_what_asks_for_the_engines_context_gets_it(app: Flask) -> None:
    @pass_context
    def shown(context: Any, name: str) -> str:
        return f"{name}={context[name]}"

    class Holder:
        def __init__(self) -> None:
            self.word = "机构"

        def told(self, more: str = "") -> str:
            return self.word + more

    source = (
        "{% macro twice(word, times=2) %}{{ word * times }}{% endmacro %}"
        "{% block inner %}{{ shown('held') }},{{ holder.told(more='x') }},{{ twice('ab') }}{% endblock %}"
    )
    assert page(app, "zh", source, shown=shown, held=7, holder=Holder()) == "held=7,机构x,abab"

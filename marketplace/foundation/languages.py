"""The reader's language: chosen by a switch, kept in a cookie, spoken by every page.

``accounts.speaking`` keeps it with the account as well, for mails and new browsers.

Message ids are the Chinese strings; ``marketplace/translations`` holds the English ones. Chinese
knows no plural, so only the translations do: ``%(n)s {n|day|days}`` takes the first form when
the value of ``n`` is 1. What is stored (notices, messages, reasons) is Chinese for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from babel import Locale
from flask import Flask, Response, current_app, g, has_request_context, redirect, request
from flask_babel import Babel, Domain, force_locale, get_locale
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

COOKIE = "lang"
LANGUAGES = {"zh": "zh_CN", "en": "en"}
NAMES = {"zh": ("中文", "zh-CN"), "en": ("English", "en")}
DEFAULT = "zh"
_CHOSEN = "language_chosen"

# parsed once: a locale's name is looked up in the list of all there are
_LOCALES = {code: Locale.parse(locale) for code, locale in LANGUAGES.items()}
_COUNTED = re.compile(r"\{(\w+)\|([^{}|]*)\|([^{}|]*)\}")
_CHINESE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_TAG = re.compile(r"(<[^>]*>)")
_SOME_CHINESE = re.compile(f"[{_CHINESE}]")
_IN_RUN = rf"{_CHINESE}《》·0-9A-Za-z()\[\]./%:-"
_RUN = re.compile(rf"[{_IN_RUN}]*[{_CHINESE}](?:[{_IN_RUN}]|\s(?=[{_CHINESE}]))*")
_MARKS = {"，": ", ", "；": "; ", "：": ": ", "。": ". "}
_LETTERS = re.compile(r"[A-Za-z]{2,}")
# they hold plain text only
_PLAIN = ("<option", "<title", "<textarea", "<script", "<style")


class Texts:
    """The texts of one language: by message id, once looked up, ready for templates."""

    def __init__(self, language: str, translations: Any) -> None:
        self.language = language
        self.translations = translations
        self._marked: dict[str, Markup] = {}
        self._whole: dict[str, Markup] = {}
        self._plain: dict[str, str] = {}

    def whole(self, text: str) -> Markup:
        """A message nothing is filled into."""
        found = self._whole.get(text)
        if found is None:
            found = self._whole[text] = self.marked(text) % {}
        return found

    def marked(self, text: str) -> Markup:
        """A message's text as markup: the catalogue's own, what is filled in is escaped."""
        found = self._marked.get(text)
        if found is None:
            found = self._marked[text] = Markup(self.translations.ugettext(text))  # noqa: S704
        return found

    def plain(self, text: str) -> str:
        """A message as the catalogue has it."""
        found = self._plain.get(text)
        if found is None:
            found = self._plain[text] = self.translations.ugettext(text)
        return found

    @property
    def separator(self) -> str:
        """What stands between the words of a list."""
        return ", " if self.language == "en" else "、"

    def mark(self, sign: str) -> str:
        """A mark between two parts that are texts of their own."""
        return _MARKS[sign] if self.language == "en" else sign


class _Counting(Domain):
    """The catalogue, with the number's form chosen before values are filled in.

    A page asks for some hundred words: the texts are kept beside the locale they were found
    for, instead of being looked up for each.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._texts: dict[int, Texts] = {}

    def texts(self) -> Texts:
        """The texts of the language of this moment."""
        try:
            held = vars(g._get_current_object()).get("_flask_babel")
        except RuntimeError:  # outside every application
            held = None
        locale = getattr(held, "babel_locale", None)
        found = getattr(held, "texts", None)
        if found is not None and found[0] is locale:
            kept: Texts = found[1]
            return kept
        translations = super().get_translations()
        texts = self._texts.get(id(translations))
        if texts is None or texts.translations is not translations:
            language = str(getattr(get_locale(), "language", DEFAULT))
            texts = self._texts[id(translations)] = Texts(language, translations)
        if held is not None:
            held.texts = (get_locale(), texts)
        return texts

    def get_translations(self) -> Any:
        return self.texts().translations

    def gettext(self, string: str, /, **variables: Any) -> str:
        text = self.texts().plain(string)
        return counted(text, variables) % variables if variables else text


class _Languages(Babel):
    @cached_property
    def domain_instance(self) -> _Counting:
        """The one catalogue of messages."""
        return _Counting(domain=self.domain)


babel = _Languages()


def init_app(app: Flask) -> None:
    """Install the languages on the application."""
    babel.init_app(app, locale_selector=_select)
    app.before_request(_switch)
    app.jinja_env.globals.update(
        _=_template_gettext,
        gettext=_template_gettext,
        page_language=page_language,
        language_switch=language_switch,
        mark=mark,
        separator=separator,
    )
    app.jinja_env.filters["joined"] = joined
    folder = Path(app.config["BABEL_TRANSLATION_DIRECTORIES"])
    app.config["LANGUAGES"] = tuple(
        code
        for code, locale in LANGUAGES.items()
        # the switch is offered only for a language that has a catalogue
        if code == DEFAULT or (folder / locale / "LC_MESSAGES" / "messages.mo").is_file()
    )


def counted(text: str, values: Mapping[str, Any]) -> str:
    """Choose the form of every ``{n|one|many}`` in a translation by the value of ``n``."""
    if "{" not in text:
        return text
    return _COUNTED.sub(lambda found: found[2 if str(values[found[1]]) == "1" else 3], text)


def texts() -> Texts:
    """The texts of the reader's language."""
    return babel.domain_instance.texts()


@pass_eval_context
def _template_gettext(eval_ctx: EvalContext, text: str, /, **variables: Any) -> str:
    texts = babel.domain_instance.texts()
    if not eval_ctx.autoescape:
        return counted(texts.translations.ugettext(text), variables) % variables
    if not variables:
        return texts.whole(text)
    found = texts.marked(text)
    if "{" in found:
        found = Markup(counted(found, variables))  # noqa: S704 - values are escaped below
    return found % variables


def _present() -> str:
    return babel.domain_instance.texts().language


def is_english() -> bool:
    """Whether the reader reads English."""
    return _present() == "en"


def page_language() -> str:
    """The tag of the page's language for its ``lang`` attribute."""
    return NAMES[_present()][1]


def separator() -> str:
    """What stands between the words of a list in the reader's language."""
    return texts().separator


def mark(sign: str) -> str:
    """A mark between two parts that are texts of their own, as the reader's language writes it."""
    return texts().mark(sign)


def joined(items: Iterable[Any]) -> str:
    """Words as a list in the reader's language: ``甲、乙``, ``A, B``."""
    return separator().join(str(item) for item in items)


@contextmanager
def for_storing() -> Iterator[None]:
    """Texts made inside are Chinese, whoever acts: they are stored and read by others."""
    with force_locale(_LOCALES[DEFAULT]):
        yield


def in_language(code: str | None) -> AbstractContextManager[None]:
    """Texts made inside are in a person's language, Chinese for who has chosen none."""
    manager: AbstractContextManager[None] = force_locale(LANGUAGES.get(code or DEFAULT, DEFAULT))
    return manager


def N_(text: str) -> str:
    """Mark ``text`` for the message catalogue without translating it here."""
    return text


def stored(text: Any) -> str:
    """A title in the Chinese it is stored in."""
    with for_storing():
        return str(text)


@dataclass(frozen=True)
class Switch:
    """One way out of the present language: its own name, its tag and the address."""

    name: str
    tag: str
    url: str


def language_switch() -> list[Switch]:
    """The other languages this page can be read in, at the same address with the same query.

    A page that only answers to a form leads home, since its address cannot be opened.
    """
    here = _present()
    rule = request.url_rule
    reachable = rule is None or "GET" in (rule.methods or ())
    path = request.path if reachable else "/"
    asked = [(k, v) for k, v in request.args.items(multi=True) if k != "lang"] if reachable else []
    switches = []
    for code in current_app.config["LANGUAGES"]:
        if code != here:
            query = MultiDict([*asked, ("lang", code)])
            switches.append(Switch(*NAMES[code], f"{_quoted(path)}?{_encoded(query)}"))
    return switches


def _quoted(path: str) -> str:
    # two slashes at the start would be another site
    return quote(request.script_root + "/" + path.lstrip("/"))


def _encoded(query: MultiDict[str, str]) -> str:
    return urlencode(list(query.items(multi=True)))


def _select() -> Locale:
    chosen = request.cookies.get(COOKIE, DEFAULT) if has_request_context() else DEFAULT
    return _LOCALES[chosen if chosen in current_app.config["LANGUAGES"] else DEFAULT]


def _switch() -> AnyResponse | None:
    """Keep a chosen language and lead back to the page, whose address stays free of it."""
    chosen = request.args.get("lang")
    if chosen is None or chosen not in current_app.config["LANGUAGES"]:
        return None
    if request.method not in ("GET", "HEAD"):
        return None
    query = MultiDict([(k, v) for k, v in request.args.items(multi=True) if k != "lang"])
    target = _quoted(request.path) + (f"?{_encoded(query)}" if query else "")
    response = redirect(target, 303)
    remember(response, chosen)
    for told in current_app.extensions.get(_CHOSEN, ()):
        told(chosen)
    response.headers["Cache-Control"] = "no-store"
    return response


def when_chosen(app: Flask, told: Callable[[str], None]) -> None:
    """Call ``told(code)`` whenever a reader chooses a language by the switch."""
    app.extensions.setdefault(_CHOSEN, []).append(told)


def chosen_here() -> str | None:
    """The language chosen in this browser, if there is one."""
    code = request.cookies.get(COOKIE)
    return code if code in current_app.config["LANGUAGES"] else None


def remember(response: AnyResponse, chosen: str) -> None:
    """Keep the language in the browser for a year."""
    response.set_cookie(
        COOKIE,
        chosen,
        max_age=31_536_000,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def mark_chinese(response: Response) -> None:
    """Name the language of the data on an English page, which stays Chinese.

    Screen readers pronounce by it and browsers choose the font by it.
    """
    if not is_english() or response.mimetype != "text/html" or response.is_streamed:
        return
    if "is_marked" in g:  # a kept page has been through here before it was kept
        return
    response.set_data(marked(response.get_data(as_text=True)))


def marked(page: str) -> str:
    """An English page with ``lang="zh-CN"`` on whatever is Chinese in its text.

    An element whose whole text is Chinese gets the attribute; in mixed text the Chinese run is
    wrapped in a ``span``.
    """
    parts = _TAG.split(page)
    for place in range(0, len(parts), 2):
        text = parts[place]
        if not _SOME_CHINESE.search(text):
            continue
        before = parts[place - 1] if place else ""
        after = parts[place + 1] if place + 1 < len(parts) else ""
        opened = before[:1] == "<" and before[1:2].isalpha() and not before.endswith("/>")
        if not _LETTERS.search(_RUN.sub("", text)) and opened and after.startswith("</"):
            if " lang=" not in before:
                parts[place - 1] = f'{before[:-1]} lang="zh-CN">'
        elif not before.startswith(_PLAIN):
            parts[place] = _RUN.sub(r'<span lang="zh-CN">\g<0></span>', text)
    return "".join(parts)

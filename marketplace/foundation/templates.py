"""The template engine as every page uses it: the same language, with three shortcuts.

A page names some hundred words, calls some fifty functions and prints some three hundred values.
All three are dear in the engine as it comes, because it must expect names that change from page
to page and values of any kind; ours do not.

- Templates are compiled once for each language, with the words of that language in their places:
  ``{{ _('首页') }}`` costs nothing when the page is made.
- Plain functions and macros are called at once, without the checks an unknown callable needs.
- A value that is printed is escaped without being wrapped as markup first.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from types import FunctionType, MethodType
from typing import Any

from flask.templating import Environment as FlaskEnvironment
from flask_babel import gettext
from flask_babel.speaklater import LazyString
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape

from . import languages

_PLACE = re.compile(r"%(?:\((\w+)\)s|(%))")


def written(value: Any) -> str:
    """A value as it stands in a page: markup as it is, everything else escaped."""
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    if kind is Markup:
        return value
    if kind is int:
        return str(value)
    if kind is LazyString and value._func is gettext and not value._kwargs:
        # a title: straight from the texts, by the way the library takes it is four times as far
        return languages.texts().plain(*value._args)
    return escape(value)


class _Words(NodeTransformer):
    """Puts one language's words where a template asks for them."""

    def __init__(self, texts: languages.Texts) -> None:
        self.texts = texts

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        plain = not (node.dyn_args or node.dyn_kwargs)
        if name == "separator" and plain and not node.args and not node.kwargs:
            return nodes.Const(self.texts.separator, lineno=node.lineno)
        if not plain or len(node.args) != 1 or not isinstance(node.args[0], nodes.Const):
            return node
        said = node.args[0].value
        if name == "mark" and not node.kwargs:
            return nodes.Const(self.texts.mark(said), lineno=node.lineno)
        if name == "_":
            return self._word(node, said)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        """What is printed of a word with values stands among the page's other parts."""
        self.generic_visit(node)
        node.nodes = [
            part
            for each in node.nodes
            for part in (each.nodes if isinstance(each, nodes.Concat) else [each])
        ]
        return node

    def _word(self, node: nodes.Call, said: str) -> nodes.Expr:
        if not node.kwargs:
            return nodes.Const(self.texts.whole(said), lineno=node.lineno)
        text = self.texts.marked(said)
        values = {each.key: each.value for each in node.kwargs}
        parts = _parts(str(text))
        if "{" in text or parts is None:  # the form depends on a number
            return node
        named = [part for kind, part in parts if kind == "value"]
        if len(named) != len(set(named)) or not values.keys() >= set(named):
            return node
        return nodes.Concat(
            [
                values[part] if kind == "value" else nodes.Const(Markup(part), lineno=node.lineno)  # noqa: S704 - the catalogue's
                for kind, part in [("text", ""), *parts]
            ],
            lineno=node.lineno,
        )


def _parts(text: str) -> list[tuple[str, str]] | None:
    """A text cut at its placeholders; none when it holds others than ``%(name)s``."""
    parts: list[tuple[str, str]] = []
    done = 0
    for found in _PLACE.finditer(text):
        parts.append(("text", text[done : found.start()]))
        parts.append(("text", "%") if found[2] else ("value", found[1]))
        done = found.end()
    parts.append(("text", text[done:]))
    if any(kind == "text" and "%" in part for kind, part in parts if part != "%"):
        return None
    return [(kind, part) for kind, part in parts if part]


class _Printing(CodeGenerator):
    """Has values written by `written`, which its module finds under the engine's own name."""

    def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:
        super().visit_Template(node, frame)
        self.writeline(f"from {__name__} import written as escape")


class _Calling(Context):
    """Calls what is no unknown callable at once."""

    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        kind = type(__obj)
        if kind is Macro:
            args = (__self.eval_ctx, *args)
        elif kind is MethodType or kind is FunctionType:
            # what asks for something of the engine's carries its mark; a method shows its function's
            if hasattr(__obj, "jinja_pass_arg"):
                return super().call(__obj, *args, **kwargs)
        else:
            return super().call(__obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)


class Environment(FlaskEnvironment):
    """Flask's environment with the shortcuts: one for the application, which has one of its own
    kind for each language and takes templates from there."""

    code_generator_class = _Printing
    context_class = _Calling
    texts: languages.Texts | None = None

    def get_template(self, name: Any, *args: Any, **kwargs: Any) -> Template:
        """A template in the reader's language."""
        if self.texts is None:
            return self._spoken().get_template(name, *args, **kwargs)
        return super().get_template(name, *args, **kwargs)

    def _spoken(self) -> Environment:
        texts = languages.texts()
        kept: dict[str, Environment] = self.__dict__.setdefault("_by_language", {})
        found = kept.get(texts.language)
        if found is None or found.texts is not texts:
            found = kept[texts.language] = self.overlay()
            found.texts = texts
        return found

    def _generate(self, source: nodes.Template, name: Any, *args: Any, **kwargs: Any) -> str:
        escapes = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        if self.texts is not None and escapes:
            source = _Words(self.texts).visit(source)
        return super()._generate(source, name, *args, **kwargs)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names a template sees beside its page's: one mapping for all that bring none of
        their own. Every import of a component compares it with the page's names, which with a
        chain of mappings, as the engine makes it, costs more than the component."""
        return super().make_globals(d) if d else self.globals

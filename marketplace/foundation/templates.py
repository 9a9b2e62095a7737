"""The template engine as every page uses it: the same language, with two shortcuts.

A page names some hundred words and imports some ten components. Both are dear in the engine as it
comes, because it must expect names that change from page to page; ours do not.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment as FlaskEnvironment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from .languages import whole_text


class _Words(CodeGenerator):
    """Looks a plain word up at once, without the checks an unknown callable needs."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and _is_plain_word(node):
            word: Any = node.args[0]
            self.write(f"environment.whole_text({word.value!r})")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)


def _is_plain_word(node: nodes.Call) -> bool:
    return (
        isinstance(node.node, nodes.Name)
        and node.node.name == "_"
        and len(node.args) == 1
        and isinstance(node.args[0], nodes.Const)
        and isinstance(node.args[0].value, str)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )


class Environment(FlaskEnvironment):
    """Flask's environment with the shortcuts."""

    code_generator_class = _Words
    whole_text = staticmethod(whole_text)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names a template sees beside its page's: one mapping for all that bring none of
        their own. Every import of a component compares it with the page's names, which with a
        chain of mappings, as the engine makes it, costs more than the component."""
        return super().make_globals(d) if d else self.globals

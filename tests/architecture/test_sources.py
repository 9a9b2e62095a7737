"""Habits of the source that no linter knows: see docs/decisions for the reasons."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "marketplace"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HOMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
EXACT = ("fees", "ratings", "foundation/money")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _binary_numbers(tree: ast.AST) -> list[int]:
    """Lines that make a binary floating-point number."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float")
    ]


def _status_writes(tree: ast.AST) -> list[int]:
    """Lines that set a `status` outside a constructor."""
    return sorted(_status_writes_below(tree))


def _status_writes_below(node: ast.AST) -> Iterator[int]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef) and child.name in {"__init__", "__post_init__"}:
            continue
        if isinstance(child, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Attribute) and part.attr == "status":
                        yield child.lineno
        if isinstance(child, ast.Call) and _sets_status(child):
            yield child.lineno
        yield from _status_writes_below(child)


def _sets_status(call: ast.Call) -> bool:
    if getattr(call.func, "id", "") == "setattr" and len(call.args) > 1:
        name = call.args[1]
        return isinstance(name, ast.Constant) and name.value == "status"
    return getattr(call.func, "attr", "") in {"values", "update"} and any(
        keyword.arg == "status" for keyword in call.keywords
    )


def _holds_only_a_docstring(tree: ast.Module) -> bool:
    return not tree.body or (len(tree.body) == 1 and ast.get_docstring(tree) is not None)


def _only_gathers(tree: ast.Module) -> bool:
    kinds = (ast.Import, ast.ImportFrom, ast.Assign)
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    return all(isinstance(node, kinds) for node in body)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_source_keeps_the_habits(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = path.relative_to(PACKAGE).as_posix()
    if path.name == "__init__.py" and inside.count("/") <= 1:
        assert _holds_only_a_docstring(tree), "a package's __init__.py holds a docstring only"
    elif path.name == "__init__.py":
        assert _only_gathers(tree), "a folder in place of a module only gathers its names"
    assert not HOMELESS & {part.removesuffix(".py") for part in Path(inside).parts}, (
        "a module is named after what it owns"
    )
    if inside.startswith(EXACT):
        assert _binary_numbers(tree) == [], "amounts, rates and scores are Decimal or whole numbers"
    if not inside.startswith("foundation/lifecycle"):
        assert _status_writes(tree) == [], "only foundation.lifecycle.move sets a status"


@pytest.mark.parametrize("text", ["rate = 0.5", "x = float('1')", "def f(a=1e3): ..."])
def test_binary_numbers_are_seen(text: str) -> None:
    assert _binary_numbers(ast.parse(text)) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "need.status = 'open'",
        "need.status, x = 1, 2",
        "setattr(need, 'status', 1)",
        "update(Need).values(status='open')",
        "query.update(status='open')",
    ],
)
def test_status_writes_are_seen(text: str) -> None:
    assert _status_writes(ast.parse(text)) == [1]


def test_a_constructor_may_set_the_first_status() -> None:
    text = "class A:\n    def __init__(self):\n        self.status = 1\n"
    assert _status_writes(ast.parse(text)) == []
    assert not _holds_only_a_docstring(ast.parse("'doc'\nimport x"))
    assert _holds_only_a_docstring(ast.parse("'doc'"))
    assert _only_gathers(ast.parse("'doc'\nfrom .a import b\n__all__ = ['b']"))
    assert not _only_gathers(ast.parse("def f(): ..."))

"""The area whose marketplace a reader looks at: a city, a county, chosen once and remembered.

Only what is shown to the public follows the choice. What a person may do follows from the
organisation acted for, never from this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from flask import current_app, has_request_context, request
from sqlalchemy import select

from marketplace.foundation import epoch
from marketplace.foundation.db import db

from .models import Jurisdiction

ARGUMENT = "area"


@dataclass(frozen=True)
class Area:
    """A node of the tree of jurisdictions as the public pages use it."""

    code: str
    name: str
    parent_code: str | None
    is_register: bool
    _nodes: dict[str, Area] = field(repr=False, compare=False)

    @cached_property
    def lineage(self) -> tuple[str, ...]:
        """The code itself, its parent, … up to the root."""
        codes: list[str] = []
        node: Area | None = self
        while node is not None and node.code not in codes:
            codes.append(node.code)
            node = self._nodes.get(node.parent_code or "")
        return tuple(codes)

    @cached_property
    def below(self) -> tuple[str, ...]:
        """The code itself and every one under it, from the top down."""
        return (self.code, *(code for child in self.children for code in child.below))

    @cached_property
    def children(self) -> tuple[Area, ...]:
        """The areas directly under this one, by code."""
        found = (node for node in self._nodes.values() if node.parent_code == self.code)
        return tuple(sorted(found, key=lambda node: node.code))

    @cached_property
    def register(self) -> str | None:
        """The register that serves this area: its own or the nearest above; None without one."""
        nodes = (self._nodes.get(code, self) for code in self.lineage)
        return next((node.code for node in nodes if node.is_register), None)

    @property
    def names(self) -> str:
        """The names of the code's register and itself: 青河市 or 青河市安平县."""
        if self.register in (None, self.code):
            return self.name
        return f"{self._nodes[self.register or ''].name} {self.name}"


@epoch.remembered
def areas() -> Mapping[str, Area]:
    """Every area by code, in the order of the codes."""
    nodes: dict[str, Area] = {}
    columns = (
        Jurisdiction.code,
        Jurisdiction.name,
        Jurisdiction.parent_code,
        Jurisdiction.is_register,
    )
    for row in db.session.execute(select(*columns).order_by(Jurisdiction.code)):
        nodes[row.code] = Area(row.code, row.name, row.parent_code, row.is_register, nodes)
    return MappingProxyType(nodes)


def registers() -> Sequence[str]:
    """The codes of the areas that keep a register."""
    return [node.code for node in areas().values() if node.is_register]


def served() -> Sequence[Area]:
    """The areas a reader may choose: those that keep a register or lie under one, top down."""
    tops = [node for node in areas().values() if node.is_register]
    inner = {code for top in tops for child in top.children for code in child.below}
    codes = [code for top in tops if top.code not in inner for code in top.below]
    return [areas()[code] for code in codes]


def chosen() -> Area:
    """The area of the public pages: ``?area=`` or the remembered choice, else the installation's.

    An unknown code and an area without a register are no choice.
    """
    code = str(current_app.config["JURISDICTION"])
    home = areas().get(code) or Area(code, code, None, True, {})
    if not has_request_context():
        return home
    raw = request.args.get(ARGUMENT) or request.cookies.get(ARGUMENT) or ""
    found = areas().get(raw)
    return found if found is not None and found.register is not None else home

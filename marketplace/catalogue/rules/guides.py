"""The guide to an item (办事指南): everything said once, nothing left open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import TypeAdapter

from .wording import refuse_catch_all

Line = Annotated[str, MinLen(2), MaxLen(200)]
Short = Annotated[str, MinLen(1), MaxLen(60)]
Title = Annotated[str, MinLen(1), MaxLen(120)]
Phone = Annotated[str, MinLen(5), MaxLen(40)]
Stage = Literal["project", "permit", "build", "accept", "run"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step from the commission to the result; ``note`` says who does what."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    name: Short
    note: Line


@dataclass(frozen=True, kw_only=True)
class FormRow:
    """A line of a form: what is to be filled in, and how the sample fills it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    label: Short
    example: Line


@dataclass(frozen=True, kw_only=True)
class FormDocument:
    """A form to download, empty or filled in as a sample (空白表格、示范文本)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    title: Short
    rows: Annotated[tuple[FormRow, ...], MinLen(1), MaxLen(40)]

    def __post_init__(self) -> None:
        for row in self.rows:
            refuse_catch_all(row.label, "填写的内容")


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """A case in which the service need not be bought, with the basis that says so."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    case: Line
    basis: Line

    def __post_init__(self) -> None:
        refuse_catch_all(self.case, "免于委托的情形")


@dataclass(frozen=True, kw_only=True)
class Covered:
    """A place whose regional assessment stands in for the service until ``until``."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    place: Title
    document: Title
    until: date


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What the page of an item says beyond the list itself.

    ``stage``: where in a project it stands. ``window``: who handles it in the department;
    ``phone`` answers questions, ``complaint`` takes complaints. ``promised_days`` are counted
    like the statutory ones and never longer. ``norm``: what a complete result contains.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    stage: Stage
    window: Title
    phone: Phone
    complaint: Phone
    conditions: Annotated[tuple[Line, ...], MinLen(1), MaxLen(20)]
    steps: Annotated[tuple[Step, ...], MinLen(2), MaxLen(12)]
    promised_days: Annotated[int, Ge(1), Le(1000)]
    norm: Annotated[tuple[Line, ...], MinLen(1), MaxLen(30)]
    forms: Annotated[tuple[FormDocument, ...], MinLen(1), MaxLen(10)]
    exemptions: Annotated[tuple[Exemption, ...], MaxLen(20)] = ()
    covered: Annotated[tuple[Covered, ...], MaxLen(50)] = ()

    def __post_init__(self) -> None:
        for lines, what in (
            (self.conditions, "办理条件"),
            (self.norm, "成果内容"),
            ([step.note for step in self.steps], "办理步骤"),
        ):
            for line in lines:
                refuse_catch_all(line, what)
        titles = [form.title for form in self.forms]
        if len(set(titles)) != len(titles):
            raise ValueError("表格名称重复")

    def covers_on(self, day: date) -> list[Covered]:
        """The places whose regional assessment is good on ``day``."""
        return [each for each in self.covered if day <= each.until]


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Guide]:
    return TypeAdapter(Guide)


def guide_of(content: Any) -> Guide:
    """A guide from plain values; raises pydantic's ValidationError."""
    return _adapter().validate_python(content)

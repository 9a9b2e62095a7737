"""What an item list may say, and whether qualifications held meet those required."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import TypeAdapter

from .guides import Guide
from .wording import refuse_catch_all

Text = Annotated[str, MinLen(1), MaxLen(500)]
Short = Annotated[str, MinLen(1), MaxLen(120)]
Code = Annotated[str, MinLen(2), MaxLen(20)]


@dataclass(frozen=True, kw_only=True)
class Material:
    """A document to bring: 要件 (``required``) or 可容缺 (``deferrable``: may follow by a date)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    name: Short
    kind: Literal["required", "deferrable"]

    def __post_init__(self) -> None:
        refuse_catch_all(self.name, "材料名称")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A qualification an item asks for. ``grades`` lists the grades from best to least (empty:
    the qualification has none), ``minimum_grade`` is one of them."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    type: Short
    minimum_grade: Annotated[str, MaxLen(20)] = ""
    grades: tuple[Short, ...] = ()

    def __post_init__(self) -> None:
        if self.grades and self.minimum_grade not in self.grades:
            raise ValueError(f"最低等级“{self.minimum_grade}”不在等级“{'、'.join(self.grades)}”中")
        if self.minimum_grade and not self.grades:
            raise ValueError("写了最低等级，应同时写明由高到低的全部等级 grades")

    def met_by(self, type: str, grade: str) -> bool:
        """Whether a qualification held is of this type and at least the minimum grade."""
        if type != self.type:
            return False
        if not self.grades:
            return True
        return grade in self.grades[: self.grades.index(self.minimum_grade) + 1]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One service item as an edition states it.

    ``statutory_days`` is the longest time the service may take, in working or natural days.
    ``commissioned_by``: who must commission it; what the approving department commissions is
    never sold to applicants. ``on_list``: whether a department may ask for it as a condition.
    ``parts``: the items a packaged one bundles (多评合一、多测合一).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    code: Code
    name: Short
    category: Short
    department_code: Code
    department_name: Short
    summary: Text
    approval_items: tuple[Short, ...] = ()
    legal_basis: Annotated[tuple[Text, ...], MinLen(1)]
    statutory_days: Annotated[int, Ge(1), Le(1000)]
    statutory_days_kind: Literal["working", "natural"]
    price_form: Literal["government_set", "government_guided", "market"]
    result: Short
    commissioned_by: Literal["applicant", "department"]
    regional_assessment: bool = False
    on_list: bool
    materials: Annotated[tuple[Material, ...], MinLen(1)]
    qualifications: tuple[Requirement, ...] = ()
    qualification_rule: Literal["any", "all"] = "all"
    effective_until: date | None = None
    guide: Guide | None = None
    parts: tuple[Code, ...] = ()

    def __post_init__(self) -> None:
        names = [material.name for material in self.materials]
        if len(set(names)) != len(names):
            raise ValueError("材料名称重复")
        if self.on_list and not self.approval_items:
            raise ValueError("清单内事项应写明对应的审批事项 approval_items")
        for text in (*self.legal_basis, *self.approval_items):
            refuse_catch_all(text, "依据和审批事项的名称")
        if self.guide is not None and self.guide.promised_days > self.statutory_days:
            raise ValueError("承诺时限 promised_days 不能长于服务时限 statutory_days")
        if self.guide is not None and self.guide.covered and not self.regional_assessment:
            raise ValueError("写明了已区域评估的地块，应同时写明 regional_assessment = true")
        if len(self.parts) == 1 or len(set(self.parts)) != len(self.parts):
            raise ValueError("合并事项应由两个以上不同的事项组成")


@dataclass(frozen=True, kw_only=True)
class ItemList:
    """A whole edition of the item list (中介服务事项清单).

    ``synonyms``: what people also call an item, by its code (环评 for 环境影响评价文件编制); only
    for finding it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    jurisdiction: Code
    effective_from: date
    title: Short
    document: Short
    synonyms: dict[Code, tuple[Short, ...]] = field(default_factory=dict)
    items: Annotated[tuple[Item, ...], MinLen(1)] = field()

    def __post_init__(self) -> None:
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("事项代码重复")
        if unknown := [code for code in self.synonyms if code not in codes]:
            raise ValueError(f"别名 synonyms 写到了清单中没有的事项“{unknown[0]}”")
        for item in self.items:
            if item.effective_until is not None and item.effective_until <= self.effective_from:
                raise ValueError(f"事项“{item.code}”的截止日期应晚于清单生效日期")
        known = {item.code: item for item in self.items}
        for item in self.items:
            _check_package(item, known)


def _check_package(item: Item, known: Mapping[str, Item]) -> None:
    """A packaged item names items of this list, none packaged itself, and asks of a firm what
    each of them asks: whoever takes it may do all of it."""
    for code in item.parts:
        part = known.get(code)
        if part is None or part.parts:
            raise ValueError(f"合并事项“{item.code}”包含的“{code}”应是本清单中的单项事项")
        if item.qualification_rule != "all" or not set(part.qualifications) <= set(
            item.qualifications
        ):
            raise ValueError(f"合并事项“{item.code}”的资质要求应包含“{code}”的全部资质要求")
        if part.qualification_rule == "any" and len(part.qualifications) > 1:
            raise ValueError(f"“{code}”的资质任选其一，不能列入合并事项“{item.code}”")


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Item]:
    return TypeAdapter(Item)


def item_of(content: Any) -> Item:
    """An item from plain values; raises pydantic's ValidationError."""
    return _adapter().validate_python(content)


def qualified(
    requirements: Iterable[Requirement], any_of: bool, held: Iterable[tuple[str, str]]
) -> bool:
    """Whether the qualifications held, as (type, grade), meet an item's requirements: one of them
    (``any_of``) or all. An item without requirements is open to everybody."""
    wanted, have = list(requirements), list(held)
    if not wanted:
        return True
    met = [any(need.met_by(type, grade) for type, grade in have) for need in wanted]
    return any(met) if any_of else all(met)

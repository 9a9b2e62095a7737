"""The left rail of the signed-in rooms: the lists a person may open, with what waits in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from marketplace.accounts.models import OrganisationFunction
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import PUBLIC, SIGNED_IN, declared_access

PARTY, OFFICE = "party", "office"
# title, whose room, endpoints with their words
GROUPS: tuple[tuple[Any, str | None, tuple[tuple[str, Any], ...]], ...] = (
    (
        _l("我的"),
        None,
        (
            ("workspace.home", _l("工作台首页")),
            ("workspace.inbox", _l("消息")),
            ("accounts.staff", _l("本单位人员")),
        ),
    ),
    (
        _l("业主"),
        PARTY,
        (("projects.index", _l("采购需求")), ("projects.new_need", _l("新建需求"))),
    ),
    (
        _l("机构"),
        PARTY,
        (
            ("intermediaries.file", _l("机构档案")),
            ("intermediaries.offerings", _l("承接事项与承诺")),
            ("selection.entries", _l("报名与中选")),
        ),
    ),
    (_l("履约"), PARTY, (("contracts.index", _l("合同")),)),
    (
        _l("监督"),
        OFFICE,
        (
            ("supervision.home", _l("监督总览")),
            ("intermediaries.applications", _l("入驻审核")),
            ("intermediaries.professional", _l("专业核查")),
            ("selection.lottery", _l("开奖号码登记")),
            ("ratings.desk", _l("信用等级")),
            ("sanctions.desk", _l("惩戒案件")),
            ("contracts.index", _l("合同")),
            ("notices.index", _l("公示与异议")),
            ("supervision.ledger", _l("审计台账")),
            ("accounts.officials", _l("账号管理")),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    """One list in the rail; ``count`` is None where nothing can wait."""

    label: Any
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True)
class Group:
    """Lists under one heading."""

    title: Any
    entries: list[Entry]


def rail(actor: Actor, function: OrganisationFunction, waiting: Mapping[str, int]) -> list[Group]:
    """The groups an actor may open, empty ones left out."""
    room = PARTY if function is OrganisationFunction.PARTY else OFFICE
    groups = [
        Group(title, [_entry(endpoint, label, waiting) for endpoint, label in entries])
        for title, whose, entries in (
            (title, whose, [each for each in entries if _may_open(actor, each[0])])
            for title, whose, entries in GROUPS
        )
        if entries and whose in (None, room)
    ]
    return groups


def _entry(endpoint: str, label: Any, waiting: Mapping[str, int]) -> Entry:
    return Entry(
        label=label,
        url=url_for(endpoint),
        current=request.endpoint == endpoint,
        count=waiting.get(endpoint) or None,
    )


def _may_open(actor: Actor, endpoint: str) -> bool:
    if endpoint not in current_app.view_functions:
        return False
    need = declared_access(endpoint)
    return need in (PUBLIC, SIGNED_IN) or (need is not None and actor.may(need))

"""The links around every page: public navigation, the account, the footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from marketplace.catalogue.models import ServiceItem
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import PUBLIC as PUBLIC_PAGE
from marketplace.foundation.web import SIGNED_IN, declared_access

from .queries import firms, guide, ledger

# endpoint, words, the other endpoints that stand under the same heading
PUBLIC: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (
        "catalogue.items",
        lazy_pgettext("menu", "服务事项"),
        (
            "catalogue.item",
            "catalogue.departments",
            "catalogue.editions",
            "catalogue.edition",
            "catalogue.edition_item",
        ),
    ),
    (
        "portal.firms",
        lazy_pgettext("menu", "中介机构"),
        (
            "portal.firm",
            "ratings.explained",
            "intermediaries.hall",
            "intermediaries.hall_calls",
            "intermediaries.hall_call",
        ),
    ),
    (
        "portal.needs",
        _l("需求公告"),
        ("portal.need", "workspace.find_project", "workspace.project"),
    ),
    ("portal.results", _l("结果公示"), ("selection.result", "selection.verify")),
    (
        "fees.calculator",
        _l("收费查询"),
        (
            "fees.standard",
            "fees.check",
            "fees.fee_lists",
            "fees.published_list",
            "intermediaries.compare_lists",
        ),
    ),
    ("portal.policies", _l("政策文件"), ("portal.policy",)),
    ("portal.data", _l("运行数据"), ()),
)
FOOTER = (
    ("portal.policies", _l("现行规则")),
    ("notices.index", _l("公示公告")),
    ("selection.verify", _l("选取结果核验")),
    ("portal.data", _l("运行数据")),
    ("portal.accessibility", _l("无障碍说明")),
)
VISITOR = (("accounts.sign_in", _l("登录")), ("accounts.register", _l("注册")))
MEMBER = (("workspace.home", _l("工作台")), ("workspace.inbox", _l("消息")))


@dataclass(frozen=True)
class Link:
    """One link of a navigation; ``post`` makes it a button of a form."""

    label: Any
    url: str
    current: bool = False
    post: bool = False


class Navigation:
    """What the layouts ask for; read from the database only when a layout does ask."""

    def __init__(self, actor: Actor | None) -> None:
        self._actor = actor

    @property
    def public(self) -> list[Link]:
        """The headings of the public room."""
        return [
            Link(label, url_for(endpoint), request.endpoint in (endpoint, *below))
            for endpoint, label, below in PUBLIC
            if is_served(endpoint)
        ]

    @property
    def account(self) -> list[Link]:
        """Doors in for visitors, the workspace and the way out for members."""
        if self._actor is None:
            return _links(VISITOR)
        links = _links(MEMBER)
        if is_served("accounts.sign_out"):
            links.append(Link(_l("退出"), url_for("accounts.sign_out"), post=True))
        return links

    @property
    def footer(self) -> list[Link]:
        """Rules, notices, verification, data."""
        return _links(FOOTER)

    def serves(self, endpoint: str) -> bool:
        """Whether a link to this page may be shown."""
        return is_served(endpoint)

    def opens(self, endpoint: str) -> bool:
        """Whether a door may be shown: a visitor is asked to sign in, a member needs the role."""
        if not is_served(endpoint):
            return False
        need = declared_access(endpoint)
        if self._actor is None or need in (PUBLIC_PAGE, SIGNED_IN):
            return True
        return need is not None and self._actor.may(need)

    def guide(self, item: ServiceItem) -> guide.Guide:
        """What the guide to an item says beyond the item list."""
        return guide.of(item)

    def firms_shown(self, organisation_ids: Sequence[int]) -> set[int]:
        """Which of these organisations have a public page of a listed firm now: links to them
        lead somewhere."""
        return firms.shown(organisation_ids, clock.now())

    @property
    def areas_url(self) -> str:
        """Where a reader chooses another city or county; leads back to this page's list."""
        return url_for("portal.areas")

    @property
    def search_url(self) -> str:
        """Where the search box of the public pages sends its words."""
        return url_for("portal.search")

    @property
    def suggestions_url(self) -> str:
        """Where the search box asks, while one types, what the words may mean."""
        return url_for("portal.suggestions")

    @cached_property
    def ledger_head(self) -> ledger.LedgerHead | None:
        """The ledger's head at the end of yesterday, the same on every page of a day."""
        return ledger.ledger_head_before(clock.today())


def is_served(endpoint: str) -> bool:
    """Whether this installation has the page."""
    return endpoint in current_app.view_functions


def _links(entries: tuple[tuple[str, Any], ...]) -> list[Link]:
    return [
        Link(label, url_for(endpoint), request.endpoint == endpoint)
        for endpoint, label in entries
        if is_served(endpoint)
    ]

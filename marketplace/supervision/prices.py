"""The bureau's page of prices: what was attempted and refused, what went on and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, exists, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries as fees
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate, Verdict
from marketplace.fees.wording import STAGES, TITLES
from marketplace.foundation import clock
from marketplace.foundation.db import db, paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access, require_actor
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import Need
from marketplace.selection import queries as selection
from marketplace.selection.models import Entry

from .blueprint import bp

KINDS = {"attempt": _l("被拦下的"), "deviation": _l("偏离参考价的")}


@dataclass(frozen=True)
class Watched:
    """One check with what a reader needs to place it: item, who asked, the matter and its page
    (empty where the public has none)."""

    check: PriceCheck
    item: str
    who: str
    matter: str
    link: str


@bp.get("/supervision/prices")
@access(Permission.SUPERVISION_VIEW)
def prices() -> ResponseReturnValue:
    """Prices of the officer's area that were refused, that break a reference or deviate."""
    actor = require_actor()
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    names = catalogue.names(clock.today(), accounts.lineage(actor.jurisdiction))
    item = request.args.get("item", "")
    stage = _choice(Gate, "stage")
    verdict = _choice(Verdict, "verdict")
    kind = request.args.get("kind", "")
    codes = accounts.below(actor.jurisdiction)
    found = fees.watched_checks(codes, item or None, stage, verdict, _kind(kind))
    page = paginate(
        found.where(or_(PriceCheck.stage != Gate.QUOTE, _closed_quote())),
        request.args.get("page", 1, type=int),
    )
    return render_template(
        "supervision/prices.html",
        page=page,
        rows=_placed(page.items, names),
        items=names,
        item=item,
        stages=STAGES,
        stage=stage,
        verdicts=[(one, title) for one, (title, _tone) in TITLES.items()],
        verdict=verdict,
        kinds=KINDS,
        kind=kind,
    )


def _closed_quote() -> ColumnElement[bool]:
    """Nobody sees a quote before the entries of its need are closed, refused ones included; what
    names neither need nor entry is not known to be closed."""
    at = PriceCheck.checked_at.expression
    entered = exists().where(
        Entry.id == PriceCheck.subject_id,
        selection.quotes_closed(Entry.need_id.expression, at),
    )
    return or_(
        and_(
            PriceCheck.matter_type == Need.__tablename__,
            selection.quotes_closed(PriceCheck.matter_id.expression, at),
        ),
        and_(
            PriceCheck.matter_id.is_(None),
            PriceCheck.subject_type == Entry.__tablename__,
            entered,
        ),
    )


def _choice(kind: Any, name: str) -> Any:
    """What a filter names; anything unknown filters nothing."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return None


def _kind(name: str) -> Any:
    return name if name in KINDS else ""


def _placed(checks: Sequence[PriceCheck], names: dict[str, str]) -> list[Watched]:
    needs = _by_id(Need, [c.matter_id for c in checks if c.matter_type == Need.__tablename__])
    firms = _by_id(Firm, [c.matter_id for c in checks if c.matter_type == Firm.__tablename__])
    who = _by_id(Organisation, [check.organisation_id for check in checks])
    rows = []
    for check in checks:
        matter, link = "", ""
        need = needs.get(check.matter_id) if check.matter_type == Need.__tablename__ else None
        firm = firms.get(check.matter_id) if check.matter_type == Firm.__tablename__ else None
        if need is not None:
            matter = need.title
            link = url_for("portal.need", public_id=need.public_id) if need.is_public else ""
        elif firm is not None:
            matter = firm.organisation.name
            link = url_for("portal.firm", public_id=firm.public_id) if firm.listed_at else ""
        asked = who.get(check.organisation_id)
        rows.append(
            Watched(
                check,
                names.get(check.item_code, check.item_code),
                asked.public_name if asked is not None else _("系统"),
                matter or _("尚未形成事项"),
                link,
            )
        )
    return rows


def _by_id(model: Any, keys: Sequence[int | None]) -> dict[int | None, Any]:
    wanted = {key for key in keys if key is not None}
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(select(model).where(model.id.in_(wanted)))}

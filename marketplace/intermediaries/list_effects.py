"""Two editions of a fee list side by side: what changed, and for which firms' promises."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.fees.lists import queries as lists
from marketplace.fees.lists.office_pages import page_of
from marketplace.fees.lists.rules import Change
from marketplace.fees.lists.wording import CHANGES, EFFECTS, cells_changed, price_words
from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.web import PUBLIC, access

from . import queries
from .blueprint import bp
from .models import Firm, Offering

MOST = 200


@dataclass(frozen=True)
class Touched:
    """The promises a change of the list touches: how many by item, and the first of them."""

    by_item: dict[str, int]
    firms: int
    promises: list[Any]

    @property
    def total(self) -> int:
        """How many promises there are in all."""
        return sum(self.by_item.values())


def touched(jurisdiction: str, codes: Collection[str], now: datetime) -> Touched:
    """The promises of firms listed now, for these items, on the register that serves a place;
    none where no register does, as for the whole country."""
    try:
        register = accounts.register_of(jurisdiction)
    except Missing:
        return Touched({}, 0, [])
    listed = queries.listed(register, now)
    firms = listed.with_only_columns(Firm.id).subquery()
    of_these = (
        Offering.item_code.in_(codes),
        Offering.ended_at.is_(None),
        Offering.firm_id.in_(select(firms.c.id)),
    )
    counted = db.session.execute(
        select(Offering.item_code, func.count()).where(*of_these).group_by(Offering.item_code)
    )
    by_item: dict[str, int] = {row[0]: row[1] for row in counted}
    concerned = db.session.scalar(select(func.count(Offering.firm_id.distinct())).where(*of_these))
    promises = db.session.execute(
        select(Offering.item_code, Offering.discount, Offering.amount, Organisation)
        .join(Firm, Firm.id == Offering.firm_id)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(*of_these)
        .order_by(Offering.item_code, Organisation.name, Offering.id)
        .limit(as_written(MOST))
    )
    return Touched(by_item, concerned or 0, list(promises))


@bp.get("/fees/lists/compare")
@access(PUBLIC)
def compare_lists() -> ResponseReturnValue:
    """Two editions of a fee list: which rows differ, whose promises that touches."""
    old, new = (_edition(name) for name in ("old", "new"))
    if old.effective_from > new.effective_from:
        old, new = new, old
    compared = lists.comparison(lists.rows_of_edition(old), lists.rows_of_edition(new))
    words, kind = request.args.get("q", ""), request.args.get("change", "")
    change = Change(kind) if kind in list(Change) else None
    differing = {each.code: each for each in compared.of(None)}
    return render_template(
        "fees/lists/compare.html",
        old=old,
        base=old,
        new=new,
        compared=compared,
        change=change,
        words=words,
        page=page_of(compared.of(change, words), request.args.get("page", 1, type=int)),
        changes=CHANGES,
        effects=EFFECTS,
        cells_changed=cells_changed,
        price_words=price_words,
        standards=lists.published_standards(clock.today()).by_id,
        touched=touched(new.jurisdiction, list(differing), clock.now()),
        differing=differing,
        most=MOST,
    )


def _edition(name: str) -> lists.ListEdition:
    key = request.args.get(name, type=int)
    if key is None:
        raise Invalid(_("请选择要对照的两版清单"), field=name, rule="fees.list")
    return lists.edition(key)

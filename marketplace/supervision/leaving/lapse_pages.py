"""The firms without any valid certificate: what stands still, ask to renew, begin a removal."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm, Form
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.intermediaries.leaving import lapsing
from marketplace.intermediaries.leaving import queries as departing
from marketplace.intermediaries.leaving.models import CertificateLapse

from ..blueprint import bp

PER_PAGE = 20


@bp.get("/supervision/lapses")
@access(Permission.SUPERVISION_VIEW)
def lapses() -> str:
    """Listed firms without any valid certificate, the longest first."""
    return _page()


def _page(top: Form | None = None) -> str:
    codes, now = area_of(require_actor()), clock.now()
    page = paginate(lapsing.lapses(codes), request.args.get("page", 1, type=int), PER_PAGE)
    day = clock.local_day(now)
    return render_template(
        "supervision/leaving/lapses.html",
        page=page,
        top=top,
        stopped={row.id: lapsing.stopped(row.firm, day) for row in page.items},
        removable={row.id: _removable_from(row) for row in page.items},
        removals={row.id: departing.under_way(row.firm_id) for row in page.items},
        today=day,
        now=now,
    )


def _removable_from(row: CertificateLapse) -> date | None:
    """The first day on which its removal may be begun for want of a certificate; None: any day."""
    if row.since is None:
        return None
    values = departing.leaving_policy(row.firm.register_code, clock.today()).values
    return row.since + timedelta(days=values.no_qualification_days - 1)


@bp.post("/supervision/lapses/<public_id>/renewal")
@access(Permission.ADMISSION_CHECK)
@writes
def ask_to_renew(public_id: str) -> ResponseReturnValue:
    """Ask a firm for a valid certificate."""
    actor = require_actor()
    row = lapsing.lapse_for(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: lapsing.ask_to_renew(row, actor, clock.now()),
        lambda: _page(form),
        _("已要求机构补办，期限内没有有效资质的再列入待办"),
        lambda _none: url_for("supervision.lapses"),
    )

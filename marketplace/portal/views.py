"""The public room: home, needs, policies, data. Every page is a GET and open to everybody."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from marketplace.foundation import audit, clock
from marketplace.foundation.web import PUBLIC, access, current_actor
from marketplace.projects import queries as projects
from marketplace.projects.models import NeedStatus

from . import queries
from .forms import page_number, search_words, status_choice
from .navigation import Navigation
from .titles import SECTIONS, title_of

bp = Blueprint("portal", __name__)


@bp.app_context_processor
def _navigation() -> dict[str, Any]:
    return {"navigation": Navigation(current_actor())}


@bp.route("/")
@access(PUBLIC)
def home() -> str:
    """What one may do here, what closes soon, what was decided lately."""
    now = clock.now()
    return render_template("portal/home.html", closing=queries.closing_soonest(now), now=now)


@bp.route("/search")
@access(PUBLIC)
def search() -> str:
    """One box over everything public."""
    words = search_words(request.args)
    needs = queries.needs_page(words=words, status=None, number=1) if words else None
    return render_template("portal/search.html", search_words=words, needs=needs)


@bp.route("/needs")
@access(PUBLIC)
def needs() -> str:
    """All published needs."""
    words, status = search_words(request.args), status_choice(request.args)
    page = queries.needs_page(words=words, status=status, number=page_number(request.args))
    return render_template(
        "portal/needs.html", page=page, words=words, status=status, statuses=queries.need_counts()
    )


@bp.route("/needs/<public_id>")
@access(PUBLIC)
def need(public_id: str) -> str:
    """One need: what is asked, until when, who may enter."""
    found = queries.public_need(public_id)
    return render_template(
        "portal/need.html",
        need=found,
        recusals=projects.recusals(found.id),
        corrections=projects.corrections(found.id),
        attachments=projects.attachments(found.id),
        open_to_entries=found.status is NeedStatus.PUBLISHED,
    )


@bp.route("/policies")
@access(PUBLIC)
def policies() -> str:
    """All editions of the rules, those in force marked."""
    return render_template(
        "portal/policies.html",
        lines=queries.editions(clock.today()),
        sections=SECTIONS,
        areas=queries.area_names(),
    )


@bp.route("/policies/<int:edition_id>")
@access(PUBLIC)
def policy(edition_id: int) -> str:
    """Every number of one edition, its basis and its hash."""
    edition = queries.edition(edition_id)
    values = [
        (title_of(edition.section, key), key, text)
        for key, text in queries.values_of(edition.content)
    ]
    return render_template(
        "portal/policy.html",
        edition=edition,
        values=values,
        sections=SECTIONS,
        area=queries.area_names().get(edition.jurisdiction, edition.jurisdiction),
    )


@bp.route("/policies/<int:edition_id>/source.toml")
@access(PUBLIC)
def policy_source(edition_id: int) -> Response:
    """The edition's file, byte for byte what the hash was taken of."""
    edition = queries.edition(edition_id)
    return Response(
        edition.source.encode(),
        mimetype="text/plain",
        headers={"Content-Disposition": f"attachment; filename=edition-{edition.id}.toml"},
    )


@bp.route("/data")
@access(PUBLIC)
def data() -> str:
    """Counts and the head of the ledger."""
    seq, head = audit.head()
    return render_template(
        "portal/data.html", statuses=queries.need_counts(), seq=seq, head=head, now=clock.now()
    )


@bp.route("/accessibility")
@access(PUBLIC)
def accessibility() -> str:
    """What the site promises to people who read, hear or move differently."""
    return render_template("portal/accessibility.html", title=_("无障碍说明"))

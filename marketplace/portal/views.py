"""The public room: home, firms, needs, policies, data. Every page is a GET, open to everybody."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import Select

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.contracts import queries as contracts
from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.models import PART_TITLES
from marketplace.evaluations.rules import Direction
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db
from marketplace.foundation.web import PUBLIC, access, current_actor
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects import queries as projects
from marketplace.projects.models import NeedStatus
from marketplace.ratings import queries as ratings
from marketplace.sanctions import queries as sanctions
from marketplace.selection import queries as selection

from .forms import grade_choice, page_number, search_words, status_choice
from .navigation import Navigation
from .queries import figures, firms, needs, policies, results
from .titles import SECTIONS, title_of, value_of

bp = Blueprint("portal", __name__)


@bp.app_context_processor
def _navigation() -> dict[str, Any]:
    return {"navigation": Navigation(current_actor())}


def _register() -> str:
    return accounts.register_of(accounts.site().jurisdiction_code)


def _rows(query: Select[Any]) -> list[Any]:
    return list(db.session.scalars(query))


def _item_names() -> dict[str, str]:
    return catalogue.names(clock.today(), accounts.lineage(_register()))


@bp.route("/")
@access(PUBLIC)
def home() -> str:
    """What one may do here, what closes soon, what was decided lately."""
    now, register = clock.now(), _register()
    return render_template(
        "portal/home.html",
        now=now,
        closing=needs.closing_soonest(now),
        results=results.latest_results(),
        figures=figures.figures(register, now),
        warned=firms.warned(register, now),
        blacklisted=_rows(sanctions.blacklistings_in_force(now).limit(10)),
        cards=sanctions.cards_in_force(now, limit=10),
    )


@bp.route("/search")
@access(PUBLIC)
def search() -> str:
    """One box over everything public."""
    words, now, names = search_words(request.args), clock.now(), _item_names()
    if not words:
        return render_template("portal/search.html", search_words="")
    return render_template(
        "portal/search.html",
        search_words=words,
        items=[(code, name) for code, name in names.items() if words.lower() in name.lower()],
        found_firms=_firms(words, number=1),
        needs=needs.needs_page(words=words, status=None, number=1),
        now=now,
    )


def _firms(words: str, number: int) -> Any:
    register, now = _register(), clock.now()
    return firms.firms_page(
        register=register,
        words=words,
        item_code=request.args.get("item", ""),
        grade=grade_choice(request.args),
        number=number,
        now=now,
    )


@bp.route("/firms", endpoint="firms")
@access(PUBLIC)
def list_firms() -> str:
    """Listed firms, to be narrowed by name, item and grade."""
    words = search_words(request.args)
    page = _firms(words, page_number(request.args))
    return render_template(
        "portal/firms.html",
        page=page,
        words=words,
        item=request.args.get("item", ""),
        grade=grade_choice(request.args),
        grades=firms.grades_of(page.items, _register()),
        offered=firms.offered_by(page.items),
        items=_item_names(),
        choices=firms.ORDER[:-1],
    )


@bp.route("/firms/<public_id>")
@access(PUBLIC)
def firm(public_id: str) -> str:
    """One listed firm: who it is, its grade, what it offers, what stands against it."""
    now, register = clock.now(), _register()
    found = firms.listed_firm(public_id, register, now)
    organisation_id = found.organisation_id
    return render_template(
        "portal/firm.html",
        firm=found,
        organisation=found.organisation,
        grade=ratings.grade_on(organisation_id, register, clock.today()),
        offerings=intermediaries.offerings(found.id),
        qualifications=intermediaries.qualifications(found.id),
        items=_item_names(),
        days_kinds={
            item.code: item.statutory_days_kind.title
            for item in catalogue.items(clock.today(), accounts.lineage(_register()))
        },
        record=contracts.record_of(organisation_id),
        averages=evaluations.averages_for(organisation_id, Direction.OWNER_TO_FIRM),
        marks=[
            each
            for each in evaluations.revealed_for(organisation_id, limit=10)
            if each.direction is Direction.OWNER_TO_FIRM
        ],
        part_titles=PART_TITLES,
        blacklisted=_rows(sanctions.blacklistings_in_force(now, organisation_id)),
        cards=sanctions.cards_in_force(now, organisation_id),
        today=clock.today(),
    )


@bp.route("/needs", endpoint="needs")
@access(PUBLIC)
def list_needs() -> str:
    """All published needs."""
    words, status = search_words(request.args), status_choice(request.args)
    return render_template(
        "portal/needs.html",
        page=needs.needs_page(words=words, status=status, number=page_number(request.args)),
        words=words,
        status=status,
        statuses=needs.need_counts(),
    )


@bp.route("/needs/<public_id>")
@access(PUBLIC)
def need(public_id: str) -> str:
    """One need: what is asked, until when, who may enter."""
    found = needs.public_need(public_id)
    actor = current_actor()
    enters = actor is not None and actor.may(Permission.FIRM_ENTER)
    mine = actor.organisation_id if actor is not None and enters else None
    open_to_entries = found.status is NeedStatus.PUBLISHED
    return render_template(
        "portal/need.html",
        need=found,
        now=clock.now(),
        lowest_grade=projects.lowest_grade(found, clock.today()),
        entry_count=selection.entry_count(found),
        closed=needs.is_closed(found),
        my_entry=selection.my_entry(found, mine) if mine else None,
        answers=selection.eligibility_preview(found, mine) if mine and open_to_entries else None,
        said=selection.said,
        recusals=projects.recusals(found.id),
        corrections=projects.corrections(found.id),
        attachments=projects.attachments(found.id),
        open_to_entries=open_to_entries,
    )


@bp.route("/results", endpoint="results")
@access(PUBLIC)
def list_results() -> str:
    """Published choices, the latest first."""
    page, found = results.results_page(page_number(request.args))
    return render_template("portal/results.html", page=page, results=found)


@bp.route("/policies", endpoint="policies")
@access(PUBLIC)
def list_policies() -> str:
    """All editions of the rules, those in force marked."""
    return render_template(
        "portal/policies.html",
        lines=policies.editions(clock.today()),
        sections=SECTIONS,
        areas=policies.area_names(),
    )


@bp.route("/policies/<int:edition_id>")
@access(PUBLIC)
def policy(edition_id: int) -> str:
    """Every number of one edition, its basis and its hash."""
    edition = policies.edition(edition_id)
    return render_template(
        "portal/policy.html",
        edition=edition,
        values=[
            (title_of(edition.section, key), key, value_of(text))
            for key, text in policies.values_of(edition.content)
        ],
        sections=SECTIONS,
        area=policies.area_names().get(edition.jurisdiction, edition.jurisdiction),
    )


@bp.route("/policies/<int:edition_id>/source.toml")
@access(PUBLIC)
def policy_source(edition_id: int) -> Response:
    """The edition's file, byte for byte what the hash was taken of."""
    edition = policies.edition(edition_id)
    return Response(
        edition.source.encode(),
        mimetype="text/plain",
        headers={"Content-Disposition": f"attachment; filename=edition-{edition.id}.toml"},
    )


@bp.route("/data")
@access(PUBLIC)
def data() -> str:
    """Counts and the head of the ledger."""
    now = clock.now()
    seq, head = audit.head()
    return render_template(
        "portal/data.html",
        figures=figures.figures(_register(), now),
        statuses=needs.need_counts(),
        seq=seq,
        head=head,
        now=now,
    )


@bp.route("/accessibility")
@access(PUBLIC)
def accessibility() -> str:
    """What the site promises to people who read, hear or move differently."""
    return render_template("portal/accessibility.html", title=_("无障碍说明"))

"""Published needs and the results of selections."""

from __future__ import annotations

from flask import render_template, request

from marketplace.accounts import areas
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.listing import read_sorting
from marketplace.foundation.web import PUBLIC, access, current_actor
from marketplace.projects import queries as projects
from marketplace.projects.coding import code_in
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import queries as selection
from marketplace.selection.asking import queries as asking

from ..forms import page_number, search_words, status_choice
from ..queries import needs, results
from .blueprint import bp


@bp.route("/needs", endpoint="needs")
@access(PUBLIC)
def list_needs() -> str:
    """The published needs of the area."""
    words, status, area = search_words(request.args), status_choice(request.args), areas.chosen()
    item_code = request.args.get("item", "")[:20]
    sorting = read_sorting(request.args, "budget", "deadline")
    return render_template(
        "portal/needs.html",
        page=needs.needs_page(
            area,
            words=words,
            status=status,
            item_code=item_code,
            sorting=sorting,
            number=page_number(request.args),
        ),
        words=words,
        project_code=code_in(words),
        status=status,
        item_code=item_code,
        sorting=sorting,
        statuses=needs.need_counts(area),
        names=catalogue.names(clock.today(), area.lineage),
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
        check=projects.price_check(found),
        questions=asking.said(found.id),
        earlier=projects.earlier_call(found),
        following=_following(found),
        open_to_entries=open_to_entries,
    )


def _following(need: Need) -> Need | None:
    """The next notice of a failed need, once it is public."""
    found = projects.next_call(need) if need.status is NeedStatus.FAILED else None
    return found if found is not None and found.is_public else None


@bp.route("/results", endpoint="results")
@access(PUBLIC)
def list_results() -> str:
    """Published choices of the area, the latest first."""
    words = search_words(request.args)
    page, found = results.results_page(areas.chosen(), words, page_number(request.args))
    return render_template("portal/results.html", page=page, results=found, words=words)

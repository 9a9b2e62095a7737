"""The published lists: the one in force, its editions, its exports."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.accounts import queries as accounts
from marketplace.fees.blueprint import bp
from marketplace.foundation import clock, files
from marketplace.foundation.addresses import MAX_ID
from marketplace.foundation.editions import standing_of
from marketplace.foundation.web import PUBLIC, access

from . import documents, queries
from .office_pages import page_of
from .rules import own_standard
from .wording import cell_words


@bp.get("/fees/lists")
@access(PUBLIC)
def fee_lists() -> ResponseReturnValue:
    """Every edition of the place's list and of those it may inherit; two can be compared."""
    area, day = areas.chosen(), clock.today()
    found = queries.editions(area.lineage)
    in_force = queries.edition_for(area.code, day)
    return render_template(
        "fees/lists/editions.html",
        editions=found,
        in_force=in_force,
        standing=standing_of(
            [(each.id, each.jurisdiction, each.effective_from) for each in found],
            area.lineage,
            day,
        ),
        names={code: accounts.jurisdiction(code).name for code in {e.jurisdiction for e in found}},
    )


@bp.get("/fees/lists/<int:edition_id>")
@access(PUBLIC)
def published_list(edition_id: int) -> ResponseReturnValue:
    """One edition with its rows, to be searched by item."""
    found = queries.edition(edition_id)
    words = request.args.get("q", "")
    rows = queries.rows_of_edition(found)
    day = clock.today()
    in_force = queries.edition_for(found.jurisdiction, day)
    return render_template(
        "fees/lists/published.html",
        edition=found,
        place=accounts.jurisdiction(found.jurisdiction).name,
        total=len(rows),
        page=page_of(queries.matching(rows, words), request.args.get("page", 1, type=int)),
        words=words,
        in_force=in_force is not None and in_force.id == found.id,
        upcoming=found.effective_from > day,
        standards=queries.published_standards(day).by_id,
        listed=queries.listed_items(found.jurisdiction, max(day, found.effective_from)),
        cell=cell_words,
        own=(lambda code: own_standard(found.jurisdiction, code))
        if found.effective_from <= day
        else None,
    )


@bp.get("/fees/lists/<int:edition_id>/list.xlsx")
@access(PUBLIC)
def list_workbook(edition_id: int) -> Response:
    """The list as a spreadsheet."""
    return _file(edition_id, "xlsx")


@bp.get("/fees/lists/<int:edition_id>/list.pdf")
@access(PUBLIC)
def list_pdf(edition_id: int) -> Response:
    """The list as a document to print."""
    return _file(edition_id, "pdf")


def _file(edition_id: int, kind: str) -> Response:
    """The file kept with the edition; made now for one that was shipped, which is short, and in
    the moments before a new one's is made."""
    kept = queries.kept_file(edition_id, kind) if edition_id <= MAX_ID else None
    if kept is not None:
        return files.send(kept)
    name, content = documents.made(edition_id, kind)
    return files.attachment(content, name)

"""The editions of the rules, number by number."""

from __future__ import annotations

from flask import Response, render_template

from marketplace.accounts import areas
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access

from ..queries import policies
from ..titles import SECTIONS, title_of, value_of
from .blueprint import bp


@bp.route("/policies", endpoint="policies")
@access(PUBLIC)
def list_policies() -> str:
    """The editions that concern the area, those in force marked."""
    return render_template(
        "portal/policies.html",
        lines=policies.editions(areas.chosen(), clock.today()),
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

"""Writing a need down: from an earlier one, from the item's template, by project code, or afresh."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import Commissioner
from marketplace.fees import queries as fees
from marketplace.fees.wording import compare
from marketplace.foundation import clock
from marketplace.foundation.errors import Invalid
from marketplace.foundation.web import access, keep_nothing, require_actor, run_form, writes

from . import access as objects
from . import checking, drafting, queries
from .blueprint import bp
from .coding import read_code
from .forms import NeedForm, need_form, values_of
from .models import Need, NeedStatus, Project
from .starting import from_earlier, from_item


@bp.route("/owner/needs/new", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def new_need() -> Any:
    """Choose what to begin with, then write the need down as a draft."""
    actor = require_actor()
    owner_id = actor.organisation_id
    assert owner_id is not None
    now = clock.now()
    day = clock.local_day(now)
    lineage = accounts.lineage(accounts.organisation(owner_id).jurisdiction_code)
    again = request.args.get("again")
    copied = again or request.args.get("copy")
    earlier = objects.need_for(actor, copied) if copied else None
    code = earlier.item_code if earlier is not None else request.args.get("item")
    if not code:
        return _start_page(owner_id, lineage)
    item = catalogue.item(code, day, lineage)
    begun_with: dict[str, Any] = {}
    if earlier is not None:
        begun_with = from_earlier(values_of(earlier))
    elif request.args.get("template"):
        begun_with = from_item(item)
    if asked := request.args.get("code"):
        begun_with |= _of_project(owner_id, asked)
    form = need_form(item.code, lineage[0], owner_id, day, None, begun_with)
    return run_form(
        form,
        lambda: drafting.draft_need(
            _project(form, owner_id),
            item.code,
            form.content(),
            form.recused,
            actor=actor,
            now=now,
            earlier=objects.need_for(actor, again) if again else None,
        ),
        lambda: form_page(form, code, None, again=again),
        _("草稿已保存"),
        lambda made: url_for("projects.need", public_id=made.public_id),
    )


def _start_page(owner_id: int, lineage: tuple[str, ...]) -> str:
    owner = accounts.organisation(owner_id)
    every = [
        each
        for each in catalogue.items(clock.today(), lineage)
        if each.commissioned_by is Commissioner.APPLICANT or owner.kind is OrganisationKind.AGENCY
    ]
    known = {each.code for each in every}
    code = request.args.get("code", "")
    return render_template(
        "projects/choose_item.html",
        every=every,
        items=catalogue.narrowed(
            every, request.args.get("q", ""), request.args.get("category", "")
        ),
        earlier=[need for need in queries.latest_needs(owner_id) if need.item_code in known],
        code=code,
        read=read_code(owner_id, code) if code else None,
    )


def _of_project(owner_id: int, code: str) -> dict[str, Any]:
    """The fields of the form that name a project by its code."""
    read = read_code(owner_id, code)
    if read.fault is not None:
        return {}
    if read.project is not None:
        return {"project": read.project.public_id}
    return {"project": "", "project_code": read.code}


def _project(form: NeedForm, organisation_id: int) -> Project:
    if form.project.data:
        found = queries.project_of(organisation_id, form.project.data)
        if found is None:
            raise Invalid(_("请选择已有项目，或填写新项目名称"), field="project")
        return found
    return drafting.start_project(
        form.project_name.data, form.project_code.data, require_actor(), clock.now()
    )


def form_page(form: NeedForm, item_code: str, need: Need | None, **shown: Any) -> str:
    """The form of one item with what stands beside it; ``shown``: what was looked up for it."""
    actor = require_actor()
    assert actor.organisation_id is not None
    today = clock.today()
    lineage = accounts.lineage(accounts.organisation(actor.organisation_id).jurisdiction_code)
    return render_template(
        "projects/need_form.html",
        form=form,
        item=catalogue.item(item_code, today, lineage),
        need=need,
        policy=queries.selection_policy(lineage[0], today),
        agreed=compare(fees.reference(fees.pricing(item_code, lineage[0], today), today)),
        **{"preview": None, "again": None, **shown},
    )


@bp.post("/owner/needs/items/<item>")
@access(Permission.NEED_EDIT)
@writes
def reshape_need(item: str) -> Any:
    """The form with one item more, or without one (``without``); nothing is saved, and what was
    filled in stays."""
    actor = require_actor()
    owner_id = actor.organisation_id
    assert owner_id is not None
    keep_nothing()
    draft, again = request.args.get("draft"), request.args.get("again")
    need = objects.need_for(actor, draft) if draft else None
    earlier = objects.need_for(actor, again).public_id if again else None
    lineage = accounts.lineage(accounts.organisation(owner_id).jurisdiction_code)
    form = need_form(item, lineage[0], owner_id, clock.today(), need)
    return form_page(form, item, need, again=earlier)


@bp.route("/owner/needs/<public_id>/edit", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def edit_need(public_id: str) -> Any:
    """Change a draft."""
    actor = require_actor()
    assert actor.organisation_id is not None
    need = objects.need_for(actor, public_id)
    checking.require_status(need, NeedStatus.DRAFT)
    now = clock.now()
    form = need_form(
        need.item_code,
        need.jurisdiction_code,
        actor.organisation_id,
        clock.local_day(now),
        need,
    )

    def page() -> str:
        again = objects.need_for(actor, public_id)
        return form_page(form, again.item_code, again)

    return run_form(
        form,
        lambda: drafting.edit_need(need, form.content(), form.recused, actor=actor, now=now),
        page,
        _("草稿已保存"),
        lambda _made: url_for("projects.need", public_id=public_id),
    )

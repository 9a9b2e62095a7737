"""Pages: the desk of the item list, proposals, the new edition under way."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import ButtonForm, Form, came_back, options
from marketplace.foundation.web import access, require_actor, run_form, writes

from .. import queries as catalogue
from ..blueprint import bp
from ..rules.comparing import compare, names_in
from ..rules.items import Item
from ..wording import CHANGES
from . import access as rights
from . import actions, queries, reading
from .forms import FactsForm, ItemForm, NewItemForm, ReasonForm
from .models import DraftStatus, ItemProposal, ListDraft, ProposalStatus
from .wording import told_change, told_rows

DESK = "catalogue.desk"


@bp.get("/supervision/catalogue")
@access(Permission.SUPERVISION_VIEW)
def desk() -> ResponseReturnValue:
    """What is proposed, the new edition under way, and the items one may propose changes of."""
    actor = require_actor()
    place = rights.home_code(actor)
    own = actor.organisation_id if rights.is_department(actor) else None
    base = queries.newest_edition(place)
    items = catalogue.items_of(base) if base is not None else []
    if own is not None:
        office = rights.office_of(actor).office_code
        items = [item for item in items if item.department_code == office]
    return render_template(
        "catalogue/desk.html",
        base=base,
        draft=queries.open_draft(place) if own is None else None,
        page=paginate(queries.drafts(area_of(actor)), request.args.get("page", 1, type=int)),
        waiting=queries.proposals(area_of(actor), [ProposalStatus.PROPOSED], own),
        answered=[
            each
            for each in queries.proposals(area_of(actor), (), own)
            if each.status is not ProposalStatus.PROPOSED
        ][:30],
        items=catalogue.narrowed(items, request.args.get("q", "")),
        department=own is not None,
    )


@bp.route("/supervision/catalogue/items/<code>/propose", methods=["GET", "POST"])
@access(Permission.CATALOGUE_PROPOSE)
@writes
def propose_change(code: str) -> ResponseReturnValue:
    """Propose another wording of an item."""
    actor = require_actor()
    item = _item(actor, code)
    form = ItemForm(data=reading.values_of(item))
    return run_form(
        form,
        lambda: actions.propose_change(
            code, form.values(), form.reason.data or "", actor, clock.now()
        ),
        lambda: render_template("catalogue/item_form.html", form=form, item=item),
        _("建议已提交，由管理机构答复"),
        lambda made: url_for("catalogue.proposal", public_id=made.public_id),
    )


@bp.route("/supervision/catalogue/items/new", methods=["GET", "POST"])
@access(Permission.CATALOGUE_PROPOSE)
@writes
def propose_new() -> ResponseReturnValue:
    """Propose an item the list does not hold."""
    actor = require_actor()
    form = NewItemForm()
    office = rights.office_of(actor)
    offices = (
        [office] if rights.is_department(actor) else accounts.departments(rights.home_code(actor))
    )
    form.department.choices = options((each.office_code or "", each.name) for each in offices)
    return run_form(
        form,
        lambda: actions.propose_new(
            form.code.data or "",
            form.department.data or "",
            form.values(),
            form.reason.data or "",
            actor,
            clock.now(),
        ),
        lambda: render_template("catalogue/item_form.html", form=form, item=None),
        _("建议已提交，由管理机构答复"),
        lambda made: url_for("catalogue.proposal", public_id=made.public_id),
    )


@bp.route("/supervision/catalogue/items/<code>/drop", methods=["GET", "POST"])
@access(Permission.CATALOGUE_PROPOSE)
@writes
def propose_drop(code: str) -> ResponseReturnValue:
    """Propose that an item be taken off the list."""
    actor = require_actor()
    item = _item(actor, code)
    form = ReasonForm()
    return run_form(
        form,
        lambda: actions.propose_drop(code, form.reason.data or "", actor, clock.now()),
        lambda: render_template(
            "catalogue/reason.html",
            form=form,
            title=_("建议取消事项“%(name)s”", name=item.name),
            submit=_("提交建议"),
            effects=[_("新版清单公布施行后，这一事项不再列入；已办理的不受影响")],
            back=url_for(DESK),
        ),
        _("建议已提交，由管理机构答复"),
        lambda made: url_for("catalogue.proposal", public_id=made.public_id),
    )


def _item(actor: Actor, code: str) -> Item:
    base = queries.newest_edition(rights.home_code(actor))
    for item in catalogue.stated(base) if base is not None else []:
        if item.code == code and rights.may_propose(actor, item):
            return item
    raise Missing(f"item {code}")


@bp.get("/supervision/catalogue/proposals/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def proposal(public_id: str) -> ResponseReturnValue:
    """A proposal: what it changes, field by field, and its answer."""
    actor = require_actor()
    return _proposal_page(actor, rights.proposal_for(actor, public_id))


def _proposal_page(actor: Actor, found: ItemProposal, **forms: Any) -> str:
    base = found.draft.base if found.draft else queries.newest_edition(found.jurisdiction_code)
    standing = catalogue.stated(base) if base else []
    before = next((item for item in standing if item.code == found.item_code), None)
    told = found.told
    change = next(compare([before] if before else [], [told] if told else []), None)
    here = found.jurisdiction_code == actor.jurisdiction
    answers = here and actor.may(Permission.POLICY_PROPOSE)
    return render_template(
        "catalogue/proposal.html",
        proposal=found,
        now=clock.now(),
        change=change,
        rows=told_rows(before, told, names_in(standing)) if told else [],
        may_answer=answers and found.status is ProposalStatus.PROPOSED,
        may_leave_out=answers
        and found.status is ProposalStatus.ACCEPTED
        and found.draft is not None
        and found.draft.is_editable,
        may_withdraw=found.organisation_id == actor.organisation_id
        and actor.may(Permission.CATALOGUE_PROPOSE)
        and found.status is ProposalStatus.PROPOSED,
        **{"button": ButtonForm(formdata=None), "top": ButtonForm(formdata=None), **forms},
    )


def _answer(public_id: str, act: Any, done: str) -> ResponseReturnValue:
    actor = require_actor()
    found = rights.own_proposal(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: act(found, actor, clock.now()),
        lambda: _proposal_page(
            actor, rights.own_proposal(actor, public_id), **came_back("button", form)
        ),
        done,
        lambda _made: url_for("catalogue.proposal", public_id=public_id),
    )


@bp.post("/supervision/catalogue/proposals/<public_id>/accept")
@access(Permission.POLICY_PROPOSE)
@writes
def accept_proposal(public_id: str) -> ResponseReturnValue:
    """Take a proposal into the new edition."""
    return _answer(public_id, actions.accept_proposal, _("已采纳，列入新版清单"))


@bp.post("/supervision/catalogue/proposals/<public_id>/leave-out")
@access(Permission.POLICY_PROPOSE)
@writes
def leave_out(public_id: str) -> ResponseReturnValue:
    """Take an accepted proposal out of the new edition."""
    return _answer(public_id, actions.leave_out, _("已从新版清单中移出"))


@bp.post("/supervision/catalogue/proposals/<public_id>/withdraw")
@access(Permission.CATALOGUE_PROPOSE)
@writes
def withdraw_proposal(public_id: str) -> ResponseReturnValue:
    """Take the own office's proposal back."""
    return _answer(public_id, actions.withdraw_proposal, _("建议已撤回"))


@bp.route("/supervision/catalogue/proposals/<public_id>/refuse", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def refuse_proposal(public_id: str) -> ResponseReturnValue:
    """Decline a proposal with reasons."""
    actor = require_actor()
    found = rights.own_proposal(actor, public_id)
    form = ReasonForm()
    return run_form(
        form,
        lambda: actions.refuse_proposal(found, form.reason.data or "", actor, clock.now()),
        lambda: render_template(
            "catalogue/reason.html",
            form=form,
            title=_("不采纳对“%(name)s”的建议", name=found.item_name),
            submit=_("答复不采纳"),
            effects=[_("理由告知提出建议的单位")],
            back=url_for("catalogue.proposal", public_id=public_id),
        ),
        _("已答复"),
        lambda _none: url_for("catalogue.proposal", public_id=public_id),
    )


@bp.get("/supervision/catalogue/drafts/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def draft(public_id: str) -> ResponseReturnValue:
    """A new edition under way: its head, what it changes, the next step."""
    actor = require_actor()
    return _draft_page(actor, rights.draft_for(actor, public_id))


def _draft_page(actor: Actor, found: ListDraft, **forms: Any) -> str:
    own = found.jurisdiction_code == actor.jurisdiction
    changes = queries.changes(found)
    names = names_in([*catalogue.stated(found.base), *(each.item for each in changes)])
    drafts = own and actor.may(Permission.POLICY_PROPOSE)
    return render_template(
        "catalogue/draft.html",
        draft=found,
        changes=[(each, told_change(each, names)) for each in changes],
        kinds=CHANGES,
        may_edit=drafts and found.is_editable,
        may_withdraw=drafts and (found.is_editable or found.status is DraftStatus.SUBMITTED),
        may_approve=own
        and actor.may(Permission.POLICY_APPROVE)
        and found.status is DraftStatus.SUBMITTED
        and actor.user_id not in (*found.hands, found.submitted_by),
        **{"button": ButtonForm(formdata=None), "top": ButtonForm(formdata=None), **forms},
    )


def _step(public_id: str, act: Any, done: str) -> ResponseReturnValue:
    actor = require_actor()
    found = rights.own_draft(actor, public_id)
    form: Form = ButtonForm()
    return run_form(
        form,
        lambda: act(found, actor, clock.now()),
        lambda: _draft_page(actor, rights.own_draft(actor, public_id), **came_back("button", form)),
        done,
        lambda _none: url_for("catalogue.draft", public_id=public_id),
    )


@bp.route("/supervision/catalogue/drafts/<public_id>/facts", methods=["GET", "POST"])
@access(Permission.POLICY_PROPOSE)
@writes
def draft_facts(public_id: str) -> ResponseReturnValue:
    """The head of a new edition."""
    actor = require_actor()
    found = rights.own_draft(actor, public_id)
    form = FactsForm(obj=found)
    return run_form(
        form,
        lambda: actions.state_facts(
            found,
            form.title.data or "",
            form.document.data or "",
            form.effective_from.data,
            actor,
            clock.now(),
        ),
        lambda: render_template("catalogue/draft_facts.html", form=form, draft=found),
        None,
        lambda _none: url_for("catalogue.draft", public_id=public_id),
    )


@bp.post("/supervision/catalogue/drafts/<public_id>/submit")
@access(Permission.POLICY_PROPOSE)
@writes
def submit_draft(public_id: str) -> ResponseReturnValue:
    """Lay a new edition before another officer."""
    return _step(public_id, actions.submit_draft, _("已送审"))


@bp.post("/supervision/catalogue/drafts/<public_id>/withdraw")
@access(Permission.POLICY_PROPOSE)
@writes
def withdraw_draft(public_id: str) -> ResponseReturnValue:
    """Give up a new edition."""
    return _step(public_id, actions.withdraw_draft, _("新版清单已撤回，其中的建议重新等待答复"))


@bp.post("/supervision/catalogue/drafts/<public_id>/approve")
@access(Permission.POLICY_APPROVE)
@writes
def approve_draft(public_id: str) -> ResponseReturnValue:
    """Show a new edition to the public."""
    return _step(public_id, actions.approve_draft, _("已开始公示，期满后自动公布"))


@bp.route("/supervision/catalogue/drafts/<public_id>/return", methods=["GET", "POST"])
@access(Permission.POLICY_APPROVE)
@writes
def return_draft(public_id: str) -> ResponseReturnValue:
    """Give a new edition back with reasons."""
    actor = require_actor()
    found = rights.own_draft(actor, public_id)
    form = ReasonForm()
    return run_form(
        form,
        lambda: actions.return_draft(found, form.reason.data or "", actor, clock.now()),
        lambda: render_template(
            "catalogue/reason.html",
            form=form,
            title=_("退回“%(title)s”", title=found.title),
            submit=_("退回"),
            effects=[_("清单退回起草人，修改后重新送审")],
            back=url_for("catalogue.draft", public_id=public_id),
        ),
        _("已退回"),
        lambda _none: url_for("catalogue.draft", public_id=public_id),
    )

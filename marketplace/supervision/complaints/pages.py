"""Pages of complaints: filing, reading, withdrawing; the officers' list, acceptance and decision."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes
from marketplace.notices import queries as notices

from ..blueprint import bp
from . import access as rights
from . import actions, queries, replying
from .forms import AcceptanceForm, ComplaintForm, DecisionForm, ReplyForm
from .models import OPEN, ComplaintStatus, SelectionComplaint
from .rules import About, may_decide_from


@bp.route("/needs/<public_id>/complaint", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def complain(public_id: str) -> ResponseReturnValue:
    """Complain about the selection for a need."""
    actor = require_actor()
    need = rights.need_to_complain_of(actor, public_id)
    form = ComplaintForm()

    def act() -> SelectionComplaint:
        file = files.store_given(form.evidence, actor, clock.now())
        about = About(form.about.data)
        return actions.file_complaint(need, about, form.facts.data or "", actor, clock.now(), file)

    def page() -> str:
        again = rights.need_to_complain_of(actor, public_id)
        assert actor.organisation_id is not None
        now = clock.now()
        return render_template(
            "supervision/complaints/complain.html",
            form=form,
            need=again,
            until={
                each: actions.file_until(again, actor.organisation_id, each, now) for each in About
            },
            numbers=actions.edition_for(again.jurisdiction_code, now).values,
            now=now,
            waits=queries.open_one(again, actor.organisation_id),
        )

    return run_form(
        form,
        act,
        page,
        _("投诉已提交，办理进展发送消息"),
        lambda made: url_for("supervision.complaint", public_id=made.public_id),
    )


@bp.get("/complaints")
@access(Permission.OBJECT)
def own_complaints() -> ResponseReturnValue:
    """The organisation's own complaints, and those it was asked to reply to."""
    actor = require_actor()
    assert actor.organisation_id is not None
    return render_template(
        "supervision/complaints/own.html",
        complaints=queries.complaints_of(actor.organisation_id),
        asked=queries.asked_of(actor.organisation_id),
        now=clock.now(),
    )


@bp.get("/complaints/<public_id>")
@access(SIGNED_IN)
def complaint(public_id: str) -> ResponseReturnValue:
    """One complaint, for who filed it and for officers."""
    return _page(require_actor(), public_id)


@bp.get("/complaints/<public_id>/evidence")
@access(SIGNED_IN)
def complaint_file(public_id: str) -> ResponseReturnValue:
    """The evidence of a complaint, for whoever may read it."""
    found = rights.complaint_for(require_actor(), public_id)
    if found.evidence_file is None:
        raise Missing(f"complaint {public_id}")
    return files.send(found.evidence_file)


@bp.post("/complaints/<public_id>/withdraw")
@access(Permission.OBJECT)
@writes
def withdraw_complaint(public_id: str) -> ResponseReturnValue:
    """Take a complaint back."""
    actor = require_actor()
    found = rights.own_complaint(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: actions.withdraw_complaint(found, actor, clock.now()),
        lambda: _page(actor, public_id, "button", form),
        _("投诉已撤回"),
        lambda _done: url_for("supervision.complaint", public_id=public_id),
    )


@bp.route("/complaints/<public_id>/reply", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def reply_complaint(public_id: str) -> ResponseReturnValue:
    """One of those complained of replies in writing, once."""
    actor = require_actor()
    row = rights.reply_asked_of(actor, public_id)
    form = ReplyForm()

    def act() -> None:
        file = files.store_given(form.evidence, actor, clock.now())
        replying.reply(row, form.text.data or "", file, actor, clock.now())

    def page() -> str:
        again, now = rights.reply_asked_of(actor, public_id), clock.now()
        waits = again.text is None and again.complaint.status is ComplaintStatus.ACCEPTED
        return render_template(
            "supervision/complaints/reply.html",
            row=again,
            complaint=again.complaint,
            notice=notices.latest("complaint", again.complaint),
            now=now,
            open=waits and now < again.reply_by,
            **came_back("form", form),
        )

    return run_form(
        form,
        act,
        page,
        _("书面答复已提交"),
        lambda _done: url_for("supervision.reply_complaint", public_id=public_id),
    )


@bp.get("/complaints/replies/<public_id>/evidence")
@access(SIGNED_IN)
def reply_file(public_id: str) -> ResponseReturnValue:
    """What came with a reply, for whoever may read it."""
    row = rights.reply_for(require_actor(), public_id)
    if row.file is None:
        raise Missing(f"reply {public_id}")
    return files.send(row.file)


@bp.get("/supervision/complaints")
@access(Permission.SUPERVISION_VIEW)
def complaints() -> ResponseReturnValue:
    """Every complaint of the area, those waiting first."""
    actor = require_actor()
    found = queries.complaints(area_of(actor), bureau=actor.may(Permission.AUDIT_READ))
    return render_template(
        "supervision/complaints/list.html",
        page=paginate(found, request.args.get("page", 1, type=int)),
        now=clock.now(),
    )


@bp.post("/complaints/<public_id>/acceptance")
@access(Permission.COMPLAINT_DECIDE)
@writes
def accept_complaint(public_id: str) -> ResponseReturnValue:
    """Take a complaint on, or not."""
    actor = require_actor()
    found = rights.complaint_to_decide(actor, public_id)
    form = AcceptanceForm()

    def act() -> None:
        if form.outcome.data == "accept":
            actions.accept_complaint(found, actor, clock.now())
        else:
            actions.refuse_complaint(found, form.reason.data or "", actor, clock.now())

    return run_form(
        form,
        act,
        lambda: _page(actor, public_id, "form", form),
        None,
        lambda _done: url_for("supervision.complaint", public_id=public_id),
    )


@bp.post("/complaints/<public_id>/decision")
@access(Permission.COMPLAINT_DECIDE)
@writes
def decide_complaint(public_id: str) -> ResponseReturnValue:
    """Decide a complaint."""
    actor = require_actor()
    found = rights.complaint_to_decide(actor, public_id)
    form = DecisionForm()
    return run_form(
        form,
        lambda: actions.decide_complaint(
            found,
            form.outcome.data != "dismiss",
            form.outcome.data == "annul",
            form.reason.data or "",
            actor,
            clock.now(),
        ),
        lambda: _page(actor, public_id, "form", form),
        None,
        lambda _done: url_for("supervision.complaint", public_id=public_id),
    )


def _page(actor: Actor, public_id: str, name: str = "", refused: Form | None = None) -> str:
    found = rights.complaint_for(actor, public_id)
    own = found.organisation_id == actor.organisation_id
    decides = found.status in OPEN and rights.may_decide(actor, found)
    officer = rights.reads(actor, found)
    asked = [(each.reply_by, each.replied_at) for each in found.replies]
    heard_at = may_decide_from(asked) if found.status is ComplaintStatus.ACCEPTED else None
    waits = heard_at is not None and clock.now() < heard_at
    form: Form | None = None
    if decides and not waits:
        filed = found.status is ComplaintStatus.FILED
        form = AcceptanceForm(formdata=None) if filed else DecisionForm(formdata=None)
    shown = {
        "form": form,
        "button": ButtonForm(formdata=None) if own and found.status in OPEN else None,
        **(came_back(name, refused) if refused is not None else {}),
    }
    return render_template(
        "supervision/complaints/complaint.html",
        complaint=found,
        officer=officer,
        # who complained sees them with the decision
        replies=found.replies if officer or found.decided_at is not None else [],
        waits_until=heard_at if waits else None,
        own=own,
        took_part=actor.user_id in queries.took_part(found.need),
        decides=decides,
        notice=notices.latest("complaint", found),
        now=clock.now(),
        **shown,
    )

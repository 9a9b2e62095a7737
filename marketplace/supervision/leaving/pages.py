"""Pages of leaving: the firm declares, speaks, appeals; officers notice, hear, propose, decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.clock import SHANGHAI
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes
from marketplace.intermediaries.access import own_file
from marketplace.intermediaries.leaving import access as rights
from marketplace.intermediaries.leaving import actions as leaving
from marketplace.intermediaries.leaving import appealing, lapsing
from marketplace.intermediaries.leaving import queries as departing
from marketplace.intermediaries.leaving.models import Departure, DepartureStatus, Ground, Part
from marketplace.intermediaries.leaving.papers import beside, lay_beside
from marketplace.intermediaries.leaving.rules import Contracts, LeavingPolicy
from marketplace.intermediaries.models import Firm

from ..blueprint import bp
from . import actions, queries
from .forms import (
    AppealForm,
    DeclarationForm,
    HearingForm,
    ProposalForm,
    RecordForm,
    RemovalDecisionForm,
    RemovalForm,
    ReviewForm,
    StatementForm,
)


@bp.route("/firm/leaving", methods=["GET", "POST"])
@access(Permission.FIRM_FILE)
@writes
def declare_leaving() -> ResponseReturnValue:
    """The firm declares that it leaves; what runs is shown before."""
    actor = require_actor()
    rights.must_speak_for(actor)
    firm = own_file(actor)
    form = DeclarationForm(data={"contracts": Contracts.FINISH.value})
    return run_form(
        form,
        lambda: actions.declare_leaving(
            firm, Contracts(form.contracts.data), form.reason.data or "", actor, clock.now()
        ),
        lambda: _declaration(own_file(actor), form),
        _("已声明退出"),
        lambda made: url_for("supervision.departure", public_id=made.public_id),
    )


def _declaration(firm: Firm, form: DeclarationForm) -> str:
    now = clock.now()
    return render_template(
        "supervision/leaving/declare.html",
        firm=firm,
        form=form,
        running=queries.running(firm),
        unsigned=queries.unsigned(firm),
        under_way=departing.under_way(firm.id),
        history=departing.of_firm(firm.id),
        values=departing.leaving_policy(firm.register_code, clock.local_day(now)).values,
    )


@bp.get("/supervision/departures")
@access(Permission.SUPERVISION_VIEW)
def departures() -> str:
    """Departures of the area, those under way first."""
    codes = area_of(require_actor())
    page = paginate(departing.departures(codes), request.args.get("page", 1, type=int))
    return render_template(
        "supervision/leaving/list.html", page=page, lapsed=lapsing.counted(codes)
    )


@bp.route("/supervision/firms/<public_id>/removal", methods=["GET", "POST"])
@access(Permission.ADMISSION_CHECK)
@writes
def begin_removal(public_id: str) -> ResponseReturnValue:
    """Tell a firm that it is to be removed, and why."""
    actor = require_actor()
    firm = rights.firm_to_remove(actor, public_id)
    form = RemovalForm(data=_without_certificate(firm))
    return run_form(
        form,
        lambda: actions.notice_removal(
            firm,
            Ground(form.ground.data),
            form.facts.data or "",
            form.papers.data,
            actor,
            clock.now(),
        ),
        lambda: render_template(
            "supervision/leaving/begin.html",
            form=form,
            firm=firm,
            days=departing.days_without_qualification(firm, clock.today()),
            values=departing.leaving_policy(firm.register_code, clock.today()).values,
        ),
        _("已告知机构，可在期限内陈述申辩、申请听证"),
        lambda made: url_for("supervision.departure", public_id=made.public_id),
    )


def _without_certificate(firm: Firm) -> dict[str, str]:
    """The ground and the facts, where the firm stands on the list of those without long enough."""
    row, today = lapsing.open_of(firm.id), clock.today()
    values = departing.leaving_policy(firm.register_code, today).values
    days = departing.days_without_qualification(firm, today)
    if row is None or days is None or days < values.no_qualification_days:
        return {}
    # what the firm is told is stored: in Chinese, whoever begins it
    since = f"{row.since:%Y年%m月%d日}起，" if row.since else ""
    asked = ""
    if row.reminded_at and row.renew_by and row.renew_by <= clock.now():
        asked = f"{clock.written(row.reminded_at)} 已要求补办，逾期未补办。"
    facts = f"{since}登记的资质均已过期或者未经核验。{asked}"
    return {"ground": Ground.NO_QUALIFICATION.value, "facts": facts}


@bp.get("/departures/<public_id>")
@access(SIGNED_IN)
def departure(public_id: str) -> str:
    """A departure, for the firm and the officers of its register."""
    actor = require_actor()
    return _page(actor, rights.departure_for(actor, public_id))


@bp.get("/departures/files/<public_id>")
@access(SIGNED_IN)
def departure_file(public_id: str) -> Response:
    """A paper laid beside a removal."""
    return files.send(rights.paper_for(require_actor(), public_id))


def _page(actor: Actor, found: Departure, **forms: Form) -> str:
    officer = rights.is_officer(actor, found)
    name, form = _next_form(actor, found, officer)
    shown: dict[str, Any] = {"step": name, "form": form, "top": None}
    shown["top"] = forms.get("top")
    if name in forms:
        shown["form"] = forms[name]
    return render_template(
        "supervision/leaving/departure.html",
        departure=found,
        firm=found.firm,
        officer=officer,
        running=queries.running(found.firm) if found.status is DepartureStatus.DECLARED else [],
        values=policy.by_id(LeavingPolicy, found.edition_id).values,
        papers=beside(found) if officer or actor.may(Permission.FIRM_FILE) else [],
        now=clock.now(),
        **shown,
    )


def _next_form(actor: Actor, found: Departure, officer: bool) -> tuple[str, Form | None]:
    """The step the departure waits for, where the reader may take it."""
    now, status = clock.now(), found.status
    if not officer:
        if not actor.may(Permission.FIRM_FILE):
            return "", None
        if status is DepartureStatus.DECLARED:
            return "withdrawal", ButtonForm(formdata=None)
        due = found.statement_due_at
        if status is DepartureStatus.NOTICED and not found.stated_at and due and now < due:
            return "statement", StatementForm(formdata=None)
        until = found.appeal_until
        if status is DepartureStatus.REMOVED and not found.appealed_at and until and now < until:
            return "appeal", AppealForm(formdata=None)
        return "", None
    apart = actor.user_id not in (found.begun_by, found.proposed_by)
    if actor.may(Permission.ADMISSION_CHECK):
        if status is DepartureStatus.NOTICED and found.hearing_asked:
            held = found.hearing_at is not None and found.hearing_at <= now
            return (
                ("record", RecordForm(formdata=None))
                if held
                else (
                    "hearing",
                    HearingForm(formdata=None),
                )
            )
        if status is DepartureStatus.HEARD:
            return "proposal", ProposalForm(formdata=None)
    if actor.may(Permission.ADMISSION_DECIDE) and apart and status is DepartureStatus.PROPOSED:
        return "decision", RemovalDecisionForm(formdata=None)
    if (
        actor.may(Permission.SANCTION_REVIEW)
        and apart
        and actor.user_id != found.decided_by
        and status is DepartureStatus.APPEALED
    ):
        return "review", ReviewForm(formdata=None)
    return "", None


def _step(
    find: Callable[[Actor, str], Departure],
    public_id: str,
    name: str,
    form: Form,
    act: Callable[[Departure, Actor], Any],
    done: str,
) -> ResponseReturnValue:
    actor = require_actor()
    found = find(actor, public_id)
    return run_form(
        form,
        lambda: act(found, actor),
        lambda: _page(actor, find(actor, public_id), **came_back(name, form)),
        done,
        lambda _none: url_for("supervision.departure", public_id=public_id),
    )


def _spoken(
    find: Callable[[Actor, str], Departure],
    public_id: str,
    part: Part,
    form: StatementForm | AppealForm | RecordForm,
    act: Callable[[Departure, Actor, datetime], Any],
    done: str,
) -> ResponseReturnValue:
    """A step at which something is said and papers may be laid beside it."""

    def say(found: Departure, actor: Actor) -> None:
        now = clock.now()
        act(found, actor, now)
        lay_beside(found, part, form.papers.data, actor, now)

    return _step(find, public_id, part.value, form, say, done)


@bp.post("/departures/<public_id>/withdrawal")
@access(Permission.FIRM_FILE)
@writes
def take_leaving_back(public_id: str) -> ResponseReturnValue:
    """The firm stays after all."""
    return _step(
        rights.own_departure,
        public_id,
        "withdrawal",
        ButtonForm(),
        lambda found, actor: leaving.take_back(found, actor, clock.now()),
        _("已撤回退出，恢复上架；已撤回的报名不恢复"),
    )


@bp.post("/departures/<public_id>/statement")
@access(Permission.FIRM_FILE)
@writes
def state_departure(public_id: str) -> ResponseReturnValue:
    """The firm speaks, and may ask for a hearing."""
    form = StatementForm()
    return _spoken(
        rights.own_departure,
        public_id,
        Part.STATEMENT,
        form,
        lambda found, actor, now: leaving.state(
            found, form.statement.data or "", form.hearing.data, actor, now
        ),
        _("陈述申辩已提交"),
    )


@bp.post("/departures/<public_id>/appeal")
@access(Permission.FIRM_FILE)
@writes
def appeal_departure(public_id: str) -> ResponseReturnValue:
    """The firm appeals."""
    form = AppealForm()
    return _spoken(
        rights.own_departure,
        public_id,
        Part.APPEAL,
        form,
        lambda found, actor, now: appealing.appeal(found, form.grounds.data or "", actor, now),
        _("申诉已提交"),
    )


@bp.post("/departures/<public_id>/hearing")
@access(Permission.ADMISSION_CHECK)
@writes
def set_hearing(public_id: str) -> ResponseReturnValue:
    """When the hearing is."""
    form = HearingForm()

    def act(found: Departure, actor: Actor) -> None:
        assert form.at.data is not None  # InputRequired
        at = form.at.data.replace(tzinfo=SHANGHAI)
        leaving.set_hearing(found, at, actor, clock.now())

    return _step(
        rights.officers_departure, public_id, "hearing", form, act, _("听证时间已告知机构")
    )


@bp.post("/departures/<public_id>/record")
@access(Permission.ADMISSION_CHECK)
@writes
def record_hearing(public_id: str) -> ResponseReturnValue:
    """What was said at it."""
    form = RecordForm()
    return _spoken(
        rights.officers_departure,
        public_id,
        Part.RECORD,
        form,
        lambda found, actor, now: leaving.record_hearing(found, form.record.data or "", actor, now),
        _("听证情况已记录"),
    )


@bp.post("/departures/<public_id>/proposal")
@access(Permission.ADMISSION_CHECK)
@writes
def propose_removal(public_id: str) -> ResponseReturnValue:
    """An officer proposes the removal."""
    form = ProposalForm()
    return _step(
        rights.officers_departure,
        public_id,
        "proposal",
        form,
        lambda found, actor: leaving.propose(found, form.reason.data or "", actor, clock.now()),
        _("处理意见已提交，由其他审批人决定"),
    )


@bp.post("/departures/<public_id>/decision")
@access(Permission.ADMISSION_DECIDE)
@writes
def decide_removal(public_id: str) -> ResponseReturnValue:
    """Another officer decides, with everything that follows."""
    form = RemovalDecisionForm()

    def act(found: Departure, actor: Actor) -> None:
        step = {
            "remove": actions.remove,
            "dismiss": leaving.dismiss,
            "return": leaving.send_back,
        }[form.conclusion.data]
        step(found, form.reason.data or "", actor, clock.now())

    return _step(rights.officers_departure, public_id, "decision", form, act, _("已办理"))


@bp.post("/departures/<public_id>/review")
@access(Permission.SANCTION_REVIEW)
@writes
def review_departure(public_id: str) -> ResponseReturnValue:
    """The superior office upholds or takes back."""
    form = ReviewForm()
    return _step(
        rights.officers_departure,
        public_id,
        "review",
        form,
        lambda found, actor: appealing.review(
            found, form.outcome.data == "revoke", form.reason.data or "", actor, clock.now()
        ),
        _("复核结论已作出"),
    )

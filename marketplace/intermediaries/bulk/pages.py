"""The bureau's pages of registers taken over, and the firm's page on which it claims its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from flask import Response, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.connections import set_write_mode
from marketplace.foundation.db import db, paginate
from marketplace.foundation.errors import Missing, TooMany
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.web import PUBLIC, require_actor, run_form, writes
from marketplace.foundation.web import access as allow

from .. import queries as register
from ..access import own_file, register_here
from ..blueprint import bp
from ..queries import admission_policy
from . import access, actions, claiming, documents, exporting, queries
from .forms import ExportForm, InviteForm, ReasonForm, SubmitForm, UploadForm, claim_form
from .models import ImportStatus, RegisterImport, Verdict
from .standing import known

SHOWN_PROBLEMS = 300


def _number() -> int:
    return request.args.get("page", 1, type=int)


@bp.get("/supervision/register")
@allow(Permission.SUPERVISION_VIEW)
def register_desk() -> str:
    """Registers taken over, and the register to be exported."""
    return _desk(ExportForm(formdata=None))


def _desk(form: ExportForm) -> str:
    here = register_here(require_actor())
    return render_template(
        "intermediaries/bulk/desk.html",
        page=paginate(queries.imports(here), _number()),
        unclaimed=paginate(queries.unclaimed(here), 1, 1).total,
        exports=queries.exports(here),
        form=form,
    )


@bp.get("/supervision/register/template.xlsx")
@allow(Permission.ADMISSION_CHECK)
def register_template() -> Response:
    """An empty workbook to fill in."""
    here = register_here(require_actor())
    content = documents.template(known(here, clock.today()))
    return files.attachment(content, "中介机构名录导入模板.xlsx")


@bp.route("/supervision/register/imports/new", methods=["GET", "POST"])
@allow(Permission.ADMISSION_CHECK)
@writes
def upload_register() -> Any:
    """Upload a register; the page says how to fill in the template."""
    actor = require_actor()
    form = UploadForm()

    def take() -> RegisterImport:
        now = actions.check_upload(actor, clock.now())
        file = files.store_given(form.file, actor, now, actions.KINDS)
        return actions.upload_register(file, register_here(actor), actor, now)

    return run_form(
        form,
        take,
        lambda: render_template("intermediaries/bulk/upload.html", form=form),
        None,
        lambda made: url_for("intermediaries.register_import", public_id=made.public_id),
    )


@bp.get("/supervision/register/imports/<public_id>")
@allow(Permission.SUPERVISION_VIEW)
def register_import(public_id: str) -> str:
    """An upload: how far it is read, what is wrong with it, what it brings, how far it has come."""
    return _page(public_id)


def _page(public_id: str, **forms: Any) -> str:
    actor = require_actor()
    found = access.import_for(actor, public_id)
    asked = request.args.get("verdict", "")
    verdict = Verdict(asked) if asked in list(Verdict) else None
    untouched = actor.user_id not in (found.uploaded_by, found.submitted_by)
    decides = actor.may(Permission.ADMISSION_DECIDE) and untouched
    shown = found.is_read and found.refusal is None
    return render_template(
        "intermediaries/bulk/import.html",
        upload=found,
        verdict=verdict,
        verdicts=list(Verdict),
        page=paginate(queries.rows(found, verdict), _number()) if shown else None,
        problems=_problems(found)[:SHOWN_PROBLEMS],
        failures=queries.not_taken(found) if found.failed else [],
        may_submit=found.may_be_submitted and actor.may(Permission.ADMISSION_CHECK),
        may_confirm=decides and found.status is ImportStatus.SUBMITTED,
        may_resume=decides and found.status is ImportStatus.STOPPED,
        may_stop=actor.may(Permission.ADMISSION_DECIDE) and found.status is ImportStatus.RUNNING,
        may_discard=actor.may(Permission.ADMISSION_CHECK) and found.may_be_discarded,
        ended=found.status in actions.ENDED,
        may_lapse=found.may_be_discarded,
        **(
            {
                "submission": SubmitForm(
                    formdata=None,
                    title=found.title,
                    document=found.document,
                    legal_basis=found.legal_basis,
                    leave_out=found.leave_out,
                ),
                "returning": ReasonForm(formdata=None),
                "stopping": ReasonForm(formdata=None),
                "top": None,
            }
            | forms
        ),
    )


def _problems(found: RegisterImport) -> list[tuple[str, Problem]]:
    return [(sheet, Problem.from_record(record)) for sheet, *record in found.problems]


@bp.get("/supervision/register/imports/<public_id>/errors.xlsx")
@allow(Permission.ADMISSION_CHECK)
def register_errors(public_id: str) -> Response:
    """The uploaded file with the cells marked that cannot be used."""
    found = access.import_for(require_actor(), public_id)
    content = actions.read_bytes(found)
    if not found.problems or content is None:
        raise Missing(public_id)
    marked = documents.with_faults(content, found.file.name, _problems(found))
    return files.attachment(marked, f"{found.file.name.rsplit('.', 1)[0]}-错误标注.xlsx")


def _step(public_id: str, name: str, form: Form, act: Callable[[RegisterImport], Any]) -> Any:
    found = access.import_for(require_actor(), public_id)
    return run_form(
        form,
        lambda: act(found),
        lambda: _page(public_id, **came_back(name, form)),
        None,
        lambda _done: url_for("intermediaries.register_import", public_id=public_id),
    )


@bp.post("/supervision/register/imports/<public_id>/submit")
@allow(Permission.ADMISSION_CHECK)
@writes
def submit_register(public_id: str) -> Any:
    """Ask another officer to confirm."""
    form = SubmitForm()

    def act(found: RegisterImport) -> None:
        actions.submit_import(
            found,
            title=form.title.data or "",
            document=form.document.data or "",
            legal_basis=form.legal_basis.data or "",
            leave_out=form.leave_out.data,
            actor=require_actor(),
            now=clock.now(),
        )

    return _step(public_id, "submission", form, act)


@bp.post("/supervision/register/imports/<public_id>/discard")
@allow(Permission.ADMISSION_CHECK)
@writes
def discard_register(public_id: str) -> Any:
    """Let an upload go."""
    return _step(
        public_id,
        "button",
        ButtonForm(),
        lambda found: actions.discard_import(found, require_actor(), clock.now()),
    )


@bp.post("/supervision/register/imports/<public_id>/return")
@allow(Permission.ADMISSION_DECIDE)
@writes
def return_register(public_id: str) -> Any:
    """Give an upload back with reasons."""
    form = ReasonForm()
    return _step(
        public_id,
        "returning",
        form,
        lambda found: actions.return_import(
            found, form.reason.data or "", require_actor(), clock.now()
        ),
    )


@bp.post("/supervision/register/imports/<public_id>/confirm")
@allow(Permission.ADMISSION_DECIDE)
@writes
def confirm_register(public_id: str) -> Any:
    """Let the take-over begin."""
    return _step(
        public_id,
        "button",
        ButtonForm(),
        lambda found: actions.confirm_import(found, require_actor(), clock.now()),
    )


@bp.post("/supervision/register/imports/<public_id>/stop")
@allow(Permission.ADMISSION_DECIDE)
@writes
def stop_register(public_id: str) -> Any:
    """Stop after the piece in hand."""
    form = ReasonForm()
    return _step(
        public_id,
        "stopping",
        form,
        lambda found: actions.stop_import(
            found, form.reason.data or "", require_actor(), clock.now()
        ),
    )


@bp.post("/supervision/register/imports/<public_id>/resume")
@allow(Permission.ADMISSION_DECIDE)
@writes
def resume_register(public_id: str) -> Any:
    """Go on where it was stopped."""
    return _step(
        public_id,
        "button",
        ButtonForm(),
        lambda found: actions.resume_import(found, require_actor(), clock.now()),
    )


@bp.get("/supervision/register/unclaimed")
@allow(Permission.SUPERVISION_VIEW)
def unclaimed() -> str:
    """Firms taken over that nobody acts for yet."""
    here, now = register_here(require_actor()), clock.now()
    page = paginate(queries.unclaimed(here), _number(), 50)
    return render_template(
        "intermediaries/bulk/unclaimed.html",
        page=page,
        invited=queries.invited([firm.organisation_id for firm in page.items], now),
    )


@bp.route("/supervision/register/unclaimed/<public_id>", methods=["GET", "POST"])
@allow(Permission.ADMISSION_CHECK)
@writes
def invite_claimant(public_id: str) -> Any:
    """Invite the first administrator of a firm taken over; the link is shown once."""
    actor = require_actor()
    firm, row = access.unclaimed_for(actor, public_id)
    form = InviteForm(data={"name": firm.agent_name, "email": firm.organisation.email})
    link: list[str | None] = []

    def act() -> None:
        token = claiming.invite_claimant(
            firm, row, form.name.data or "", form.email.data or None, actor, clock.now()
        )
        link.append(url_for("accounts.invitation", token=token, _external=True) if token else None)

    def page(shown: str | None = None) -> str:
        again, _row = access.unclaimed_for(actor, public_id)
        return render_template("intermediaries/bulk/invite.html", form=form, firm=again, link=shown)

    answer = run_form(
        form,
        act,
        page,
        lambda _none: None if link[0] else _("邀请已寄出"),
        lambda _done: url_for("intermediaries.unclaimed"),
    )
    return page(link[0]) if link and link[0] else answer


@bp.post("/supervision/register/export")
@allow(Permission.SUPERVISION_VIEW)
@writes
def export_register() -> Any:
    """The register as a file, for a purpose that is written down; people masked."""
    actor, form = require_actor(), ExportForm()
    if not form.validate_on_submit():
        return _desk(form), form.http_status
    here, now = register_here(actor), clock.now()
    purpose, kind = form.reason.data or "", form.kind.data
    try:
        actions.note_export(here, purpose, kind, actor, now)
    except TooMany as error:
        db.session.rollback()
        form.refuse(error)
        return _desk(form), error.status
    told, name = known(here, clock.local_day(now)), f"中介机构名录-{clock.local_day(now)}"
    if kind == "csv":
        lines = exporting.as_text(here, now, told, False)
        return _streamed((line.encode() for line in lines), f"{name}.csv")
    at = f"{now.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"
    head = [("导出", f"{actor.name}，{at}，用途：{purpose}")]

    def book() -> Iterator[bytes]:
        yield exporting.as_workbook(here, now, told, head)

    return _streamed(book(), f"{name}.xlsx")


@bp.get("/data/firms.csv")
@allow(PUBLIC)
def open_register() -> Response:
    """The register's public columns, for everybody."""
    now, area = clock.now(), areas.chosen()
    here = area.register or area.code
    told = known(here, clock.local_day(now))
    lines = exporting.as_text(here, now, told, True)
    return _streamed((line.encode() for line in lines), "firms.csv")


def _streamed(pieces: Iterator[bytes], name: str) -> Response:
    """Sent as it is made, after what was written is committed, holding no lock."""

    def sent() -> Iterator[bytes]:
        db.session.rollback()
        set_write_mode(False)
        try:
            yield from pieces
        finally:
            db.session.rollback()

    answer = Response(stream_with_context(sent()), content_type=files.kind_of(name))
    # a header is Latin letters only
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


@bp.route("/firm/claim", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def claim() -> Any:
    """What was taken over, and the commitment a firm signs for it."""
    actor = require_actor()
    firm = own_file(actor)
    day = clock.today()
    decoupling = admission_policy(firm.register_code, day).values.decoupling_required
    form = claim_form(decoupling)

    def page() -> str:
        own = own_file(actor)
        return render_template(
            "intermediaries/bulk/claim.html",
            firm=own,
            today=day,
            items=register.items_of(own, day),
            offerings=register.offerings(own.id),
            qualifications=register.all_qualifications(own.id),
            practitioners=register.practitioners(own.id),
            origin=queries.origin_shown(own.id),
            waits=claiming.waits_for_commitment(own),
            decoupling=decoupling,
            form=form,
        )

    return run_form(
        form,
        lambda: claiming.claim_file(
            firm, form.committed.data, form.decoupled.data, actor, clock.now()
        ),
        page,
        _("已签署入驻承诺，请按“接下来要办的事”核对承接事项和资质"),
        lambda _done: url_for("intermediaries.file"),
    )

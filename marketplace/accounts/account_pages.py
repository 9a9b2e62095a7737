"""One's own account: password, factor, sessions, organisations, and the fresh proof."""

from __future__ import annotations

import json
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from marketplace.foundation import audit, clock, files
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError, Invalid, Missing
from marketplace.foundation.web import (
    PUBLIC,
    SIGNED_IN,
    access,
    declared_access,
    keep_what_was_written,
    later,
    require_actor,
    writes,
)

from . import actions, queries
from .access import AT_THE_DOOR
from .blueprint import address, bp, led_to, own_session, safe_path, with_session
from .devices import device_of
from .forms import ConfirmForm, EmailForm, PasswordForm
from .overseeing import supervises
from .renewing import is_settled
from .stepping import step_up


@bp.before_app_request
def _renew_first() -> Any:
    """Lead whoever holds a password past its time to change it before anything else."""
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static" or endpoint in AT_THE_DOOR:
        return None
    if endpoint == "accounts.change_password" or declared_access(endpoint) == PUBLIC:
        return None
    now = clock.now()
    if not current_user.is_authenticated or is_settled(current_user.password_changed_at, now):
        return None
    if actions.must_renew(current_user.user, now):
        return redirect(url_for("accounts.change_password"), 303)
    return None


@bp.get("/organisations/<public_id>/certificate")
@access(SIGNED_IN)
def organisation_certificate(public_id: str) -> Any:
    """The certificate an organisation registered with, for itself and who oversees its area."""
    actor = require_actor()
    found = queries.certificate_of(public_id)
    if found is None or not (
        found.organisation_id == actor.organisation_id
        or supervises(actor, found.organisation.jurisdiction_code)
    ):
        raise Missing(public_id)
    return files.send(found.file)


@bp.route("/account")
@access(SIGNED_IN)
def account() -> str:
    """Everything about one's own account on one page."""
    user, here = current_user.user, own_session()
    places = queries.places_of(user.id)
    return render_template(
        "accounts/account.html",
        user=user,
        session=here,
        sessions=[(each, device_of(each.agent)) for each in queries.sessions_of(user.id)],
        places=places,
        certified=queries.certified([place.id for place, _roles in places]),
        authorisations=queries.authorisations_held(user.id),
        codes_left=actions.recovery_codes_left(user) if user.factor_secret else 0,
        obliged=actions.must_have_factor(actions.held_to(require_actor())),
        factor_on=current_app.config["SECOND_FACTOR"],
        renew_by=actions.renew_by(user),
        today=clock.today(),
    )


@bp.route("/account/password", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def change_password() -> Any:
    """A new password after the present one; other sessions end, this one gets a new id."""
    form = PasswordForm()
    status = form.http_status
    if form.validate_on_submit():
        login, here = current_user.user.login, address()
        try:
            token = actions.change_password(
                own_session(),
                form.current.data,
                form.password.data,
                here,
                require_actor(),
                clock.now(),
            )
            return led_to(url_for("accounts.account", saved="password"), token)
        except DomainError as error:
            db.session.rollback()
            if isinstance(error, Invalid) and error.rule == "password.wrong":
                later(lambda at: actions.count_failure(login, here, at))
            form.refuse(error)
            status = error.status
    due = actions.must_renew(current_user.user, clock.now())
    return render_template("accounts/change_password.html", form=form, due=due), status


@bp.route("/account/email", methods=["GET", "POST"])
@access(SIGNED_IN)
@step_up
@writes
def change_email() -> Any:
    """The address links are mailed to; a fresh proof comes first."""
    form = EmailForm(email=current_user.user.email)
    if form.validate_on_submit():
        current_user.user.email = form.email.data or None
        db.session.flush()
        audit.record("user.email_changed", require_actor(), current_user.user, clock.now())
        return led_to(url_for("accounts.account", saved="email"))
    return render_template("accounts/change_email.html", form=form), form.http_status


@bp.post("/account/sessions/<public_id>/end")
@access(SIGNED_IN)
@writes
def end_session(public_id: str) -> Any:
    """End one of one's own sessions."""
    actions.end_own_session(public_id, own_session(), require_actor(), clock.now())
    return led_to(url_for("accounts.account"))


@bp.post("/account/sessions/others/end")
@access(SIGNED_IN)
@writes
def end_other_sessions() -> Any:
    """End every session but this one."""
    actions.end_other_sessions(own_session(), require_actor(), clock.now())
    return led_to(url_for("accounts.account"))


@bp.post("/account/organisation/<public_id>")
@access(SIGNED_IN)
@writes
def switch_organisation(public_id: str) -> Any:
    """Act in another of one's organisations, under a new session id."""
    place = queries.organisation_by_public_id(public_id)
    if place is None:
        raise Missing(public_id)
    token = actions.switch_organisation(own_session(), place, require_actor(), clock.now())
    return led_to(url_for("workspace.home"), token)


@bp.route("/account/confirm", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def confirm() -> Any:
    """Prove to be there: the code, or the password where there is no factor; then back."""
    form = ConfirmForm()
    status = form.http_status
    by_factor = current_user.user.factor_secret is not None
    if form.validate_on_submit():
        try:
            token = _prove(form, by_factor)
            kept = _kept(form.kept.data)
            if kept is None:
                onward = safe_path(request.args.get("next", ""), url_for("accounts.account"))
                return led_to(onward, token)
            return with_session(lambda: render_template("accounts/resume.html", kept=kept), token)
        except DomainError as error:
            if by_factor:
                keep_what_was_written()
            else:
                db.session.rollback()
            form.refuse(error)
            status = error.status
    return render_template("accounts/confirm.html", form=form, by_factor=by_factor), status


def _prove(form: ConfirmForm, by_factor: bool) -> str:
    if by_factor:
        if not form.code.data:
            raise Invalid(_("请填写验证码"), field="code", rule="required")
        return actions.pass_factor(own_session(), form.code.data, require_actor(), clock.now())
    if not form.password.data:
        raise Invalid(_("请填写密码"), field="password", rule="required")
    login, here = current_user.user.login, address()
    try:
        actions.confirm_password(own_session(), form.password.data, here, clock.now())
    except Invalid:
        later(lambda at: actions.count_failure(login, here, at))
        raise
    return actions.renew_session(own_session(), confirmed_at=queries.real_now())


def _kept(text: str | None) -> dict[str, Any] | None:
    """The form that waited for the proof: where it goes and its fields; None when there is none."""
    try:
        kept = json.loads(text or "")
        action = safe_path(kept["action"], "")
        fields = [(str(name), str(value)) for name, value in kept["fields"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return {"action": action, "fields": fields} if action else None

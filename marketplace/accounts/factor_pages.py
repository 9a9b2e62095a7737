"""The second factor: entering it, setting it up, recovery codes, giving it up, a lost one."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from marketplace.foundation import clock, qr
from marketplace.foundation.errors import DomainError, Invalid, Missing
from marketplace.foundation.web import (
    SIGNED_IN,
    access,
    keep_what_was_written,
    require_actor,
    run_form,
    writes,
)

from . import actions, queries
from .access import Owed, owed_factor
from .blueprint import bp, led_to, own_session, safe_path, with_session
from .forms import CodeForm, FactorResetForm
from .stepping import is_confirmed, step_up


def _onward() -> str:
    return safe_path(request.args.get("next", ""), url_for("workspace.home"))


@bp.route("/sign-in/factor", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def enter_factor() -> Any:
    """The second step of signing in; who has to set a factor up is led there first."""
    owed = owed_factor(own_session(), actions.held_to(require_actor()))
    if owed is None:
        return redirect(_onward(), 303)
    if owed is Owed.SET_UP:
        return redirect(url_for("accounts.set_up_factor", next=_onward()), 303)
    form = CodeForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            token = actions.pass_factor(own_session(), form.code.data, require_actor(), clock.now())
            return led_to(_onward(), token)
        except DomainError as error:
            keep_what_was_written()
            form.refuse(error)
            status = error.status
    return render_template("accounts/enter_factor.html", form=form), status


@bp.route("/account/factor", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def set_up_factor() -> Any:
    """Set up the factor: the key as a picture and in letters, then its first code.

    Replacing one asks for a fresh proof by the old one first.
    """
    if _must_prove():
        return redirect(url_for("accounts.confirm", next=url_for("accounts.set_up_factor")), 303)
    form = CodeForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            token, codes = actions.confirm_factor(
                own_session(), form.code.data, require_actor(), clock.now()
            )
            return with_session(
                lambda: render_template(
                    "accounts/recovery_codes.html", codes=codes, onward=_onward(), fresh=True
                ),
                token,
            )
        except DomainError as error:
            keep_what_was_written()
            form.refuse(error)
            status = error.status
    page = render_template(
        "accounts/set_up_factor.html",
        form=form,
        key=actions.offered_key(own_session()),
        owed=owed_factor(own_session(), actions.held_to(require_actor())) is not None,
        has_factor=current_user.user.factor_secret is not None,
    )
    return page, status


def _must_prove() -> bool:
    """A factor in use is replaced only by who can still give it, or passes this session's door."""
    if current_user.user.factor_secret is None:
        return False
    if own_session().factor_at is None:
        raise Missing("factor")
    return not is_confirmed()


@bp.post("/account/factor/key")
@access(SIGNED_IN)
@writes
def begin_factor() -> Any:
    """Make the key to be set up in this session."""
    if _must_prove():
        return redirect(url_for("accounts.confirm", next=url_for("accounts.set_up_factor")), 303)
    actions.offer_factor(own_session())
    return led_to(url_for("accounts.set_up_factor", next=_onward()))


@bp.route("/account/factor/picture.svg")
@access(SIGNED_IN)
def factor_picture() -> Response:
    """The key being set up, as a QR code; gone once it is in use."""
    if _must_prove():
        raise Missing("factor")
    content = actions.offered_address(own_session(), str(queries.site().name))
    if content is None:
        raise Missing("factor")
    answer = qr.picture(content, scale=5)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/account/factor/codes")
@access(SIGNED_IN)
@step_up
@writes
def renew_codes() -> Any:
    """Ten new recovery codes; shown on this page only."""
    codes = actions.renew_recovery_codes(current_user.user, require_actor(), clock.now())
    return render_template(
        "accounts/recovery_codes.html", codes=codes, onward=url_for("accounts.account")
    )


@bp.post("/account/factor/off")
@access(SIGNED_IN)
@step_up
@writes
def drop_factor() -> Any:
    """Give up the factor where no role asks for it."""
    actions.drop_factor(current_user.user, require_actor(), clock.now())
    return led_to(url_for("accounts.account"))


# ---- a lost factor ---------------------------------------------------------------------------


@bp.route("/factor-resets", methods=["GET", "POST"])
@access(SIGNED_IN)
@step_up
@writes
def factor_resets() -> Any:
    """Lost factors: one administrator proposes after seeing the person, another approves."""
    actor = require_actor()
    if not actions.keeps_factors(actor):
        raise Missing("factor_resets")
    form = FactorResetForm()

    def propose() -> None:
        try:
            user = queries.user_by_login(form.login.data)
            if user is None:
                raise Missing("user")
            actions.propose_factor_reset(user, form.reason.data, actor, clock.now())
        except Missing as error:
            # an unknown name and one of another area answer alike
            raise Invalid(
                _("没有该登录名的账号，请核对"), field="login", rule="user.unknown"
            ) from error

    return run_form(
        form,
        propose,
        lambda: render_template(
            "accounts/factor_resets.html",
            form=form,
            rows=actions.factor_resets_for(actor),
            may_propose=actions.may_propose_resets(actor),
        ),
        None,
        lambda _none: url_for("accounts.factor_resets"),
    )


@bp.post("/factor-resets/<public_id>/approval")
@access(SIGNED_IN)
@step_up
@writes
def approve_factor_reset(public_id: str) -> Any:
    """The other administrator approves: factor, codes and sessions end at once."""
    row = actions.factor_reset(public_id)
    actions.approve_factor_reset(row, require_actor(), clock.now())
    return led_to(url_for("accounts.factor_resets"))

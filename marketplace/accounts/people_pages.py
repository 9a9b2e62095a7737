"""Who acts for an organisation: invited and given roles; the offices' accounts."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError, Invalid, Missing, Refused
from marketplace.foundation.forms import options
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from . import actions, queries
from .blueprint import bp, led_to
from .forms import InviteForm, OfficialForm, RoleForm
from .permissions import OFFICIALS, Permission, Role
from .stepping import step_up


@bp.route("/staff", methods=["GET", "POST"])
@access(Permission.STAFF_MANAGE)
@step_up
@writes
def staff() -> Any:
    """Who acts for the own organisation; inviting one more."""
    actor = require_actor()
    form = InviteForm()
    form.role.choices = options([(role.value, role.title) for role in actions.own_roles(actor)])
    status, link, mailed = form.http_status, None, False
    if form.validate_on_submit():
        try:
            organisation = queries.organisation(actor.organisation_id or 0)
            token = actions.invite_staff(
                organisation,
                form.name.data,
                Role(form.role.data),
                actor,
                clock.now(),
                form.email.data or None,
            )
            link, mailed, status = _link(token), token is None, 200
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    own = [actor.organisation_id or 0]
    page = render_template(
        "accounts/staff.html",
        form=form,
        link=link,
        mailed=mailed,
        people=queries.people_in(own),
        invitations=queries.open_invitations(own),
        keeps_factors=actions.keeps_factors(actor),
    )
    return page, status


def _link(token: str | None) -> str | None:
    return url_for("accounts.invitation", token=token, _external=True) if token else None


@bp.route("/staff/<public_id>/role", methods=["GET", "POST"])
@access(Permission.STAFF_MANAGE)
@step_up
@writes
def grant_role(public_id: str) -> Any:
    """One more role for somebody of the own organisation."""
    actor = require_actor()
    user = actions.colleague(actor, public_id)
    form = RoleForm()
    form.role.choices = options([(role.value, role.title) for role in actions.own_roles(actor)])
    return run_form(
        form,
        lambda: actions.grant_own_role(
            user,
            queries.organisation(actor.organisation_id or 0),
            Role(form.role.data),
            actor,
            clock.now(),
        ),
        lambda: render_template(
            "accounts/grant_role.html", form=form, person=actions.colleague(actor, public_id)
        ),
        None,
        lambda _none: url_for("accounts.staff"),
    )


@bp.route("/offices/accounts", methods=["GET", "POST"])
@access(Permission.USER_VIEW)
@step_up
@writes
def officials() -> Any:
    """The accounts of the bureau and the departments; proposing one more."""
    actor = require_actor()
    form = OfficialForm()
    offices = queries.offices_of(actor.jurisdiction or "")
    form.office.choices = options([(office.public_id, office.name) for office in offices])
    form.role.choices = options([(role.value, role.title) for role in OFFICIALS])

    def propose() -> None:
        if not actor.may(Permission.USER_PROPOSE):
            raise Refused(_("账号由系统管理员提议"), rule="user.propose")
        actions.propose_official(
            next(each for each in offices if each.public_id == form.office.data),
            form.name.data,
            Role(form.role.data),
            actor,
            clock.now(),
            email=form.email.data or None,
            user=_known(form),
        )

    return run_form(
        form,
        propose,
        lambda: _officials_page(form),
        None,
        lambda _none: url_for("accounts.officials"),
    )


def _known(form: OfficialForm) -> Any:
    if not form.login.data:
        return None
    user = queries.user_by_login(form.login.data)
    if user is None:
        raise Invalid(_("没有该登录名的本级账号，请核对"), field="login", rule="official.unknown")
    return user


def _officials_page(
    form: OfficialForm | None, link: str | None = None, mailed: bool = False
) -> str:
    ids = [office.id for office in queries.offices_of(require_actor().jurisdiction or "")]
    return render_template(
        "accounts/officials.html",
        form=form,
        link=link,
        mailed=mailed,
        people=queries.people_in(ids),
        invitations=queries.open_invitations(ids),
    )


@bp.post("/offices/accounts/<public_id>/approval")
@access(Permission.USER_APPROVE)
@step_up
@writes
def approve_official(public_id: str) -> Any:
    """The other administrator approves; a link that is not mailed is shown once."""
    actor = require_actor()
    ids = [office.id for office in queries.offices_of(actor.jurisdiction or "")]
    invitation = queries.invitation_by_public_id(public_id)
    if invitation.organisation_id not in ids:
        raise Missing(public_id)
    token = actions.approve_official(invitation, actor, clock.now())
    if invitation.user_id is not None:
        return redirect(url_for("accounts.officials"), 303)
    return _officials_page(None, _link(token), mailed=token is None)


@bp.post("/invitations/<public_id>/withdrawal")
@access(SIGNED_IN)
@writes
def withdraw_invitation(public_id: str) -> Any:
    """Take back an invitation nobody has used."""
    actor = require_actor()
    found = queries.invitation_by_public_id(public_id)
    actions.withdraw_invitation(found, actor, clock.now())
    return led_to(people_of(found.organisation_id))


def people_of(organisation_id: int) -> str:
    """The list on which the actor keeps this organisation's people."""
    actor = require_actor()
    own = organisation_id == actor.organisation_id and actor.may(Permission.STAFF_MANAGE)
    return url_for("accounts.staff" if own else "accounts.officials")

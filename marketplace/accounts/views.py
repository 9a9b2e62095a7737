"""The doors: sign in, sign out, register, first start."""

from __future__ import annotations

import functools
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user

from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError, Invalid, Missing, Refused
from marketplace.foundation.web import (
    PUBLIC,
    SIGNED_IN,
    access,
    current_actor,
    later,
    require_actor,
    writes,
)

from . import actions, queries
from .access import cookie_name
from .actions import NewPerson, Side
from .forms import (
    AcceptForm,
    InviteForm,
    OfficialForm,
    RegisterFirmForm,
    RegisterForm,
    RegisterOwnerForm,
    SetupForm,
    SignInForm,
)
from .models import OrganisationFunction, OrganisationKind
from .passwords import HashedPassword, hashed
from .permissions import OFFICIALS, Permission, Role
from .rules import DEMO_PASSWORD, LONGEST, REGISTRATION_WINDOW, REGISTRATIONS

bp = Blueprint("accounts", __name__)


def hashes(*fields: str) -> Any:
    """Hash these password fields before the view's transaction begins (see ``passwords``)."""

    def around(view: Any) -> Any:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            g.hashed = {}
            if request.method == "POST":
                for field in fields:
                    given = request.form.get(field, "")
                    if given and len(given) <= LONGEST:
                        g.hashed[field] = hashed(given)
            return view(*args, **kwargs)

        return wrapper

    return around


def _address() -> str:
    return request.remote_addr or ""


@bp.route("/sign-in", methods=["GET", "POST"])
@access(PUBLIC)
@writes
def sign_in() -> Any:
    """Login and password; the session's token goes into a cookie of its own."""
    form = SignInForm()
    status = form.http_status
    if form.validate_on_submit():
        login, address = form.login.data, _address()
        try:
            token = actions.sign_in(
                login, form.password.data, address, request.user_agent.string, clock.now()
            )
            return _let_in(token)
        except DomainError as error:
            db.session.rollback()
            if isinstance(error, Invalid):
                later(lambda at: actions.count_failure(login, address, at))
            form.refuse(error)
            status = error.status
    demo = queries.demo_accounts() if current_app.config["IS_DEMO"] else []
    page = render_template(
        "accounts/sign_in.html", form=form, demo=demo, demo_password=DEMO_PASSWORD
    )
    return page, status


def _let_in(token: str) -> Response:
    session.clear()
    response = make_response(redirect(_next_page(), 303))
    response.set_cookie(
        cookie_name(),
        token,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
        path="/",
    )
    return response


def _next_page() -> str:
    """Where to go after signing in: a path of this site, never another."""
    wanted = request.args.get("next", "")
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    if inside and wanted.isprintable() and "\\" not in wanted:
        return wanted
    return url_for("workspace.home")


@bp.post("/sign-out")
@access(SIGNED_IN)
@writes
def sign_out() -> Response:
    """End the session on the server and forget it in the browser."""
    actions.sign_out(current_user.session, require_actor(), clock.now())
    response = make_response(redirect(url_for("portal.home"), 303))
    response.delete_cookie(
        cookie_name(),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    session.clear()
    return response


@bp.route("/register", methods=["GET", "POST"])
@access(PUBLIC)
@hashes("password", "approver_password")
@writes
def register() -> Any:
    """Open a firm's or an owner's organisation with its first account."""
    side = request.args.get("side")
    if side not in (Side.FIRM, Side.OWNER):
        return render_template("accounts/register_choice.html")
    form: RegisterForm = RegisterFirmForm() if side == Side.FIRM else RegisterOwnerForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            _register(form)
            return redirect(url_for("accounts.sign_in", registered=1), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    return render_template("accounts/register.html", form=form, side=side), status


def _register(form: RegisterForm) -> None:
    now = clock.now()
    tries = actions.count(
        keyed_digest("throttle", f"register:{_address()}"), REGISTRATION_WINDOW, now
    )
    if tries > REGISTRATIONS:
        raise actions.TooMany(_("注册次数过多,请稍后再试"), rule="register.throttled")
    kind = OrganisationKind(form.kind.data)
    owner = form if isinstance(form, RegisterOwnerForm) else None
    people = [_person(form, "login", "person_name", "password", form.name.data)]
    if owner is not None and owner.approver_login.data:
        people.append(
            _person(owner, "approver_login", "approver_name", "approver_password", form.name.data)
        )
    area = owner.jurisdiction_code.data if owner else current_app.config["JURISDICTION"]
    firm = form if isinstance(form, RegisterFirmForm) else None
    actions.register_organisation(
        owner.side if owner else Side.FIRM,
        name=form.name.data,
        kind=kind,
        credit_code=form.credit_code.data or None,
        jurisdiction_code=area,
        people=people,
        identity_number=owner.identity_number.data if owner else None,
        legal_representative=firm.legal_representative.data if firm else None,
        address=form.address.data or None,
        phone=form.phone.data or None,
        email=form.email.data or None,
        actor=current_actor() or Actor(None, ""),
        now=now,
    )


def _person(
    form: Any,
    login: str,
    name: str,
    password: str,
    organisation_name: str,
    function: OrganisationFunction = OrganisationFunction.PARTY,
) -> NewPerson:
    """The fields of one person, the password checked by its rules and hashed before."""
    who, given = form[name].data or "", form[password].data or ""
    if not who:
        raise Invalid(_("请填写姓名"), field=name, rule="name")
    words = (form[login].data or "", who, organisation_name)
    actions.check_password(given, function, words, field=password)
    ready: HashedPassword = g.hashed[password]
    return NewPerson(form[login].data, who, ready)


def _official(form: SetupForm, who: str, office_name: str) -> NewPerson:
    return _person(
        form,
        f"{who}_login",
        f"{who}_name",
        f"{who}_password",
        office_name,
        OrganisationFunction.BUREAU,
    )


@bp.route("/setup", methods=["GET", "POST"])
@access(PUBLIC)
@hashes("system_password", "security_password", "supervisor_password")
@writes
def setup() -> Any:
    """The first start, with the token printed once on the console; gone once accounts exist."""
    if queries.has_accounts():
        raise Missing("setup")
    form = SetupForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            actions.use_setup_token(
                form.token.data,
                bureau_name=form.bureau_name.data,
                bureau_credit_code=form.credit_code.data,
                bureau_phone=form.phone.data,
                jurisdiction_code=current_app.config["JURISDICTION"],
                superior_name=form.superior_name.data,
                superior_credit_code=form.superior_credit_code.data,
                system_admin=_official(form, "system", form.bureau_name.data),
                security_admin=_official(form, "security", form.bureau_name.data),
                supervisor=_official(form, "supervisor", form.superior_name.data),
                now=clock.now(),
            )
            return redirect(url_for("accounts.sign_in", registered=1), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    return render_template("accounts/setup.html", form=form), status


@bp.route("/staff", methods=["GET", "POST"])
@access(Permission.STAFF_MANAGE)
@writes
def staff() -> Any:
    """Who acts for the own organisation; inviting one more."""
    actor = require_actor()
    form = InviteForm()
    form.role.choices = [(role.value, role.title) for role in actions.own_roles(actor)]
    status, link = form.http_status, None
    if form.validate_on_submit():
        try:
            organisation = queries.organisation(actor.organisation_id or 0)
            role = Role(form.role.data)
            token = actions.invite_staff(organisation, form.name.data, role, actor, clock.now())
            link, status = url_for("accounts.invitation", token=token, _external=True), 200
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    own = [actor.organisation_id or 0]
    page = render_template(
        "accounts/staff.html",
        form=form,
        link=link,
        people=queries.people_in(own),
        invitations=queries.open_invitations(own),
    )
    return page, status


@bp.route("/offices/accounts", methods=["GET", "POST"])
@access(Permission.USER_VIEW)
@writes
def officials() -> Any:
    """The accounts of the bureau and the departments; proposing one more."""
    actor = require_actor()
    form = OfficialForm()
    offices = queries.offices_of(actor.jurisdiction or "")
    form.office.choices = [(office.public_id, office.name) for office in offices]
    form.role.choices = [(role.value, role.title) for role in OFFICIALS]
    status = form.http_status
    if form.validate_on_submit():
        try:
            if not actor.may(Permission.USER_PROPOSE):
                raise Refused(_("账号由系统管理员提议"), rule="user.propose")
            office = next(each for each in offices if each.public_id == form.office.data)
            role = Role(form.role.data)
            actions.propose_official(office, form.name.data, role, actor, clock.now())
            return redirect(url_for("accounts.officials"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    return _officials_page(form, None), status


def _officials_page(form: OfficialForm | None, link: str | None) -> str:
    ids = [office.id for office in queries.offices_of(require_actor().jurisdiction or "")]
    return render_template(
        "accounts/officials.html",
        form=form,
        link=link,
        people=queries.people_in(ids),
        invitations=queries.open_invitations(ids),
    )


@bp.post("/offices/accounts/<public_id>/approval")
@access(Permission.USER_APPROVE)
@writes
def approve_official(public_id: str) -> Any:
    """The other administrator approves; the link is shown once, to be handed over."""
    actor = require_actor()
    ids = [office.id for office in queries.offices_of(actor.jurisdiction or "")]
    for invitation in queries.open_invitations(ids):
        if invitation.public_id == public_id:
            token = actions.approve_official(invitation, actor, clock.now())
            return _officials_page(
                None, url_for("accounts.invitation", token=token, _external=True)
            )
    raise Missing(public_id)


@bp.post("/memberships/<public_id>/end")
@access(SIGNED_IN)
@writes
def end_membership(public_id: str) -> Any:
    """End a role; the person's sessions end with the last one."""
    actor = require_actor()
    membership = queries.membership_by_public_id(public_id)
    actions.end_staff(membership, actor, clock.now())
    own = membership.organisation_id == actor.organisation_id and actor.may(Permission.STAFF_MANAGE)
    return redirect(url_for("accounts.staff" if own else "accounts.officials"), 303)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@access(PUBLIC)
@hashes("password")
@writes
def invitation(token: str) -> Any:
    """The invited person opens the account with an own password."""
    now = clock.now()
    found = actions.invitation_for(token, now)
    form = AcceptForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            organisation = found.organisation
            words = (form.login.data, found.name, organisation.name)
            actions.check_password(form.password.data, organisation.function, words)
            actions.accept_invitation(found, form.login.data, g.hashed["password"], now)
            return redirect(url_for("accounts.sign_in", registered=1), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
            found = actions.invitation_for(token, now)
    return render_template("accounts/invitation.html", form=form, invitation=found), status

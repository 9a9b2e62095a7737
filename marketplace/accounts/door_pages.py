"""The doors: sign in, sign out, register, first start, an invitation, a forgotten password."""

from __future__ import annotations

import functools
from typing import Any

from flask import (
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

from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError, Invalid, Missing
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
from .access import cookie_name, is_waiting
from .actions import NewPerson, Side
from .blueprint import address, bp, led_to, own_session, safe_path
from .forms import (
    AcceptForm,
    AskResetForm,
    RegisterFirmForm,
    RegisterForm,
    RegisterOwnerForm,
    ResetForm,
    SetupForm,
    SignInForm,
)
from .models import Invitation, OrganisationFunction, OrganisationKind
from .passwords import HashedPassword, hashed
from .rules import (
    DEMO_PASSWORD,
    LONGEST,
    REGISTRATION_WINDOW,
    REGISTRATIONS,
    RESET_REQUESTS,
    RESET_WINDOW,
)
from .speaking import greet


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


@bp.route("/sign-in", methods=["GET", "POST"])
@access(PUBLIC)
@writes
def sign_in() -> Any:
    """Login and password; the session's token goes into a cookie of its own."""
    if request.method == "GET" and is_waiting():
        return redirect(url_for("accounts.enter_factor", next=_next_page()), 303)
    form = SignInForm()
    status = form.http_status
    if form.validate_on_submit():
        login, here = form.login.data, address()
        try:
            token = actions.sign_in(
                login, form.password.data, here, request.user_agent.string, clock.now()
            )
            response = led_to(_next_page(), token)
            user = queries.user_by_login(login)
            return response if user is None else greet(response, user)
        except DomainError as error:
            db.session.rollback()
            if isinstance(error, Invalid):
                later(lambda at: actions.count_failure(login, here, at))
            form.refuse(error)
            status = error.status
    demo = queries.demo_accounts() if current_app.config["IS_DEMO"] else []
    page = render_template(
        "accounts/sign_in.html", form=form, demo=demo, demo_password=DEMO_PASSWORD
    )
    return page, status


def _next_page() -> str:
    """Where to go after signing in: a path of this site, never another."""
    return safe_path(request.args.get("next", ""), url_for("workspace.home"))


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
        # nothing can be sent before the side is chosen
        status = 422 if request.method == "POST" else 200
        return render_template("accounts/register_choice.html"), status
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
        keyed_digest("throttle", f"register:{address()}"), REGISTRATION_WINDOW, now
    )
    if tries > REGISTRATIONS:
        raise actions.TooMany(_("注册次数过多，请稍后再试"), rule="register.throttled")
    kind = OrganisationKind(form.kind.data)
    owner = form if isinstance(form, RegisterOwnerForm) else None
    people = [_person(form, "login", "person_name", "password", form.name.data, form.email.data)]
    if owner is not None and owner.approver_login.data:
        people.append(
            _person(owner, "approver_login", "approver_name", "approver_password", form.name.data)
        )
    area = owner.jurisdiction_code.data if owner else current_app.config["JURISDICTION"]
    firm = form if isinstance(form, RegisterFirmForm) else None
    who = current_actor() or Actor(None, "")
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
        certificate=files.store_given(owner.certificate, who, now) if owner else None,
        actor=who,
        now=now,
    )


def _person(
    form: Any,
    login: str,
    name: str,
    password: str,
    organisation_name: str,
    email: str | None = None,
    function: OrganisationFunction = OrganisationFunction.PARTY,
) -> NewPerson:
    """The fields of one person, the password checked by its rules and hashed before."""
    who, given = form[name].data or "", form[password].data or ""
    if not who:
        raise Invalid(_("请填写姓名"), field=name, rule="name")
    words = (form[login].data or "", who, organisation_name)
    actions.check_password(given, function, words, field=password)
    ready: HashedPassword = g.hashed[password]
    return NewPerson(form[login].data, who, ready, email or None)


def _official(form: SetupForm, who: str, office_name: str) -> NewPerson:
    return _person(
        form,
        f"{who}_login",
        f"{who}_name",
        f"{who}_password",
        office_name,
        function=OrganisationFunction.BUREAU,
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


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@access(PUBLIC)
@hashes("password")
@writes
def invitation(token: str) -> Any:
    """The invited person opens the account with an own password."""
    now = clock.now()
    found = actions.invitation_for(token, now)
    form = AcceptForm(email=found.email)
    status = form.http_status
    if form.validate_on_submit():
        try:
            organisation = found.organisation
            words = (form.login.data, found.name, organisation.name)
            actions.check_password(form.password.data, organisation.function, words)
            actions.accept_invitation(
                found, form.login.data, g.hashed["password"], now, form.email.data or None
            )
            return redirect(url_for("accounts.sign_in", registered=1), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
            found = actions.invitation_for(token, now)
    return _invitation_page(form, token, found), status


def _invitation_page(form: AcceptForm, token: str, found: Invitation) -> str:
    actor = current_actor()
    return render_template(
        "accounts/invitation.html",
        form=form,
        token=token,
        invitation=found,
        login=current_user.user.login if actor else None,
    )


@bp.post("/invitations/<token>/account")
@access(SIGNED_IN)
@writes
def join(token: str) -> Any:
    """Who has an account takes up the invitation with it, and acts there at once."""
    now = clock.now()
    found = actions.invitation_for(token, now)
    person, place = current_user.user, found.organisation
    actions.join_with_account(found, person, now)
    renewed = actions.switch_organisation(own_session(), place, require_actor(), now)
    return led_to(url_for("workspace.home"), renewed)


@bp.route("/password-reset", methods=["GET", "POST"])
@access(PUBLIC)
@writes
def ask_reset() -> Any:
    """Ask for a link to a new password; the answer is the same for every name."""
    form = AskResetForm()
    status = form.http_status
    if form.validate_on_submit():
        now = clock.now()
        tries = actions.count(keyed_digest("throttle", f"reset:{address()}"), RESET_WINDOW, now)
        if tries <= RESET_REQUESTS:
            actions.ask_reset(form.login.data, now)
            return redirect(url_for("accounts.ask_reset", asked=1), 303)
        form.refuse(actions.TooMany(_("申请次数过多，请稍后再试"), rule="reset.throttled"))
        status = 429
    asked = request.args.get("asked") == "1"
    return render_template("accounts/ask_reset.html", form=form, asked=asked), status


@bp.route("/password-reset/<token>", methods=["GET", "POST"])
@access(PUBLIC)
@writes
def reset_password(token: str) -> Any:
    """Set a new password by a mailed link, once; signing in comes after, with its factor."""
    actions.reset_for(token, clock.now())
    form = ResetForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            actions.use_reset(token, form.password.data, clock.now())
            return redirect(url_for("accounts.sign_in", renewed=1), 303)
        except DomainError as error:
            db.session.rollback()
            if isinstance(error, Missing):
                raise
            form.refuse(error)
            status = error.status
    answer = make_response(render_template("accounts/reset_password.html", form=form), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer

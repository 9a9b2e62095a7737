"""The edge of every page: access, transactions, idempotency, headers, errors."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import make_response as flask_response
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from . import addresses, audit, clock, csp, frame, idempotency, languages, page_cache, showing
from .actor import Actor
from .connections import set_write_mode
from .crypto import digest, keyed_digest
from .db import db
from .errors import Conflict, DomainError, Refused
from .transactions import commit, rollback, transaction

log = logging.getLogger(__name__)

PUBLIC = "public"
SIGNED_IN = "signed_in"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "object-src 'none'; frame-ancestors 'none'; "
        f"report-uri {csp.PATH}"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

LAST_RESORT = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>服务暂时不可用</title>'
    "<h1>服务暂时不可用</h1><p>您填写的内容没有提交，请稍后再试。</p></html>"
)

csrf = CSRFProtect()
View = Callable[..., Any]


def access(need: str) -> Callable[[View], View]:
    """Declare who may call an endpoint: a permission, ``PUBLIC`` or ``SIGNED_IN``.

    An endpoint without a declaration is refused to everybody. Object rules come on top, in the
    package's ``access`` module, and answer 404.
    """

    def declare(view: View) -> View:
        view.access = str(need)  # type: ignore[attr-defined]
        return view

    return declare


def writes(view: View) -> View:
    """Run a view as one transaction: commit when it answers below 400, else roll back whole.

    A form's ``idempotency_key`` (or the ``Idempotency-Key`` header) makes a second sending of
    the same content answer as the first did, without a second effect.
    """

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        try:
            key = _claim_key()
            if isinstance(key, Response):
                rollback()
                return key
            response = flask_response(view(*args, **kwargs))
            if g.pop("_undo", False) or (response.status_code >= 400 and not g.pop("_keep", False)):
                rollback()
            else:
                if key is not None and response.status_code < 400:
                    idempotency.remember(key, response.headers.get("Location"))
                elif key is not None:
                    idempotency.release(key)
                commit()
        except BaseException:
            rollback()
            raise
        return response

    wrapper.writes = True  # type: ignore[attr-defined]
    return wrapper


def reads_first(prepare: Callable[..., Any]) -> Callable[[View], View]:
    """Run ``prepare`` with the view's arguments before the view writes; ``beforehand()`` is what
    it returned.

    For what takes long to make: it holds no lock, so the view must hold it against what is there
    by then. Stands between ``access`` and ``writes``.
    """

    def around(view: View) -> View:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            # the transaction in which access was checked may hold the lock already
            rollback()
            set_write_mode(False)
            try:
                g.beforehand = prepare(*args, **kwargs)
            finally:
                rollback()
                set_write_mode(True)
            return view(*args, **kwargs)

        return wrapper

    return around


def beforehand() -> Any:
    """What was prepared for this request before it began to write."""
    return g.beforehand


def _claim_key() -> str | Response | None:
    if request.method in SAFE_METHODS:
        return None
    raw = request.headers.get("Idempotency-Key") or request.form.get("idempotency_key")
    if not raw:
        return None
    actor = current_actor()
    owner = f"{actor.user_id}" if actor else "anonymous"
    key = hashlib.sha256(f"{owner}\n{request.path}\n{raw}".encode()).hexdigest()
    fields = {k: v for k, v in request.form.lists() if k not in ("csrf_token", "idempotency_key")}
    # keyed: the fields may hold a password, and a plain digest could be guessed at
    earlier = idempotency.claim(key, keyed_digest("form", digest(fields)), clock.now())
    if earlier is None:
        return key
    if not earlier.same_content:
        raise Conflict(
            _("这份表单已经提交过，内容与上次不同，请重新打开页面填写"), rule="idempotency"
        )
    return flask_response(redirect(earlier.location or url_for("portal.home"), 303))


def keep_what_was_written() -> None:
    """Let this transaction commit although its answer refuses, e.g. a counted wrong code.

    Guesses made at the same moment then wait for each other's count instead of all seeing none.
    """
    g._keep = True


def keep_nothing() -> None:
    """Undo whatever this request wrote although it answers well: what was filled in was only
    looked at, and the form may be sent again."""
    g._undo = True


def run_form(
    form: Any,
    action: Callable[[], Any],
    page: Callable[[], Any],
    done: Any,
    to: Callable[[Any], str],
) -> Any:
    """Validate a small form, run one action, show what it refuses on the page it came from.

    ``page`` renders that page with everything read afresh, since a refusal rolls back; ``to``
    takes what the action returned and gives the address to go on to; ``done``, if anything, is
    told there: a text, or what makes one of what the action returned.
    What is missing answers 404 as everywhere.
    """
    if not form.validate_on_submit():
        return page(), form.http_status
    try:
        result = action()
    except DomainError as error:
        if error.status == 404:
            raise
        rollback()
        form.refuse(error)
        return page(), error.status
    told = done(result) if callable(done) else done
    if told:
        flash(told, "good")
    return redirect(to(result), 303)


def current_actor() -> Actor | None:
    """Who is signed in, if anybody."""
    actor: Actor | None = getattr(current_user, "actor", None)
    return actor


def require_actor() -> Actor:
    """The signed-in actor; 401 when nobody is."""
    actor = current_actor()
    if actor is None:
        abort(401)
    return actor


def later(effect: Callable[[datetime], Any]) -> None:
    """Run ``effect(now)`` after the answer, in a transaction of its own, whatever the answer was."""
    g.setdefault("_later", []).append(effect)


def take_later() -> list[Callable[[datetime], Any]]:
    """What was put off until after the answer, emptied: for who acts without a request."""
    return list(g.pop("_later", []))


def init_app(app: Flask) -> None:
    """Install everything above on the application."""
    csrf.init_app(app)
    languages.init_app(app)
    csp.init_app(app)
    receive = csrf.exempt(access(PUBLIC)(writes(csp.receive)))
    app.add_url_rule(csp.PATH, "csp_report", receive, methods=["POST"])
    app.before_request(_begin)
    app.before_request(_check_origin)
    app.before_request(_check_access)
    app.before_request(page_cache.answer_from_cache)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    for kind in (OperationalError, PoolTimeout):
        app.register_error_handler(kind, _unavailable)
    app.register_error_handler(IntegrityError, _integrity)
    app.register_error_handler(Exception, _crash)
    addresses.init_app(app)
    frame.init_app(app)
    showing.init_app(app)
    app.context_processor(lambda: {"current_actor": current_actor()})


def _begin() -> None:
    set_write_mode(request.method not in SAFE_METHODS)


def _check_origin() -> None:
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and origin != "null" and origin != request.host_url.rstrip("/"):
        abort(403)


def _check_access() -> Response | None:
    if request.endpoint is None:
        return None
    if request.endpoint == "static":
        return None
    need = declared_access(request.endpoint)
    if need is None:
        raise RuntimeError(f"{request.endpoint} declares no access")
    if need == PUBLIC:
        return None
    actor = current_actor()
    if actor is None:
        if request.method in SAFE_METHODS:
            return flask_response(
                redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
            )
        abort(401)
    if need != SIGNED_IN and not actor.may(need):
        audit.note("access.refused", actor, ("endpoint", request.endpoint), need=need)
        if need in actor.withheld:
            raise Refused(actor.withheld_because, rule="access.scope")
        abort(403)
    return None


def declared_access(endpoint: str) -> str | None:
    """What an endpoint declared with ``access``."""
    from flask import current_app

    return getattr(current_app.view_functions.get(endpoint), "access", None)


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if current_actor() is not None and request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    languages.mark_chinese(response)
    page_cache.keep_answer(response)
    return response


def _end(_error: BaseException | None) -> None:
    notes = audit.take_notes()
    effects = take_later()
    db.session.remove()
    try:
        if notes or effects:
            with transaction():
                now = clock.now()
                for action, actor, subject, facts in notes:
                    audit.record(action, actor, subject, now, **facts)
                for effect in effects:
                    effect(now)
    except Exception:
        log.exception("notes after the response could not be written")
    finally:
        db.session.remove()
        set_write_mode(None)


def _error_page(code: int, message: str | None = None) -> tuple[str, int]:
    if code < 500:
        return render_template("errors/error.html", code=code, message=message), code
    try:
        return render_template("errors/error.html", code=code, message=message), code
    except Exception:
        # the page itself reads the database; when that is what failed, say the least there is
        log.exception("the error page could not be made")
        return LAST_RESORT, code


def _domain_error(error: DomainError) -> tuple[str, int]:
    rollback()
    if error.status == 404:
        return _error_page(404)
    return _error_page(error.status, error.message)


def _csrf_error(_error: CSRFError) -> tuple[str, int]:
    return _error_page(400, _("页面停留时间过长或来源不明，请返回上一页刷新后重新提交"))


def _http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    answer: Any = flask_response(_error_page(code))
    if code == 405:
        answer.headers.extend(error.get_headers())
        answer.headers["Content-Type"] = "text/html; charset=utf-8"
    if retry := getattr(error, "retry_after", None):
        answer.headers["Retry-After"] = str(retry)
    return answer


def _unavailable(error: Exception) -> Any:
    log.error("database unavailable: %s", type(error).__name__)
    rollback()
    response = flask_response(_error_page(503))
    response.headers["Retry-After"] = "5"
    return response


def _integrity(error: IntegrityError) -> tuple[str, int]:
    log.warning("constraint refused: %s", str(error.orig).splitlines()[0])
    rollback()
    return _error_page(409, _("已有他人先行办理，或数据状态已变化，请刷新页面后查看最新结果"))


def _crash(_error: Exception) -> tuple[str, int]:
    log.exception("unhandled error")
    rollback()
    return _error_page(500)

"""create_app(): settings, extensions, blueprints, error pages, nothing else."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from flask import Flask, has_request_context, request
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Settings, from_environment
from marketplace.accounts.access import login_manager
from marketplace.foundation import clock, crypto, templates, web
from marketplace.foundation.connections import prepare_engine
from marketplace.foundation.db import db

PACKAGES = (
    "notifications",
    "accounts",
    "notices",
    "catalogue",
    "fees",
    "ratings",
    "sanctions",
    "intermediaries",
    "projects",
    "selection",
    "contracts",
    "evaluations",
    "orders",
    "finding",
    "supervision",
    "workspace",
    "portal",
)
EDITIONS = ROOT / "marketplace" / "editions"
migrate = Migrate()


class Marketplace(Flask):
    """Flask without coroutines, which it would look for behind every function it calls."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """The application. ``overrides`` replace single Flask settings (tests use them)."""
    settings = settings or from_environment()
    app = Marketplace(
        "marketplace",
        root_path=str(ROOT / "marketplace"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.jinja_environment = templates.Environment
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=crypto.load_or_create_key(settings.key_dir, "cookie"),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        KEY_DIR=str(settings.key_dir),
        FILE_DIR=str(settings.data_dir / "files"),
        MAIL_DIR=str(settings.data_dir / "mail"),
        CLOCK_MOVABLE=settings.clock_movable,
        IS_DEMO=settings.mode == "demo",
        JURISDICTION=settings.jurisdiction,
        SECOND_FACTOR=settings.second_factor,
        SECURE_COOKIES=settings.secure_cookies,
        SESSION_COOKIE_NAME="__Host-form" if settings.secure_cookies else "form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SHARE_PAGES_SECONDS=0 if settings.mode == "test" else 1,
        SESSION_IDLE_MINUTES=30,
        SESSION_HOURS=12,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,  # addresses of static files carry a hash
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "marketplace" / "translations"),
    )
    app.config.update(overrides)
    if settings.trusted_proxy:
        # the proxy overwrites X-Forwarded-For, so the address counted for limits is the reader's
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    login_manager.init_app(app)
    web.init_app(app)
    _register_packages(app)
    app.context_processor(_site)
    return app


def _engine_options(settings: Settings) -> dict[str, Any]:
    if settings.database_url.startswith("sqlite"):
        return {}
    return {"pool_size": 8, "max_overflow": 8, "pool_timeout": 3}


def _register_packages(app: Flask) -> None:
    for package in PACKAGES:
        for part in ("models", "views"):
            name = f"marketplace.{package}.{part}"
            try:
                found = importlib.util.find_spec(name)
            except ModuleNotFoundError:
                found = None
            if found is None:
                continue
            module = importlib.import_module(name)
            if part == "views":
                app.register_blueprint(module.bp)
    if app.config["IS_DEMO"]:
        app.register_blueprint(importlib.import_module("marketplace.demo.views").bp)
    importlib.import_module("marketplace.finding.indexing")
    for part in ("audit", "epoch", "files", "heads", "idempotency", "lifecycle", "policy", "tasks"):
        importlib.import_module(f"marketplace.foundation.{part}")
    importlib.import_module("marketplace.commands.groups").init_app(app)


def _site() -> dict[str, Any]:
    from marketplace.accounts import areas, queries

    # what everybody may read is shown for the area the reader chose, the rest for our own
    public = has_request_context() and web.declared_access(request.endpoint or "") == web.PUBLIC
    return {"site": queries.site(areas.chosen().code if public else None), "now": clock.now()}

"""The process that is measured: the product's application under the product's web server.

Beside it, under the same server, the floors: an empty Flask route, one query, and for every page
the bare SQL it sent (recorded once, sent again through the driver without anything around it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from threading import Lock, local
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, event, select
from sqlalchemy.pool import QueuePool
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from marketplace.accounts import queries as accounts
from marketplace.accounts.access import cookie_name
from marketplace.accounts.models import Organisation, User
from marketplace.accounts.sessions import begin_session
from marketplace.app import create_app
from marketplace.catalogue.models import ServiceItem
from marketplace.commands import setting_up
from marketplace.finding.warming import keep_warm, warm
from marketplace.foundation import clock
from marketplace.foundation.connections import prepare_engine
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import Need, NeedStatus

from .filling import FIRST_USER

FLOOR = "/_floor"
RECORD = "HTTP_X_BENCH_RECORD"
Start = Callable[..., Any]


class Recorder:
    """Notes the statements of a request that asks for it, under the name it gives."""

    def __init__(self, app: Flask) -> None:
        self.statements: dict[str, list[tuple[str, Any]]] = {}
        self._running = local()
        self._lock = Lock()
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._note)
        self._inner = app.wsgi_app
        app.wsgi_app = self  # type: ignore[method-assign, assignment]

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        name = environ.get(RECORD)
        if name is None:
            return self._inner(environ, start)
        found: list[tuple[str, Any]] = []
        self._running.found = found
        try:
            answer = list(self._inner(environ, start))
        finally:
            self._running.found = None
        with self._lock:
            self.statements[name] = found
        return answer

    def _note(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _c: Any, many: bool
    ) -> None:
        found = getattr(self._running, "found", None)
        if found is not None and not many:
            found.append((statement, parameters))


def floors(app: Flask, recorder: Recorder) -> Flask:
    """The routes to compare with, in a Flask application of their own."""
    floor = Flask("floor")
    with app.app_context():
        url = db.engine.url
    engine = create_engine(url, poolclass=QueuePool, pool_size=8)
    prepare_engine(engine)

    @floor.route("/empty")
    def empty() -> str:
        return "ok"

    @floor.route("/standing")
    def standing() -> str:
        warm(app)
        return "ok"

    @floor.route("/query")
    def query() -> str:
        with engine.connect() as connection:
            row = connection.exec_driver_sql(
                "SELECT id, name FROM organisations ORDER BY id LIMIT 1"
            ).first()
        return str(row)

    @floor.route("/sql/<name>")
    def sql(name: str) -> str:
        raw = engine.raw_connection()
        try:
            cursor = raw.cursor()
            rows = 0
            for statement, parameters in recorder.statements[name]:
                cursor.execute(statement, parameters)
                rows += len(cursor.fetchall())
            raw.rollback()
        finally:
            raw.close()
        return str(rows)

    @floor.route("/count/<name>")
    def count(name: str) -> str:
        return str(len(recorder.statements[name]))

    @floor.route("/statements/<name>")
    def statements(name: str) -> str:
        return "\n\n".join(f"{text}\n{values}" for text, values in recorder.statements[name])

    return floor


def sessions() -> list[dict[str, str]]:
    """A session for every person of the filling, opened through the product's own action."""
    opened = []
    with transaction():
        for user in db.session.scalars(
            select(User).where(User.id > FIRST_USER, User.login.like("bench%")).order_by(User.id)
        ):
            home = accounts.home_of(user)
            assert home is not None
            token = begin_session(user, home, clock.now(), factor_passed=True)
            opened.append({"token": token, "organisation": home.public_id})
    return opened


def addresses(most: int = 2000) -> dict[str, list[str]]:
    """Public ids to ask for: firms with and without a past, needs, items, needs that are open."""

    def some(query: Any) -> list[str]:
        return list(db.session.scalars(query.limit(most)))

    return {
        "firms": some(
            select(Organisation.public_id)
            .join(Firm, Firm.organisation_id == Organisation.id)
            .order_by(Firm.public_id)
        ),
        "needs": some(select(Need.public_id).order_by(Need.public_id)),
        "open_needs": some(
            select(Need.public_id).where(Need.status == NeedStatus.PUBLISHED).order_by(Need.id)
        ),
        "items": some(select(ServiceItem.code).distinct().order_by(ServiceItem.code)),
    }


def main() -> None:
    """Serve on the port of the environment; first a line of JSON with what there is to ask for."""
    app = create_app()
    recorder = Recorder(app)
    with app.app_context():
        told = {"sessions": sessions(), "cookie": cookie_name(), **addresses()}
        db.session.remove()
    floor = floors(app, recorder)
    print(json.dumps(told), flush=True)
    # as the product's own ``serve`` does
    keep_warm(app)
    setting_up.answer(
        DispatcherMiddleware(app, {FLOOR: floor}),
        app.config["SETTINGS"],
        app.config["MAX_CONTENT_LENGTH"],
    )


if __name__ == "__main__":
    main()

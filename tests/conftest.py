"""Every test that touches the database runs on SQLite and on PostgreSQL.

One application per engine lives through the run. Each test gets its own copy of a prepared
database (an SQLite file, a PostgreSQL TEMPLATE copy), since append-only tables refuse to be
emptied, and its own folder of keys, files and mail. Its time begins at ``START``.

Under pytest-xdist "the run" below means one worker: each has its own folder, applications,
PostgreSQL, Redis and Chromium, and shares nothing with its siblings.
"""

from __future__ import annotations

import functools
import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import event, inspect, select
from xdist.scheduler import LoadScopeScheduling

import config
from marketplace.accounts.access import cookie_name
from marketplace.accounts.actions import begin_session
from marketplace.accounts.models import Membership, Organisation, User
from marketplace.app import create_app
from marketplace.commands import editions, setting_up
from marketplace.demo import moving
from marketplace.foundation import clock, heap
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.browsing import WIDE, LiveSite, Visitor, launch
from tests.pages import ReadingClient
from tests.servers import PostgresServer, RedisServer, own_folder, roomy_memory

# Monday 2 March 2026, 09:00 in Shanghai: a plain working week, no holiday near
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_copies = itertools.count(1)


# how long an example takes says how busy the machine is, not whether the property holds
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")


def pytest_configure() -> None:
    """Compile the English texts when they have changed, as scripts/prepare does for a server."""
    script = Path(__file__).parents[1] / "scripts" / "messages.py"
    subprocess.run([sys.executable, str(script), "--compile"], check=True)


@dataclass(frozen=True)
class Template:
    """A database to copy from and the data folder that belongs to it."""

    database: str
    data: Path
    start: datetime | None


class Site:
    """One application and the engine it runs on; points at one database at a time."""

    def __init__(self, folder: Path, postgres: PostgresServer | None) -> None:
        self.folder = folder
        self.postgres = postgres
        self.database = self._new_database("prepared")
        data = folder / "prepared-data"
        settings = config.from_environment(
            {
                "MARKETPLACE_MODE": "test",
                "MARKETPLACE_DATA_DIR": str(data),
                "DATABASE_URL": self.url,
            }
        )
        self.app = create_app(
            settings, TESTING=True, WTF_CSRF_ENABLED=False, PASSWORD_PROFILE="cheap"
        )
        self.app.test_client_class = ReadingClient
        self.settings = settings
        with self.app.app_context():
            self.engine = db.engine
            event.listen(self.engine, "do_connect", self._connect)
            setting_up.migrate_database()
            with transaction():
                clock.set_to(START - timedelta(days=1))
            editions.load_shipped_editions()
        self.engine.dispose()
        heap.settle()
        self.prepared = Template(self.database, data, START)
        self._demo: Template | None = None
        self._filled: dict[str, tuple[Template, Any]] = {}

    def filled(self, name: str, fill: Callable[[Flask], Any]) -> tuple[Template, Any]:
        """A database filled once by ``fill``, to copy from, and what ``fill`` returned."""
        if name not in self._filled:
            with self.copy_of(self.prepared) as filling:
                made = fill(filling)
                with filling.app_context():
                    start = clock.now()
                    db.session.remove()
                self.engine.dispose()
                data = self.folder / f"{name}-data"
                shutil.copytree(self.folder / Path(self.database).stem, data)
                if self.postgres:
                    self.postgres.create(name, template=self.database)
                    kept = name
                else:
                    kept = str(self.folder / f"{name}.db")
                    shutil.copyfile(self.database, kept)
            self._filled[name] = (Template(kept, data, start), made)
        return self._filled[name]

    @property
    def demo(self) -> Template:
        """The demo, made once."""
        if self._demo is None:
            data = self.folder / "demo-data"
            shutil.copytree(self.settings.key_dir, data / "keys")
            self.database = self._new_database("demo")
            self._use(data)
            with self.app.app_context():
                setting_up.migrate_database()
                setting_up.fill_with_demo(small=True)
            self.engine.dispose()
            self._demo = Template(self.database, data, None)
        return self._demo

    @property
    def url(self) -> str:
        """Address of the present database."""
        if self.postgres:
            return self.postgres.url(self.database)
        return f"sqlite:///{self.database}"

    def _new_database(self, name: str) -> str:
        if self.postgres:
            self.postgres.create(name)
            return name
        return str(self.folder / f"{name}.db")

    def _connect(self, _dialect: Any, _record: Any, args: Any, parameters: Any) -> None:
        if self.postgres:
            parameters["dbname"] = self.database
        else:
            args[0] = self.database

    def _use(self, data: Path) -> None:
        here = replace(self.settings, data_dir=data, database_url=self.url)
        self.app.config.update(
            SETTINGS=here,
            SQLALCHEMY_DATABASE_URI=self.url,
            KEY_DIR=str(here.key_dir),
            FILE_DIR=str(data / "files"),
            MAIL_DIR=str(data / "mail"),
        )

    @contextmanager
    def copy_of(self, template: Template) -> Iterator[Flask]:
        """The application on a fresh copy of a template, removed afterwards."""
        name = f"copy{next(_copies)}"
        if self.postgres:
            self.postgres.create(name, template=template.database)
            self.database = name
        else:
            self.database = str(self.folder / f"{name}.db")
            shutil.copyfile(template.database, self.database)
        data = self.folder / name
        shutil.copytree(template.data, data)
        before = dict(self.app.config)
        self._use(data)
        if template.start is not None:
            with self.app.app_context(), transaction():
                clock.set_to(template.start)
        try:
            yield self.app
        finally:
            self.app.config.clear()
            self.app.config.update(before)
            self._remove_copy(data)

    def _remove_copy(self, data: Path) -> None:
        self.engine.dispose()
        if self.postgres:
            self.postgres.drop(self.database)
        else:
            for leftover in self.folder.glob(f"{Path(self.database).name}*"):
                leftover.unlink()
        shutil.rmtree(data, ignore_errors=True)
        self.database = self.prepared.database


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Spread single tests over the workers, but keep those on the demo of one engine together."""
    return DemoTogether(config, log)


class DemoTogether(LoadScopeScheduling):
    """Gives one engine's tests of every file that uses the demo to one worker: it is made once.

    Not in the long programmes: there the walks over the demo are most of the work, and each
    worker makes the demo for its share. (xdist's own ``loadgroup`` changes a node id in a way that
    pytest 9 no longer heeds.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _colons, test = nodeid.partition("::")
        if _shares_what_it_makes(file):
            return file
        if not _uses_demo(file) or self.config.option.markexpr != "not long":
            return nodeid
        return "demo on postgresql" if "postgresql" in test.partition("[")[2] else "demo on sqlite"


@functools.cache
def _shares_what_it_makes(file: str) -> bool:
    """Whether a file's tests share something made once for all of them."""
    return 'fixture(scope="module")' in (config.ROOT / file).read_text(encoding="utf-8")


@functools.cache
def _uses_demo(file: str) -> bool:
    return "demo_app" in (config.ROOT / file).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder for the whole run, in memory where there is room (SQLite syncs every commit)."""
    folder = Path(own_folder(roomy_memory()))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's own PostgreSQL, in memory where there is room: each test copies a database."""
    # every copy is a checkpoint: no more of the log is worth its room
    log = {"max_wal_size": "128MB", "min_wal_size": "32MB"}
    server = PostgresServer(settings=log, place=roomy_memory())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The run's own Redis."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sites(scratch: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Site]]:
    """The site on an engine, built when first asked for."""
    built: dict[str, Site] = {}

    def site_on(engine: str) -> Site:
        if engine not in built:
            folder = scratch / engine
            folder.mkdir()
            server = request.getfixturevalue("postgres") if engine == "postgresql" else None
            built[engine] = Site(folder, server)
        return built[engine]

    yield site_on
    for site in built.values():
        site.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine a test runs on; parametrize it to run on one only."""
    return str(request.param)


@pytest.fixture
def app(sites: Callable[[str], Site], engine_name: str) -> Iterator[Flask]:
    """The application on a database of this test alone, on each engine in turn."""
    site = sites(engine_name)
    with site.copy_of(site.prepared) as flask_app:
        yield flask_app


@pytest.fixture
def demo_app(sites: Callable[[str], Site], engine_name: str) -> Iterator[Flask]:
    """The application with the demo, in its present, on each engine in turn."""
    site = sites(engine_name)
    with site.copy_of(site.demo) as flask_app:
        yield flask_app


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Switch off pytest-flask's context around the whole test: it would be shared by requests."""


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser."""
    return app.test_client()


def sign_in(app: Flask, user: User, organisation: Organisation | None = None) -> FlaskClient:
    """A browser of its own, signed in as ``user`` in an organisation (default: the first)."""
    with app.app_context():
        with transaction():
            person = db.session.get_one(User, _key(user))
            place = (
                db.session.get_one(Organisation, _key(organisation))
                if organisation is not None
                else db.session.scalars(
                    select(Organisation)
                    .join(Membership, Membership.organisation_id == Organisation.id)
                    .where(Membership.user_id == person.id, Membership.until.is_(None))
                    .order_by(Membership.id)
                ).first()
            )
            assert place is not None, f"{person.login} belongs to no organisation"
            token = begin_session(person, place, clock.now(), factor_passed=True)
        name = cookie_name()
    browser = app.test_client()
    browser.set_cookie(name, token)
    return browser


@pytest.fixture
def sign_in_as(app: Flask) -> Callable[..., FlaskClient]:
    """``sign_in_as(user, organisation=None)``: a browser of its own, signed in as that person."""
    return partial(sign_in, app)


def _key(row: Any) -> Any:
    """The key of a row, also when its session has ended."""
    return inspect(row).identity[0]


@pytest.fixture
def advance(app: Flask) -> Callable[[timedelta], None]:
    """Move time forward; everything that becomes due on the way happens at its own moment."""

    def move(step: timedelta) -> None:
        with app.app_context():
            moving.advance_clock(step)

    return move


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The run's own Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def live_site(app: Flask) -> Iterator[LiveSite]:
    """The test's application on a port, with its forms protected as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    with LiveSite(app) as site:
        yield site


@pytest.fixture
def visitor(live_site: LiveSite, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """``visitor(size=WIDE, javascript=True, language="zh")``: a new browser window.

    At the end no window may have seen a script error, a blocked resource or a failing page.
    """
    windows: list[Visitor] = []

    def open_window(
        size: tuple[int, int] = WIDE, javascript: bool = True, language: str = "zh"
    ) -> Visitor:
        window = Visitor(chromium, live_site.address, size, javascript, language)
        windows.append(window)
        return window

    yield open_window
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        window.close()
    assert complaints == []
    assert live_site.csp_reports == []

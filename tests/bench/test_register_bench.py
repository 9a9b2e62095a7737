"""Ten thousand firms are taken over in two minutes, and a killed worker's work is gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from bench import registers
from marketplace.accounts.models import Organisation
from marketplace.foundation.audit import verify
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.intermediaries.bulk.models import ImportStatus, RegisterImport
from marketplace.intermediaries.models import Firm, Offering, Qualification

ROOT = Path(__file__).parents[2]


def test_the_bench_takes_a_small_register_over() -> None:
    with registers.site("sqlite") as (app, uploader, approver):
        found = registers.measure(app, uploader, approver, 60)
    assert found.firms == 60


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_ten_thousand_firms_in_two_minutes(engine: str) -> None:
    with registers.site(engine) as (app, uploader, approver):
        found = registers.measure(app, uploader, approver, 10_000)
    assert found.read + found.taken < registers.TARGET, found


WORKER = """
import os, sys
import config
from marketplace.app import create_app
from marketplace.intermediaries.bulk.tasks import work_on_imports
app = create_app(config.from_environment(os.environ), TESTING=True)
with app.app_context():
    while work_on_imports():
        pass
"""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_worker_killed_half_way(engine: str) -> None:
    """Killed outright three times while it takes 1,200 firms over: each is there once."""
    count = 1_200
    with registers.site(engine) as (app, uploader, approver):
        key = registers.confirmed(app, uploader, approver, count)
        settings = app.config["SETTINGS"]
        environment = {
            **os.environ,
            "MARKETPLACE_MODE": "test",
            "MARKETPLACE_DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": settings.database_url,
            "PYTHONPATH": str(ROOT),
        }
        seen = []
        for goal in (1, count // 3, 2 * count // 3):
            worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment, cwd=ROOT)
            while (done := _taken(app, key)) < goal and worker.poll() is None:
                time.sleep(0.05)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            seen.append(done)
        assert seen == sorted(seen)
        assert 0 < _taken(app, key) < count
        subprocess.run([sys.executable, "-c", WORKER], env=environment, cwd=ROOT, check=True)
        with app.app_context():
            found = db.session.get_one(RegisterImport, key)
            assert (found.status, found.taken, found.failed) == (ImportStatus.DONE, count, 0)
            for table in (Firm, Qualification, Offering):
                assert db.session.scalar(select(func.count()).select_from(table)) == count
            codes = select(func.count(func.distinct(Organisation.credit_code))).join(
                Firm, Firm.organisation_id == Organisation.id
            )
            assert db.session.scalar(codes) == count
            steps = select(func.count()).where(StatusChange.subject_type == "firms")
            assert db.session.scalar(steps) == count
            assert list(verify()) == []


def _taken(app: Flask, key: int) -> int:
    with app.app_context():
        found = db.session.get_one(RegisterImport, key).taken
        db.session.remove()
        return found

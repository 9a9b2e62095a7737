"""The worker and its clock do what is due, on the embedded broker and on Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import ROOT, from_environment
from marketplace.accounts.models import Organisation
from marketplace.app import create_app
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications import actions

PATIENCE_SECONDS = 120


@pytest.mark.parametrize("broker", ["embedded", "redis"])
def test_owed_mail_goes_out_by_itself(
    broker: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "MARKETPLACE_MODE": "test",
        "MARKETPLACE_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    if broker == "redis":
        environment["REDIS_URL"] = request.getfixturevalue("redis_server").url()
    flask = [sys.executable, "-m", "flask", "--app", "marketplace.app:create_app"]
    subprocess.run([*flask, "setup"], cwd=ROOT, env=environment, check=True, capture_output=True)
    app = create_app(from_environment(environment))
    with app.app_context():
        with transaction():
            place = db.session.query(Organisation).order_by(Organisation.id).first()
            assert place is not None
            actions.send(place.id, "中选通知", "正文", "/", "worker:1", clock.now(), "a@x.cn")
        db.engine.dispose()
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "marketplace.worker:celery", "worker"),
            *("-B", "-P", "threads", "-c", "2", "-l", "warning"),
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and not list((tmp_path / "mail").glob("*.eml")):
            assert worker.poll() is None, worker.communicate()[0].decode()
            time.sleep(0.5)
        assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait(60)

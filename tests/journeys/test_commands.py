"""The commands that check: they find nothing in an honest database and the row in an altered one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask

from marketplace.commands import setting_up
from marketplace.demo.moving import present
from tests.tampering import alter

ROOT = Path(__file__).parents[2]


def _run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


@pytest.mark.altered
def test_the_audit_ledger_verifies_and_an_altered_row_is_named(demo_app: Flask) -> None:
    honest = _run(demo_app, "ledger", "verify")
    assert honest.exit_code == 0, honest.output
    assert "audit_ledger: 0 differences" in honest.stdout
    alter(demo_app, "audit_ledger", "UPDATE audit_ledger SET roles = 'owner' WHERE seq = 20")
    altered = _run(demo_app, "ledger", "verify")
    assert altered.exit_code == 1
    assert "audit_ledger 20: the content does not match its digest" in altered.stdout


@pytest.mark.altered
def test_a_cut_tail_shows_as_another_head(demo_app: Flask) -> None:
    before = _run(demo_app, "ledger", "verify").stdout
    alter(
        demo_app,
        "audit_ledger",
        "DELETE FROM audit_ledger WHERE seq = (SELECT max(seq) FROM audit_ledger)",
    )
    after = _run(demo_app, "ledger", "verify").stdout
    assert [line for line in before.splitlines() if "head" in line] != [
        line for line in after.splitlines() if "head" in line
    ]


@pytest.mark.altered
def test_the_ratings_replay_and_an_altered_grade_is_named(demo_app: Flask) -> None:
    honest = _run(demo_app, "ratings", "replay", "--all")
    assert honest.exit_code == 0, honest.output
    assert "rating_ledger: 0 differences" in honest.stdout
    alter(
        demo_app,
        "grade_records",
        "UPDATE grade_records SET hundredths = hundredths + 1 WHERE id = (SELECT max(id) FROM grade_records)",
    )
    altered = _run(demo_app, "ratings", "replay", "--all")
    assert altered.exit_code == 1
    assert "rating_ledger: 0 differences" not in altered.stdout


@pytest.mark.altered
def test_an_altered_entry_of_the_rating_ledger_is_named(demo_app: Flask) -> None:
    alter(
        demo_app,
        "rating_ledger",
        "UPDATE rating_ledger SET rater_organisation_id = rater_organisation_id + 1 WHERE id = "
        "(SELECT min(id) FROM rating_ledger WHERE rater_organisation_id IS NOT NULL)",
    )
    assert _run(demo_app, "ratings", "replay", "--all").exit_code == 1


@pytest.mark.altered
def test_policies_check_and_an_altered_edition_is_named(demo_app: Flask) -> None:
    assert _run(demo_app, "policy", "check").exit_code == 0
    alter(
        demo_app,
        "policy_editions",
        "UPDATE policy_editions SET source = source || ' ' WHERE id = 1",
    )
    altered = _run(demo_app, "policy", "check")
    assert altered.exit_code == 1
    assert "does not match its hash" in altered.stdout


def test_every_published_draw_verifies_with_the_proof_file_alone(
    demo_app: Flask, tmp_path: Path
) -> None:
    exported = _run(demo_app, "draws", "export", str(tmp_path / "draws"))
    assert exported.exit_code == 0, exported.output
    proofs = sorted((tmp_path / "draws").glob("*.json"))
    assert proofs
    verify = [sys.executable, "-I", str(ROOT / "scripts" / "verify_draw.py")]
    for proof in proofs:
        checked = subprocess.run([*verify, str(proof)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    broken = tmp_path / "broken.json"
    content = json.loads(proofs[0].read_text(encoding="utf-8"))
    content["order"].reverse()
    broken.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    assert subprocess.run([*verify, str(broken)], capture_output=True).returncode != 0


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_manage_runs_from_anywhere_on_the_database_it_is_given(
    demo_app: Flask, tmp_path: Path
) -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        "MARKETPLACE_MODE": "demo",
        "MARKETPLACE_DATA_DIR": str(demo_app.config["SETTINGS"].data_dir),
        "DATABASE_URL": demo_app.config["SQLALCHEMY_DATABASE_URI"],
    }

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "scripts" / "manage"), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    verified = manage("ledger", "verify")
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.endswith("audit_ledger: 0 differences\nrating_ledger: 0 differences\n")
    with demo_app.app_context():
        before = present()
    moved = manage("clock", "advance", "3d")
    assert moved.returncode == 0, moved.stderr
    with demo_app.app_context():
        assert (present() - before).days == 3
    assert manage("clock", "advance", "tomorrow").returncode != 0
    environment["MARKETPLACE_MODE"] = "production"
    refused = manage("clock", "advance", "3d")
    assert refused.returncode != 0
    assert "demo" in refused.stderr


def test_a_taken_port_is_told_in_one_line(app: Flask) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        settings = replace(app.config["SETTINGS"], host="127.0.0.1", port=port)
        with pytest.raises(click.ClickException, match=f"cannot listen on 127.0.0.1 port {port}"):
            setting_up.answer(app, settings, 1000)

"""The bench runs: a small marketplace, a few requests, rows with the stated keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYS = {"page", "rps", "p50_ms", "p99_ms", "cpu_ms", "queries", "size", "engine"}
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "MARKETPLACE_MODE", "MARKETPLACE_DATA_DIR", "PORT", "HOST")


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_a_small_bench_measures_every_page(engine: str, tmp_path: Path) -> None:
    report = tmp_path / "rows.json"
    command = [
        *(sys.executable, "-m", "bench", "--firms", "50", "--engine", engine),
        *("--requests", "3", "--connections", "1", "--json", str(report)),
        *("--cache", str(tmp_path / "cache")),
    ]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "500 evaluations, filled in" in done.stderr
    rows = {row["page"]: row for row in json.loads(report.read_text())}
    assert all(set(row) == KEYS for row in rows.values())
    floors = {name for name in rows if name.startswith("floor:")}
    pages = {name for name in rows if not name.startswith(("floor:", "write:"))}
    fresh = {name for name in pages if not name.endswith("cached")}
    assert len(fresh) == 10
    assert len([name for name in rows if name.startswith("write:")]) == 2
    assert {"floor: empty Flask", "floor: Flask with one query"} <= floors
    assert {f"floor: bare SQL of {name}" for name in fresh} <= floors
    assert all(row["engine"] == engine and row["rps"] > 0 for row in rows.values())
    assert all(rows[name]["queries"] > 0 and rows[name]["size"] > 2000 for name in fresh)
    assert rows["floor: empty Flask"]["queries"] == 0
    assert "cpu ms" in done.stdout

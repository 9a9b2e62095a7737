"""The throw-away servers really run, keep Chinese text, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests.servers import PostgresServer, RedisServer

ROOT = Path(__file__).parents[2]


def _wait_until_gone(process_id: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = Path(f"/proc/{process_id}/stat")
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_postgres_copies_a_template_and_stops_without_a_trace() -> None:
    server = PostgresServer()
    try:
        server.create("filled")
        with server.connect("filled") as connection:
            connection.execute("CREATE TABLE firm (name text)")
            connection.execute("INSERT INTO firm VALUES ('测绘院')")
        server.create("copied", template="filled")
        with server.connect("copied") as connection:
            assert connection.execute("SELECT name FROM firm").fetchall() == [("测绘院",)]
            assert connection.execute("SHOW server_version_num").fetchone()[0] >= "150000"
        server.drop("copied")
        with pytest.raises(psycopg.OperationalError):
            server.connect("copied")
    finally:
        server.stop()
    assert not Path(server.folder).exists()
    assert _wait_until_gone(server.process_id)


def test_redis_answers_and_stops_without_a_trace() -> None:
    server = RedisServer()
    try:
        client = redis.Redis.from_url(server.url())
        client.set("k", "值")
        assert client.get("k") == "值".encode()
    finally:
        server.stop()
    assert not Path(server.folder).exists()
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(server.url()).ping()


def test_servers_end_when_the_test_process_is_killed() -> None:
    program = (
        "import time; from tests.servers import PostgresServer, RedisServer;"
        "a, b = PostgresServer(), RedisServer();"
        "print(a.process_id, b.process_id, a.folder, flush=True); time.sleep(60)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    first, second, folder = run.stdout.readline().split()
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert _wait_until_gone(int(first))
    assert _wait_until_gone(int(second))
    RedisServer().stop()
    assert not Path(folder).exists(), "the next start sweeps what the killed run left"

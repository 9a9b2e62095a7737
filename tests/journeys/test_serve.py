"""scripts/serve as a person uses it: it starts, answers, and takes everything down with it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """scripts/serve with a data folder and a port of its own."""

    def __init__(self, folder: Path, port: int | None = None, **environment: str) -> None:
        self.port = port or _free_port()
        self.started = time.monotonic()
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MARKETPLACE_", "DATABASE_URL", "REDIS_URL", "PYTHON"))
        }
        self.errors = (folder / "errors.txt").open("w+b")
        self.process = subprocess.Popen(
            [ROOT / "scripts" / "serve"],
            env={
                **inherited,
                "MARKETPLACE_DATA_DIR": str(folder / "data"),
                "PORT": str(self.port),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.lines: list[str] = []

    def wait_until_ready(self, seconds: float) -> str:
        """Read its output up to the line with "ready"; returns that line."""
        assert self.process.stdout is not None
        deadline = self.started + seconds
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if readable:
                line = self.process.stdout.readline()
                self.lines.append(line)
                if "ready" in line:
                    return line
                if not line:
                    break
        raise AssertionError(f"not ready: {self.lines} {self.error_text()}")

    def error_text(self) -> str:
        """What it said on standard error so far."""
        self.errors.seek(0)
        return self.errors.read().decode()

    def children(self) -> set[int]:
        """Process ids below it, all generations."""
        below: set[int] = set()
        waiting = [self.process.pid]
        while waiting:
            parent = waiting.pop()
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                found = {int(text) for text in task.read_text().split()} - below
                below |= found
                waiting += found
        return below

    def end(self) -> None:
        """Whatever happened, leave nothing running."""
        for process_id in self.children():
            os.kill(process_id, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.close()


def _gone(process_ids: set[int], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(_alive(process_id) for process_id in process_ids):
            return True
        time.sleep(0.1)
    return False


def _alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rsplit(")", 1)[1].split()[0] != "Z"


def _status(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=15) as answer:
        return int(answer.status)


def _wait_for(running: Running, count: int) -> set[int]:
    deadline = time.monotonic() + 30
    while len(running.children()) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return running.children()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """An empty marketplace, started."""
    site = Running(tmp_path, DEMO="0")
    yield site
    site.end()


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM]
)
def test_a_signal_stops_all_of_it(running: Running, number: signal.Signals) -> None:
    line = running.wait_until_ready(60)
    assert f"http://127.0.0.1:{running.port}/" in line
    assert "/setup" in "".join(running.lines), "a marketplace without accounts prints its token"
    assert _status(running.port, "/") == 200
    children = _wait_for(running, 3)
    assert len(children) >= 3, "web server, worker and its clock"
    running.process.send_signal(number)
    assert running.process.wait(20) == 0
    assert _gone(children)


def test_killing_it_stops_all_of_it(running: Running) -> None:
    running.wait_until_ready(60)
    children = _wait_for(running, 3)
    running.process.kill()
    assert _gone(children)


def test_a_worker_that_dies_is_started_again(running: Running) -> None:
    running.wait_until_ready(60)
    children = _wait_for(running, 3)
    worker = next(
        child
        for child in sorted(children)
        if b"celery" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    os.kill(worker, signal.SIGKILL)
    assert _gone({worker})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (running.children() - children):
        time.sleep(0.1)
    assert running.children() - children
    assert _status(running.port, "/") == 200


def test_the_second_start_is_quick_and_a_taken_port_is_named(
    running: Running, tmp_path: Path
) -> None:
    running.wait_until_ready(60)
    other = Running(tmp_path, port=running.port, DEMO="0")
    try:
        assert other.process.wait(20) == 1
        assert str(running.port) in other.error_text()
    finally:
        other.end()
    running.process.terminate()
    running.process.wait(20)
    second = Running(tmp_path, DEMO="0")
    try:
        second.wait_until_ready(30)
        assert time.monotonic() - second.started < 5
    finally:
        second.end()

"""The web process of a bench: started, waited for, ended."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from config import ROOT

from .load import Connection, Failed
from .serving import FLOOR

_START_SECONDS = 60


@contextlib.contextmanager
def server(environment: dict[str, str]) -> Iterator[tuple[int, dict[str, Any], int]]:
    """The web process on a free port: (port, what it told, process id)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.serving"],
        cwd=ROOT,
        env={**os.environ, **environment, "PORT": str(port), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Failed("the web process did not start")
        _wait_for(port)
        # every shelf read: what a start costs is said apart (docs/bench.md), not by the first page
        Connection(port).ask(f"GET {FLOOR}/standing HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        yield port, json.loads(line), process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            Connection(port).ask(f"GET {FLOOR}/empty HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)

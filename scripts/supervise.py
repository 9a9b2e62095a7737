"""Run the web server and the worker as one thing that starts and stops together.

Standard library only: it is up at once, and what it supervises may fail without it. A process
that ends by itself is started again; one that keeps ending, or a signal, stops both.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from types import FrameType

WEB = ("-m", "flask", "--app", "marketplace.app:create_app", "serve")
WORKER = (
    # inside a container everything runs as root, and only JSON is accepted as a message
    *("-W", "ignore:You're running the worker"),
    *("-m", "celery", "--quiet", "--app", "marketplace.worker:celery", "worker"),
    *("--beat", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"),
)
STOP_SECONDS = 15.0
SHORT_LIFE = 20.0
SHORT_LIVES = 3


class Stop(Exception):
    """A signal asked for the end."""


def _say(message: str) -> None:
    print(f"serve: {message}", file=sys.stderr, flush=True)


def _die_with_parent() -> None:
    """Ask Linux for SIGTERM when the supervisor is gone, even by SIGKILL."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Child:
    """One supervised process in a group of its own."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self._arguments = arguments
        self._short_lives = 0
        self.start()

    def start(self) -> None:
        """Start the process."""
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *self._arguments],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def revive(self) -> bool:
        """Start it again if it has ended; False when it keeps ending."""
        code = self.process.poll()
        if code is None:
            return True
        short = time.monotonic() - self._started < SHORT_LIFE
        self._short_lives = self._short_lives + 1 if short else 0
        _say(f"the {self.name} ended with status {code}")
        if self._short_lives >= SHORT_LIVES:
            return False
        self._end_group()
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process; its own children are its business first."""
        if self.process.poll() is None:
            self.process.terminate()

    def wait_for_end(self, deadline: float) -> None:
        """Wait until ``deadline``, then end it and whatever is left of its group."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _say(f"the {self.name} did not stop in time")
        self._end_group()
        self.process.wait()

    def _end_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            _say(f"cannot listen on {host} port {port}: {error.strerror}")
            raise SystemExit(1) from error


def _wait_until_it_answers(web: Child, address: str) -> bool:
    """Ask for the home page until there is an answer; False when the web server ends instead."""
    while web.process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=10).close()
            return True
        except urllib.error.HTTPError as error:
            _say(f"the home page answers {error.code}")
            return True
        except OSError:
            time.sleep(0.1)
    return False


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stop


def main() -> int:
    """Start both, say when they are ready, keep them, stop them."""
    host = os.environ.get("HOST", "127.0.0.1")
    try:
        port = int(os.environ.get("PORT", "8000"))
    except ValueError:
        _say("PORT must be a whole number")
        return 1
    _refuse_taken(host, port)
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    address = f"http://{near}:{port}/"
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGHUP, _stop)
    children: list[Child] = []
    status = 0
    try:
        children.append(Child("web server", WEB))
        if not _wait_until_it_answers(children[0], address):
            return children[0].process.returncode or 1
        children.append(Child("worker", WORKER))
        print(f"ready {address}", flush=True)
        while all(child.revive() for child in children):
            time.sleep(0.5)
        status = 1
    except Stop:
        _say("stopping")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait_for_end(deadline)
    return status


if __name__ == "__main__":
    sys.exit(main())

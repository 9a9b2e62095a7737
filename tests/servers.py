"""Throw-away servers for the tests: a real PostgreSQL cluster and a real Redis.

Each lives in its own folder below the temporary directory, listens on nothing that
another run could hold, and goes with the test process even when that is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import redis
from psycopg import sql

_PREFIX = "marketplace-test-"
_MEMORY = "/dev/shm"
_ROOM = 2_000_000_000
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


def _die_with_parent(signal_number: int) -> None:
    """Ask Linux to send the calling process `signal_number` when its parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(1, signal_number)


def _runs(process_id: int) -> bool:
    return Path(f"/proc/{process_id}").exists()


def roomy_memory() -> str | None:
    """A folder in memory, where there is one with room for a run's databases."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if roomy else None


def _sweep() -> None:
    """Remove the folders of earlier runs that were killed before they could."""
    for place in (tempfile.gettempdir(), _MEMORY):
        for folder in glob.glob(os.path.join(place, f"{_PREFIX}*")):
            owner = re.match(rf"{_PREFIX}(\d+)-", os.path.basename(folder))
            if owner and not _runs(int(owner.group(1))):
                shutil.rmtree(folder, ignore_errors=True)


def own_folder(place: str | None = None) -> str:
    """A folder that is this process's own; one it leaves behind goes with the next one made."""
    _sweep()
    return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place)


class _Server:
    """A server process in the foreground, its folder and its log."""

    def __init__(
        self, command: list[str], folder: str, user: str | None, stop: signal.Signals
    ) -> None:
        self.folder = folder
        self._stop_signal = stop
        self._log = Path(folder, "server.log")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                start_new_session=True,
                preexec_fn=lambda: _die_with_parent(stop),
            )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = self._log.read_text(errors="replace")
                self.stop()
                raise RuntimeError(f"{self._process.args!r} did not start:\n{text}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        raise NotImplementedError

    @property
    def process_id(self) -> int:
        """The server's process id."""
        return self._process.pid

    def quit(self) -> None:
        """End the server and leave its folder; a second call does nothing."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def stop(self) -> None:
        """End the server and remove its folder; a second call does nothing."""
        self.quit()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgresServer(_Server):
    """A PostgreSQL cluster of its own, reached through a socket in its folder.

    PostgreSQL refuses to run as root, so a root test run starts it as `postgres`.
    Durability is off: the data never outlives the run.
    """

    def __init__(
        self,
        cluster: Path | None = None,
        settings: Mapping[str, str] | None = None,
        place: str | None = None,
    ) -> None:
        """Start on a new cluster, or on a copy of ``cluster``, in a folder of its own in ``place``
        (default: where temporary folders are); ``settings`` go before the defaults."""
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not binaries:
            raise RuntimeError("PostgreSQL is not installed; scripts/prepare --system installs it")
        programs = Path(binaries[-1]).parent
        user = "postgres" if os.geteuid() == 0 else None
        folder = own_folder(place)
        if user:
            shutil.chown(folder, user, user)
        data = os.path.join(folder, "data")
        if cluster is None:
            self._initialise(programs, data, folder, user)
        else:
            subprocess.run(["cp", "-a", str(cluster), data], check=True)
        chosen = {
            "listen_addresses": "",
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "autovacuum": "off",
            "shared_buffers": "64MB",
            "max_connections": "200",
            **(settings or {}),
        }
        command = [str(programs / "postgres"), "-D", data]
        for name, value in chosen.items():
            command += ["-c", f"{name}={value}"]
        super().__init__(command, folder, user, signal.SIGINT)
        self._wait_until_it_answers()

    @staticmethod
    def _initialise(programs: Path, data: str, folder: str, user: str | None) -> None:
        subprocess.run(
            [
                *(str(programs / "initdb"), "--pgdata", data, "--username", "postgres"),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            cwd=folder,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def url(self, database: str) -> str:
        """The SQLAlchemy address of one database of this cluster."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(
            host=self.folder, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database as a copy of `template` and return its address."""
        with self.connect() as connection:
            connection.execute(
                # by files: four times as fast as by the log, which nobody keeps here
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(database), sql.Identifier(template)
                )
            )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, ending whatever is still connected to it."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


class RedisServer(_Server):
    """A Redis of its own on a free loopback port, holding nothing on disk."""

    def __init__(self) -> None:
        if not os.access("/usr/bin/redis-server", os.X_OK):
            raise RuntimeError("Redis is not installed; scripts/prepare --system installs it")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        folder = own_folder()
        command = [
            *("/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", folder, "--save", "", "--appendonly", "no", "--daemonize", "no"),
        ]
        super().__init__(command, folder, None, signal.SIGTERM)
        self._wait_until_it_answers()

    def url(self, database: int = 0) -> str:
        """The address of one numbered database of this server."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port, socket_connect_timeout=1).ping())
        except redis.ConnectionError:
            return False

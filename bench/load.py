"""Bounded load over the loopback address, and what it cost the processes that answered."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Failed(RuntimeError):
    """A request was not answered as expected."""


@dataclass(frozen=True)
class Answer:
    """What came back: status line, headers and body as sent."""

    status: int
    head: str
    body: bytes


class Connection:
    """One kept-alive connection that sends prepared bytes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._left = b""

    def ask(self, request: bytes) -> Answer:
        """Send one request and read its answer whole."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._left = b""
        self._socket.sendall(request)
        data = self._left
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].decode("latin-1")
        length, closes = 0, False
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() == "connection":
                closes = value.strip().lower() == "close"
        parts, got = [data[end + 4 :]], len(data) - end - 4
        while got < length:
            parts.append(self._more())
            got += len(parts[-1])
        body = b"".join(parts)
        self._left = body[length:]
        if closes:
            self.close()
        return Answer(int(head.split(" ", 2)[1]), head, body[:length])

    def _more(self) -> bytes:
        assert self._socket is not None
        chunk = self._socket.recv(262_144)
        if not chunk:
            self.close()
            raise Failed("the server closed the connection in the middle of an answer")
        return chunk

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def processor_seconds(*roots: int | None) -> float:
    """Processor time so far of these processes and their children, ended ones included."""
    wanted = {root for root in roots if root is not None}
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) in wanted or int(fields[1]) in wanted:
            total += int(fields[11]) + int(fields[12])
            if int(path.parent.name) in wanted:
                total += int(fields[13]) + int(fields[14])
    return total / _TICKS


@dataclass
class Figures:
    """One page's load: latencies in milliseconds, processor time over all of it."""

    latencies: list[float] = field(default_factory=list)
    sizes: int = 0
    seconds: float = 0.0
    processor: float = 0.0

    def percentile(self, share: float) -> float:
        """The latency below which this share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Processor time for each answer, web process and database together."""
        return self.processor * 1000 / len(self.latencies)

    @property
    def size(self) -> int:
        """Mean bytes of a body."""
        return self.sizes // len(self.latencies)


def put_load(
    port: int,
    make: Callable[[int], bytes],
    numbers: itertools.count[int],
    *,
    seconds: float,
    most: int,
    connections: int,
    status: int,
    processes: tuple[int | None, ...],
) -> Figures:
    """Ask from several connections until the time is over or ``most`` requests were sent.

    ``make`` gives the bytes of the n-th request. Raises Failed on any other status than ``status``.
    """
    figures = Figures()
    lock = threading.Lock()
    problems: list[str] = []
    end = time.perf_counter() + seconds
    allowed = itertools.count()

    def work() -> None:
        connection = Connection(port)
        times, sizes = [], 0
        try:
            while not problems and time.perf_counter() < end and next(allowed) < most:
                request = make(next(numbers))
                before = time.perf_counter()
                answer = connection.ask(request)
                times.append((time.perf_counter() - before) * 1000)
                sizes += len(answer.body)
                if answer.status != status:
                    line = request.split(b"\r\n", 1)[0].decode()
                    problems.append(f"{line} was answered {answer.status}")
        except OSError as error:
            problems.append(str(error))
        except Failed as error:
            problems.append(str(error))
        finally:
            connection.close()
        with lock:
            figures.latencies += times
            figures.sizes += sizes

    before, started = processor_seconds(*processes), time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures.seconds = time.perf_counter() - started
    figures.processor = processor_seconds(*processes) - before
    if problems:
        raise Failed(problems[0])
    return figures

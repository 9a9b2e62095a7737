"""What is asked: ten pages, the same from the cache, two writes, and the floors beside them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .load import Connection, Failed
from .serving import FLOOR

WORDS = (
    "环评", "测绘", "监理", "造价", "招标", "检测", "青河", "安平", "天成", "中诚", "泰丰", "咨询",
    "工程", "技术", "规划", "水保", "明远", "东城", "宏达", "金鼎",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A page under load. ``most_ms`` is the processor time it may take, where that was set."""

    name: str
    make: Callable[[int], bytes]
    status: int = 200
    most_ms: float | None = None
    writes: bool = False


class Visitor:
    """Makes the bytes of requests: one host, perhaps a session, perhaps a form."""

    def __init__(self, port: int, told: dict[str, Any]) -> None:
        self.port = port
        self.told = told
        self.host = f"127.0.0.1:{port}"
        self.form_cookie = self.form_token = ""

    def get(self, path: str, session: int | None = None, record: str = "") -> bytes:
        """A GET, signed in as one of the people where ``session`` says whom."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}"]
        if session is not None:
            lines.append(f"Cookie: {self._cookie(session)}")
        if record:
            lines.append(f"X-Bench-Record: {record}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def post(self, path: str, session: int, fields: dict[str, str]) -> bytes:
        """A form sent as a browser would."""
        body = urlencode(
            {"csrf_token": self.form_token, "idempotency_key": secrets.token_urlsafe(18), **fields}
        ).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nOrigin: http://{self.host}\r\n"
            f"Cookie: {self._cookie(session)}; {self.form_cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _cookie(self, session: int) -> str:
        people = self.told["sessions"]
        return f"{self.told['cookie']}={people[session % len(people)]['token']}"

    def open_form(self) -> None:
        """Fetch a form once: its token and cookie serve for all that follow."""
        connection = Connection(self.port)
        answer = connection.ask(self.get("/firm", 0))
        connection.close()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.body.decode())
        cookie = re.search(r"(?im)^set-cookie: ((?:__Host-)?form=[^;]+)", answer.head)
        if answer.status != 200 or token is None or cookie is None:
            raise Failed(f"the firm's page with its form was answered {answer.status}")
        self.form_token, self.form_cookie = token.group(1), cookie.group(1)


def pages(visitor: Visitor) -> list[Page]:
    """Every page, uncached: each request has an address of its own within any second."""
    get, told = visitor.get, visitor.told
    firms: Sequence[str] = told["firms"]
    needs: Sequence[str] = told["needs"]
    items: Sequence[str] = told["items"]

    def of(names: Sequence[str], n: int) -> str:
        return names[n % len(names)]

    return [
        Page("home", lambda n: get(f"/?visit={n}")),
        Page("item guide", lambda n: get(f"/items/{of(items, n)}?visit={n}")),
        Page("firm", lambda n: get(f"/firms/{of(firms, n)}?visit={n}"), most_ms=4),
        Page("firm list", lambda n: get(f"/firms?page={n % 50 + 1}&visit={n}"), most_ms=10),
        Page("firm search", lambda n: get(f"/firms?q={quote(of(WORDS, n))}&visit={n}"), most_ms=10),
        Page("rating explained", lambda n: get(f"/firms/{of(firms, n)}/rating?visit={n}")),
        Page("need list", lambda n: get(f"/needs?page={n % 50 + 1}&visit={n}"), most_ms=10),
        Page("need", lambda n: get(f"/needs/{of(needs, n)}?visit={n}")),
        Page("result list", lambda n: get(f"/results?page={n % 50 + 1}&visit={n}"), most_ms=10),
        Page("workspace home", lambda n: get("/workspace", n)),
    ]


def cached(visitor: Visitor) -> list[Page]:
    """Pages that many ask for in the same second."""
    firm = visitor.told["firms"][0]
    return [
        Page("home, cached", lambda n: visitor.get("/"), most_ms=2),
        Page("firm, cached", lambda n: visitor.get(f"/firms/{firm}"), most_ms=2),
        Page("firm list, cached", lambda n: visitor.get("/firms"), most_ms=2),
    ]


def writes(visitor: Visitor) -> list[Page]:
    """A small write and the one that comes in crowds, both audited."""
    open_needs: Sequence[str] = visitor.told["open_needs"]
    people = len(visitor.told["sessions"])

    def capacity(n: int) -> bytes:
        return visitor.post("/firm", n, {"capacity": str(n % 900 + 50)})

    def entry(n: int) -> bytes:
        need = open_needs[n // people % len(open_needs)]
        fields = {
            "price": f"{50000 + n % 5000}",
            "contribution": secrets.token_hex(32),
            "agree": "y",
        }
        return visitor.post(f"/needs/{need}/enter", n, fields)

    return [
        Page("write: capacity of a firm", capacity, 303, 8, writes=True),
        Page("write: entry to a need", entry, 303, 8, writes=True),
    ]


def floors(visitor: Visitor, measured: Sequence[Page]) -> list[Page]:
    """The same server with next to nothing behind it, and the bare SQL of each page."""
    get = visitor.get
    return [
        Page("floor: empty Flask", lambda n: get(f"{FLOOR}/empty")),
        Page("floor: Flask with one query", lambda n: get(f"{FLOOR}/query")),
        *(Page(f"floor: bare SQL of {page.name}", _bare(visitor, page.name)) for page in measured),
    ]


def _bare(visitor: Visitor, name: str) -> Callable[[int], bytes]:
    request = visitor.get(f"{FLOOR}/sql/{quote(name)}")
    return lambda n: request

"""Settings, read once from the environment.

No value here would be wrong in production: what a deployment must decide has no default, what
can be derived is derived, and the demo's liberties (movable clock, plain http, mail to a folder)
are taken only when ``MARKETPLACE_MODE`` says ``demo`` or ``test``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MODES = ("production", "demo", "test")


class SettingsError(RuntimeError):
    """A setting is missing or would be unsafe; the start is refused."""


@dataclass(frozen=True)
class Settings:
    """Everything the process is told from outside."""

    mode: str
    database_url: str
    data_dir: Path
    host: str
    port: int
    secure_cookies: bool
    broker_url: str
    redis_url: str | None
    trusted_proxy: bool
    trusted_hosts: tuple[str, ...]
    jurisdiction: str
    smtp_url: str | None

    @property
    def clock_movable(self) -> bool:
        """Only demo and tests may shift time."""
        return self.mode in ("demo", "test")

    @property
    def key_dir(self) -> Path:
        """Folder of the master, signing and cookie keys (0700, outside the database)."""
        return self.data_dir / "keys"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises SettingsError naming the variable that is wrong."""
    mode = environ.get("MARKETPLACE_MODE", "production")
    if mode not in MODES:
        raise SettingsError(f"MARKETPLACE_MODE must be one of {', '.join(MODES)}, not {mode!r}")
    data_dir = Path(environ.get("MARKETPLACE_DATA_DIR", ROOT / "var")).resolve()
    database_url = environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'marketplace.db'}"
    host = environ.get("HOST", "127.0.0.1")
    try:
        port = int(environ.get("PORT", "8000"))
    except ValueError as error:
        raise SettingsError("PORT must be a whole number") from error
    plain_http = environ.get("PLAIN_HTTP", "1" if host in LOOPBACK else "0") == "1"
    if plain_http and host not in LOOPBACK and mode == "production":
        raise SettingsError("PLAIN_HTTP=1 is refused when HOST is not a loopback address")
    redis_url = environ.get("REDIS_URL") or None
    broker = environ.get("CELERY_BROKER_URL") or redis_url or f"sqla+sqlite:///{data_dir}/broker.db"
    return Settings(
        mode=mode,
        database_url=_with_driver(database_url),
        data_dir=data_dir,
        host=host,
        port=port,
        secure_cookies=not plain_http,
        broker_url=broker,
        redis_url=redis_url,
        trusted_proxy=environ.get("TRUSTED_PROXY") == "1",
        trusted_hosts=tuple(h for h in environ.get("TRUSTED_HOSTS", "").split(",") if h),
        jurisdiction=environ.get("MARKETPLACE_JURISDICTION", "379900"),
        smtp_url=environ.get("SMTP_URL") or None,
    )


def _with_driver(url: str) -> str:
    """Name psycopg 3 explicitly, so that a bare postgres:// URL means one driver everywhere."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url

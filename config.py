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
    """Everything the process is told from outside.

    ``uploads_per_hour`` and ``exports_per_hour``: how many long files (fee lists, files of
    charges) one person may have read, and how many made, within an hour. ``register_file_days``:
    how long the uploaded file of a register stays once its import has ended;
    ``register_draft_days``: how long an upload may wait for a person before it is let go;
    ``register_failures``: so many rows of one piece that cannot be stored stop the whole.
    ``personal_history_years``: how long the history of a firm's file keeps what its personal fields
    were. ``firm_upload_*``: how many files and megabytes a firm or an owner may upload in a day, and keep
    in all.
    """

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
    mail_from: str
    site_url: str
    second_factor: bool
    uploads_per_hour: int
    exports_per_hour: int
    register_file_days: int
    register_draft_days: int
    register_failures: int
    personal_history_years: int
    firm_upload_files_per_day: int
    firm_upload_mb_per_day: int
    firm_upload_mb: int
    small_demo: bool

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
    scheme = "http" if plain_http else "https"
    site_url = (environ.get("SITE_URL") or f"{scheme}://{host}:{port}").rstrip("/")
    mail_from = environ.get("MAIL_FROM") or ("" if mode == "production" else "noreply@demo.invalid")
    smtp_url = environ.get("SMTP_URL") or None
    if smtp_url:
        _check_mail(environ, mode, smtp_url, mail_from, site_url)
    broker = environ.get("CELERY_BROKER_URL") or redis_url or f"sqla+sqlite:///{data_dir}/broker.db"
    second_factor = environ.get("SECOND_FACTOR", "1" if mode == "production" else "0") == "1"
    if mode == "production" and not second_factor:
        raise SettingsError("SECOND_FACTOR=0 is refused in production")
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
        smtp_url=smtp_url,
        mail_from=mail_from,
        site_url=site_url,
        second_factor=second_factor,
        uploads_per_hour=_count(environ, "UPLOADS_PER_HOUR", 20),
        exports_per_hour=_count(environ, "EXPORTS_PER_HOUR", 5),
        register_file_days=_count(environ, "REGISTER_FILE_DAYS", 7),
        register_draft_days=_count(environ, "REGISTER_DRAFT_DAYS", 30),
        register_failures=_count(environ, "REGISTER_FAILURES", 10),
        personal_history_years=_count(environ, "PERSONAL_HISTORY_YEARS", 3),
        firm_upload_files_per_day=_count(environ, "FIRM_UPLOAD_FILES_PER_DAY", 200),
        firm_upload_mb_per_day=_count(environ, "FIRM_UPLOAD_MB_PER_DAY", 200),
        firm_upload_mb=_count(environ, "FIRM_UPLOAD_MB", 2048),
        small_demo=environ.get("DEMO") == "small",
    )


def _count(environ: Mapping[str, str], name: str, otherwise: int) -> int:
    """A whole number of at least 1."""
    text = environ.get(name, str(otherwise))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingsError(f"{name} must be a whole number of at least 1")
    return int(text)


def _check_mail(
    environ: Mapping[str, str], mode: str, smtp_url: str, mail_from: str, site_url: str
) -> None:
    """Mail that goes out must name a sender people can trust and lead back to the real site."""
    if not smtp_url.startswith(("smtp://", "smtps://", "smtp+starttls://")):
        raise SettingsError("SMTP_URL must begin with smtp://, smtp+starttls:// or smtps://")
    if mode == "production" and ("@" not in mail_from or any(c.isspace() for c in mail_from)):
        raise SettingsError("MAIL_FROM must be the sender's mail address when SMTP_URL is set")
    if mode == "production" and not environ.get("SITE_URL"):
        raise SettingsError("SITE_URL must be the site's public address when SMTP_URL is set")
    if not site_url.startswith(("http://", "https://")):
        raise SettingsError("SITE_URL must begin with https:// or http://")


def _with_driver(url: str) -> str:
    """Name psycopg 3 explicitly, so that a bare postgres:// URL means one driver everywhere."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url

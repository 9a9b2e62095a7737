"""Uploaded files: allowed by extension and by content, stored under a random name, hashed."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import IO

from flask import Response, current_app, send_file
from flask_babel import gettext as _
from flask_wtf.file import FileField
from sqlalchemy import Index, String, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from . import audit, calendar, clock
from .actor import Actor
from .crypto import sha256_hex
from .db import Model, PublicIdMixin, db, lock
from .errors import Invalid, Missing, TooMany
from .languages import joined
from .origins import origin_of
from .screening import screened
from .showing import show_size

MEGABYTE = 1024 * 1024
MAX_BYTES = 20 * MEGABYTE
SIGNATURES = {
    "pdf": (b"%PDF-", "application/pdf"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "docx": (
        b"PK\x03\x04",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    # plain text begins as it likes: taken only where a page asks for it by name
    "csv": (b"", "text/csv; charset=utf-8"),
}
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)}
)
_LONGEST_NAME = 180
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
EVIDENCE = tuple(kind for kind in SIGNATURES if kind != "csv")


class StoredFile(PublicIdMixin, Model):
    """A file kept by its digest; the name a person gave is only a label. ``erased_at``: the bytes
    are gone since then, the record stays. ``author_digest``, ``program``, ``made_at``: what the
    document says of its making (`origins`)."""

    __tablename__ = "stored_files"
    __table_args__ = (Index("ix_stored_files_organisation", "organisation_id", "at"),)

    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    organisation_id: Mapped[int | None]
    user_id: Mapped[int | None]
    at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    author_digest: Mapped[str | None] = mapped_column(String(64))
    program: Mapped[str | None] = mapped_column(String(200))
    made_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Upload:
    """An upload that passed the checks; ``name`` holds printable characters only."""

    name: str
    content: bytes
    content_type: str


def checked(stream: IO[bytes], name: str, field: str, kinds: Sequence[str] = EVIDENCE) -> Upload:
    """An upload whose extension is one of ``kinds``, whose content is such a file through and
    through and that is neither empty nor above 20 MB; raises Invalid naming ``field`` otherwise.
    Pictures are kept without what tells where, when and with what they were taken."""
    label = _label(name)
    extension = label.rsplit(".", 1)[-1].lower() if "." in label else ""
    if extension not in kinds:
        titles = joined(kind.upper() for kind in kinds if kind != "jpeg")
        raise Invalid(_("只接受 %(kinds)s 格式的文件", kinds=titles), field=field, rule="file.type")
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Invalid(_("文件超过 20 MB，请压缩后再上传"), field=field, rule="file.size")
    if not content:
        raise Invalid(_("文件是空的，请重新选择"), field=field, rule="file.empty")
    magic, content_type = SIGNATURES[extension]
    if not content.startswith(magic):
        raise Invalid(
            _("文件内容与扩展名 .%(ext)s 不符，请确认后重新上传", ext=extension),
            field=field,
            rule="file.content",
        )
    return Upload(label, screened(content, extension, field), content_type)


def _label(name: str) -> str:
    """A name a person gave, as any system can keep it: no path, no device, not endless."""
    label = Path(name.replace("\\", "/")).name
    label = "".join(ch for ch in label if ch.isprintable()).strip(" .") or "file"
    stem, dot, extension = label.rpartition(".")
    if not dot:
        stem, extension = label, ""
    if stem.split(".")[0].strip().upper() in _DEVICES:
        stem = f"_{stem}"
    return f"{stem[: _LONGEST_NAME - len(extension)]}{dot}{extension}"[:200]


def store(
    stream: IO[bytes],
    name: str,
    actor: Actor,
    now: datetime,
    field: str,
    kinds: Sequence[str] = EVIDENCE,
) -> StoredFile:
    """Check and keep an upload; raises Invalid naming ``field`` when it is not allowed."""
    upload = checked(stream, name, field, kinds)
    _refuse_beyond_quota(len(upload.content), actor, now, field)
    digest, origin = sha256_hex(upload.content), origin_of(upload.content)
    _alone_with(digest)
    _write(digest, upload.content)
    row = StoredFile(
        name=upload.name,
        content_type=upload.content_type,
        size=len(upload.content),
        sha256=digest,
        organisation_id=actor.organisation_id,
        user_id=actor.user_id,
        at=now,
        author_digest=origin.author,
        program=origin.program,
        made_at=origin.made_at,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("file.stored", actor, row, now, sha256=digest, size=row.size)
    return row


def store_given(
    field: FileField, actor: Actor, now: datetime, kinds: Sequence[str] = EVIDENCE
) -> StoredFile | None:
    """Check and keep what was chosen in a form's file field; None when nothing was."""
    upload = field.data
    if not upload or not getattr(upload, "filename", ""):
        return None
    return store(upload.stream, upload.filename, actor, now, field.name, kinds)


def used(organisation_id: int | None, since: datetime | None = None) -> tuple[int, int]:
    """How many files an organisation keeps, and how many bytes; with ``since`` what it uploaded
    from then on, erased or not."""
    query = select(func.count(StoredFile.id), func.coalesce(func.sum(StoredFile.size), 0)).where(
        StoredFile.organisation_id == organisation_id
    )
    query = query.where(StoredFile.erased_at.is_(None) if since is None else StoredFile.at >= since)
    count, size = db.session.execute(query).one()
    return int(count), int(size)


def _refuse_beyond_quota(size: int, actor: Actor, now: datetime, field: str) -> None:
    """Uploads of one organisation are counted one after the other, so that two of one moment are
    not both the last that fits."""
    if not actor.metered or actor.organisation_id is None:
        return
    _one_at_a_time(actor.organisation_id)
    settings = current_app.config["SETTINGS"]
    midnight = calendar.moment(clock.local_day(now), time(0, 0))
    count, today = used(actor.organisation_id, midnight)
    most, a_day = settings.firm_upload_files_per_day, settings.firm_upload_mb_per_day
    if count >= most or today + size > a_day * MEGABYTE:
        raise TooMany(
            _(
                "本单位今日已上传 %(count)s 份、%(used)s，每日最多 %(most)s 份、%(whole)s，"
                "请明日再上传或者压缩后上传",
                count=count,
                used=show_size(today),
                most=most,
                whole=show_size(a_day * MEGABYTE),
            ),
            field=field,
            rule="file.quota",
        )
    _kept, whole = used(actor.organisation_id)
    if whole + size > settings.firm_upload_mb * MEGABYTE:
        raise Invalid(
            _(
                "本单位已存 %(used)s 材料，最多 %(most)s；请压缩后上传，"
                "仍放不下的，请管理机构删除保存期满的材料",
                used=show_size(whole),
                most=show_size(settings.firm_upload_mb * MEGABYTE),
            ),
            field=field,
            rule="file.quota",
        )


def erase(row: StoredFile, reason: str, actor: Actor, now: datetime) -> bool:
    """Let the bytes of a file go and keep its name, size and digest; False when they were gone.

    The bytes go before the transaction ends: whoever calls has the intention stored already and
    comes again when it fails. Where the same bytes were stored for another record they stay.
    """
    lock(row)
    if row.erased_at is not None:
        return False
    _alone_with(row.sha256)
    row.erased_at = now
    row.author_digest = row.program = row.made_at = None
    db.session.flush()
    kept = db.session.scalar(
        select(StoredFile.id)
        .where(StoredFile.sha256 == row.sha256, StoredFile.erased_at.is_(None))
        .limit(1)
    )
    if kept is None:
        path_of(row).unlink(missing_ok=True)
    audit.record("file.erased", actor, row, now, sha256=row.sha256, size=row.size, reason=reason)
    return True


def path_of(row: StoredFile) -> Path:
    """Where the bytes lie."""
    return _folder() / row.sha256[:2] / row.sha256


def send(row: StoredFile) -> Response:
    """Answer with the file as an attachment; the caller has checked access. Raises Missing where
    its bytes were erased."""
    if row.erased_at is not None:
        raise Missing(row.public_id)
    response = send_file(
        path_of(row), mimetype=row.content_type, as_attachment=True, download_name=row.name
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def kind_of(name: str) -> str:
    """The content type of a file of a kind its name ends with."""
    return SIGNATURES[name.rsplit(".", 1)[-1]][1]


def attachment(content: bytes, name: str) -> Response:
    """Answer with a file made just now, of a kind its name ends with."""
    _magic, kind = SIGNATURES[name.rsplit(".", 1)[-1]]
    # a title kept from before may hold a line break, which no header can
    name = " ".join(name.split())
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)


def _folder() -> Path:
    return Path(current_app.config["FILE_DIR"])


def _alone_with(digest: str) -> None:
    """Until the transaction ends, nobody else stores or erases these very bytes."""
    _hold(digest)


def _one_at_a_time(organisation_id: int) -> None:
    """Until the transaction ends, nobody else uploads for the same organisation."""
    _hold(sha256_hex(f"uploads/{organisation_id}".encode()))


def _hold(digest: str) -> None:
    """Hold what a digest stands for until the transaction ends: on SQLite who writes is alone
    anyway."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(bytes.fromhex(digest[:16]), signed=True)
        connection.execute(_LOCK, {"key": key})


def _write(digest: str, content: bytes) -> None:
    target = _folder() / digest[:2] / digest
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)

"""Publishing standards. What checks a price and keeps the answer: ``checking``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db

from .models import FeeStandardEdition
from .rules.reading.files import read_standards
from .rules.reading.sections import EditionError


def load_standards(folder: Path, actor: Actor, now: datetime) -> list[FeeStandardEdition]:
    """Publish every standard in ``folder`` that is not stored yet; returns what is new.

    The folder is read whole first: raises EditionError naming file, key and reason, and when a
    file differs from what was published for the same standard and day.
    """
    told = read_standards(folder)
    paths = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    added = []
    for standard in told.values():
        path = paths.get(standard.id)
        if path is None:
            raise EditionError(f"{standard.id}.toml", "id", "文件名应与标准代码相同")
        text = path.read_text(encoding="utf-8")
        sha256 = sha256_hex(text.encode())
        existing = db.session.scalar(
            select(FeeStandardEdition).where(
                FeeStandardEdition.standard_id == standard.id,
                FeeStandardEdition.effective_from == standard.effective_from,
            )
        )
        if existing is not None:
            if existing.sha256 != sha256:
                raise EditionError(
                    path.name, "effective_from", "同一日期的标准已发布，不能修改，只能另发新版"
                )
            continue
        row = FeeStandardEdition(
            standard_id=standard.id,
            title=standard.title,
            document=standard.document,
            issuer=standard.issuer,
            effective_from=standard.effective_from,
            source=text,
            sha256=sha256,
            loaded_at=now,
        )
        db.session.add(row)
        db.session.flush()
        audit.record("fees.standard_published", actor, row, now, sha256=sha256, code=standard.id)
        added.append(row)
    return added

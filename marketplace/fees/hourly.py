"""How many long files a person may have read, and made, within an hour.

Uploads of fee lists and of charges count together; so do exports, which are audited one by one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from config import Settings
from marketplace.accounts.models import User
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import TooMany

from .charges.models import ChargeUpload
from .lists.models import FeeListImport

HOUR = timedelta(hours=1)
EXPORTED = "charges.exported"


def check_upload(actor: Actor, now: datetime) -> datetime:
    """Raises TooMany for who has uploaded as much as may be for now; returns when it was asked."""
    now = _one_after_the_other(actor, now)
    since, most = now - HOUR, _settings().uploads_per_hour
    lists = select(func.count(FeeListImport.id)).where(
        FeeListImport.uploaded_by == actor.user_id, FeeListImport.uploaded_at > since
    )
    charges = select(func.count(ChargeUpload.id)).where(
        ChargeUpload.user_id == actor.user_id, ChargeUpload.uploaded_at > since
    )
    if sum(db.session.scalar(query) or 0 for query in (lists, charges)) >= most:
        raise TooMany(
            _("每人一小时内最多上传 %(most)s 份文件，请稍后再上传", most=most),
            field="file",
            rule="fees.uploads",
        )
    return now


def check_export(actor: Actor, now: datetime) -> datetime:
    """Raises TooMany for who has exported as much as may be for now; returns when it was asked.

    The export is to be recorded in the same transaction: it is what the next one counts.
    """
    now = _one_after_the_other(actor, now)
    most = _settings().exports_per_hour
    done = select(func.count(AuditRow.seq)).where(
        AuditRow.action == EXPORTED, AuditRow.actor_id == actor.user_id, AuditRow.at > now - HOUR
    )
    if (db.session.scalar(done) or 0) >= most:
        raise TooMany(
            _("每人一小时内最多导出 %(most)s 份文件，请稍后再导出", most=most), rule="fees.exports"
        )
    return now


def _one_after_the_other(actor: Actor, now: datetime) -> datetime:
    """Nobody passes by asking several times at once; returns the clock as it is by then."""
    if actor.user_id is not None:
        lock(db.session.get_one(User, actor.user_id))
    return max(now, clock.now())


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found

"""Taking the national list in: uploaded and checked, then taken over by another officer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask_babel import gettext as _

from marketplace.accounts.models import Jurisdiction, Organisation
from marketplace.accounts.queries import lineage
from marketplace.foundation import audit, calendar, clock, epoch, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.spreadsheets import read_csv, read_table
from marketplace.notifications.actions import send

from ..locking import held, locked
from . import queries
from .columns import COLUMNS, MAX_ROWS, SHEET, Listing, rows_of
from .models import NationalImport, NationalImportStatus, NationalRecord

FIELD = "file"
KINDS = ("xlsx", "csv")
MOST_PROBLEMS = 500
_DAY_STARTS = time(0)


def upload_list(
    file: StoredFile | None, jurisdiction_code: str, actor: Actor, now: datetime
) -> NationalImport:
    """Read an uploaded list; nothing is listed or ended before it is taken over.

    Raises Invalid when nothing was chosen or the file holds no such table; cells that cannot be
    used are kept with the upload.
    """
    if file is None:
        raise Invalid(_("请选择要导入的文件"), field=FIELD, rule="file.none")
    content = files.path_of(file).read_bytes()
    if file.name.lower().endswith(".csv"):
        table = read_csv(content, COLUMNS, field=FIELD, max_rows=MAX_ROWS)
    else:
        table = read_table(content, COLUMNS, field=FIELD, sheet=SHEET, max_rows=MAX_ROWS)
    rows = rows_of(table, clock.local_day(now))
    problems = table.in_order()
    found = NationalImport(
        jurisdiction_code=jurisdiction_code,
        file_id=file.id,
        uploaded_by=actor.user_id,
        uploaded_at=now,
        rows=[] if problems else [row.as_record() for row in rows],
        row_count=len(table.rows),
        problems=[problem.as_record() for problem in problems[:MOST_PROBLEMS]],
        problem_count=len(problems),
    )
    status = NationalImportStatus.FAULTY if problems else NationalImportStatus.READY
    lifecycle.begin(found, status, actor, now)
    return found


def discard_upload(found: NationalImport, actor: Actor, now: datetime) -> None:
    """Let an upload go; nothing came of it."""
    now = locked(now, found)
    lifecycle.move(found, NationalImportStatus.DISCARDED, actor, now)


@dataclass(frozen=True)
class TakenOver:
    """Parties of the platform a list bars that were not barred before, and those it bars no more."""

    barred: Sequence[Organisation]
    freed: Sequence[Organisation]


def take_over(found: NationalImport, actor: Actor, now: datetime) -> TakenOver:
    """List what an upload holds and end what it holds no more, from this instant.

    By another officer than its uploader. Raises Conflict when a later list was taken over
    already. What becomes of entries and contracts is decided from above
    (``supervision.actions.take_national_list_over``).
    """
    code = found.jurisdiction_code
    # two lists of one place one after the other
    now = locked(held(now, db.session.get_one(Jurisdiction, code)), found)
    if actor.user_id is None or actor.user_id == found.uploaded_by:
        raise Refused(_("上传名单的人不能确认，请由其他审批人办理"), rule="two_officers")
    if found.status is not NationalImportStatus.READY:
        raise Conflict(
            _("导入状态为“%(status)s”，不能确认", status=found.status.title), rule="lifecycle"
        )
    if queries.is_outdated(found):
        raise Conflict(_("已有后来上传的名单生效，请放弃本次导入"), rule="national.outdated")
    changes = queries.changes(found)
    concerned = queries.parties(changes.credit_codes())
    before = queries.listed(concerned, lineage(code), now)
    for record in changes.ended:
        record.ended_at, record.ended_import_id = now, found.id
    db.session.flush()
    db.session.add_all(_record(each, found) for each in changes.added)
    found.confirmed_by, found.confirmed_at = actor.user_id, now
    lifecycle.move(
        found,
        NationalImportStatus.CONFIRMED,
        actor,
        now,
        added=len(changes.added),
        ended=len(changes.ended),
        kept=len(changes.kept),
    )
    epoch.raise_public()
    after = queries.listed(concerned, lineage(code), now)
    taken = TakenOver(
        barred=[each for key, each in concerned.items() if key in after - before],
        freed=[each for key, each in concerned.items() if key in before - after],
    )
    _tell(taken, found, now)
    audit.record(
        "national_list.taken_over",
        actor,
        found,
        now,
        file=found.file.sha256,
        barred=[each.public_id for each in taken.barred],
        freed=[each.public_id for each in taken.freed],
    )
    return taken


def _record(listing: Listing, found: NationalImport) -> NationalRecord:
    return NationalRecord(
        import_id=found.id,
        jurisdiction_code=found.jurisdiction_code,
        name=listing.name,
        credit_code=listing.credit_code,
        list_name=listing.list_name,
        authority=listing.authority,
        document=listing.document,
        listed_on=listing.listed_on,
        until_on=listing.until_on,
        from_at=calendar.moment(listing.listed_on, _DAY_STARTS),
        until_at=calendar.moment(listing.until_on + timedelta(days=1), _DAY_STARTS),
    )


def _tell(taken: TakenOver, found: NationalImport, now: datetime) -> None:
    for organisations, subject, body in (
        (
            taken.barred,
            "贵单位列入国家严重失信主体名单，已暂停承接",
            "依据国家公布的名单，移出名单之前不能在本平台承接业务。对名单有异议的，请向认定机关提出。",
        ),
        (taken.freed, "贵单位已移出国家严重失信主体名单，可恢复承接业务", ""),
    ):
        for organisation in organisations:
            send(
                organisation.id,
                subject,
                body,
                "/workspace/sanctions",
                f"national:{found.id}:{organisation.id}",
                now,
                address=organisation.email,
            )

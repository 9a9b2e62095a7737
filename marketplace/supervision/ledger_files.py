"""The ledgers as files that anybody can check without us (docs/ledger.md, scripts/verify_ledger.py).

`hashes` is public: the chain between two published heads, without what happened. `whole` is for
whoever audits on the spot: both ledgers with the content of every row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.audit import GENESIS, AuditRow, AuditTail
from marketplace.foundation.crypto import canonical_json, signing_public_key
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.heads import LedgerHead
from marketplace.ratings import streaming
from marketplace.ratings.models import content_text

FORMAT = "zjcs-ledger/1"
MOST_ROWS = 500_000
_AT_ONCE = 5000


def published_heads() -> Any:
    """The published heads, the newest first, for a list of pages."""
    return select(LedgerHead).order_by(LedgerHead.day.desc())


def head_of(day: date) -> LedgerHead:
    """The head published for a day. Raises Missing."""
    head = db.session.get(LedgerHead, day)
    if head is None:
        raise Missing(f"head of {day}")
    return head


def head_before(head: LedgerHead) -> LedgerHead | None:
    """The head published before another."""
    return db.session.scalar(
        select(LedgerHead).where(LedgerHead.day < head.day).order_by(LedgerHead.day.desc()).limit(1)
    )


def check_size(first: LedgerHead | None, last: LedgerHead) -> None:
    """Refuse a file of several days with too many rows: Invalid. A single day is never refused."""
    if first is None or head_before(last) is first or last.seq - first.seq <= MOST_ROWS:
        return
    raise Invalid(
        _(
            "所选日期之间有 %(rows)s 条，一个文件最多 %(most)s 条，请缩短日期范围，分几次下载",
            rows=last.seq - first.seq,
            most=MOST_ROWS,
        ),
        field="from",
        rule="ledger.range",
    )


def hashes(first: LedgerHead | None, last: LedgerHead) -> Iterator[str]:
    """The lines of the public file: every row's hashes after one head up to another.

    Without a first head it begins with row 1. Between two slices no transaction is open: how long
    somebody reads, a connection is held only while rows are fetched.
    """
    begins = {"seq": first.seq, "hash": first.hash} if first else {"seq": 0, "hash": GENESIS}
    ends = {"seq": last.seq, "hash": last.hash}
    head = {
        "format": FORMAT,
        "holds": "hashes",
        "from": begins,
        "to": ends,
        "heads": [_published(head) for head in (first, last) if head is not None],
        "public_key": signing_public_key(),
    }
    known, newest = first.seq if first else 0, last.seq
    # every row below a published head is there for good: it can be read in several transactions
    db.session.rollback()
    yield _line(head)
    columns = (AuditRow.seq, AuditRow.content_digest, AuditRow.hash)
    asked = select(*columns).where(AuditRow.seq <= newest).order_by(AuditRow.seq).limit(_AT_ONCE)
    while rows := db.session.execute(asked.where(AuditRow.seq > known)).all():
        db.session.rollback()
        for seq, digest, row_hash in rows:
            yield _line({"seq": seq, "digest": digest, "hash": row_hash})
        known = rows[-1].seq


def whole() -> Iterator[str]:
    """The lines of the file for auditors: both ledgers with the content of every row."""
    tail = db.session.get(AuditTail, 1)
    heads = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day)).all()
    yield _line(
        {
            "format": FORMAT,
            "holds": "rows",
            "from": {"seq": 0, "hash": GENESIS},
            "to": {"seq": tail.seq, "hash": tail.hash} if tail else {"seq": 0, "hash": GENESIS},
            "heads": [_published(head) for head in heads],
            "public_key": signing_public_key(),
        }
    )
    for seq, row in audit.in_slices(None):
        if row is None:
            yield _line({"seq": seq})
            continue
        yield _line(
            {
                "seq": row.seq,
                "content": canonical_json(row.content()).decode(),
                "previous": row.previous,
                "digest": row.content_digest,
                "hash": row.hash,
            }
        )
    known = None
    for number, entry in streaming.rows(db.session.connection()):
        if entry is None:
            yield _line({"rating": number})
        elif number != known:
            yield _line({"rating": number, "content": content_text(entry), "digest": entry.digest})
        known = number


def _published(head: LedgerHead) -> dict[str, Any]:
    return {
        "day": head.day.isoformat(),
        "seq": head.seq,
        "hash": head.hash,
        "signature": head.signature,
    }


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n"

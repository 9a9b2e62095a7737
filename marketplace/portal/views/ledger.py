"""The daily heads of the audit ledger, and the hashes between two of them for anybody to check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import Response, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.foundation.crypto import signing_public_key
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Invalid
from marketplace.foundation.web import PUBLIC, access
from marketplace.supervision import ledger_files

from .blueprint import bp


@bp.route("/data/ledger")
@access(PUBLIC)
def ledger_heads() -> ResponseReturnValue:
    """The heads, the newest first, each with the file of its day."""
    page = paginate(
        ledger_files.published_heads(), request.args.get("page", 1, type=int), per_page=31
    )
    return render_template("portal/ledger.html", page=page, public_key=signing_public_key())


@bp.route("/data/ledger/hashes")
@access(PUBLIC)
def ledger_hashes() -> ResponseReturnValue:
    """The hashes of every row after the head of `from` (default: the one before) up to `to`'s."""
    if "to" not in request.args:
        return redirect(url_for("portal.ledger_heads"))
    last = ledger_files.head_of(_day("to"))
    first = ledger_files.head_before(last)
    if "from" in request.args:
        first = ledger_files.head_of(_day("from"))
        if first.day >= last.day:
            raise Invalid(_("起始日期须早于截止日期"), field="from", rule="ledger.range")
    ledger_files.check_size(first, last)
    lines: Iterator[str] = stream_with_context(ledger_files.hashes(first, last))
    name = f"ledger-{first.day if first else 'start'}-{last.day}.jsonl"
    answer = Response(lines, mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        raise Invalid(
            _("%(name)s 须为写作 2026-03-01 的日期", name=name), field=name, rule="ledger.range"
        ) from None

"""What must hold of best value at all times."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import select

from marketplace.foundation.db import db
from marketplace.selection.judging import forming, queries
from marketplace.selection.judging.models import JudgeStatus, Panel, PanelStatus
from marketplace.selection.methods import draw_proof
from marketplace.selection.methods.random_draw import commitment
from marketplace.selection.queries import listed

from .draws import anybodys_script, crypto_check


def judges() -> Iterator[str]:
    """Judges that were not called in the order a draw anybody can run again gives."""
    script = anybodys_script()
    for panel in db.session.scalars(select(Panel)):
        need, attempt = panel.round.need, panel.round.attempt
        if commitment(forming.secret_of(need, attempt)) != panel.commitment:
            yield f"panels {panel.id}: commitment"
        if panel.proof is None:
            continue
        try:
            made = draw_proof.verify(panel.proof.encode(), crypto_check)
            script.verify(panel.proof.encode())
        except (ValueError, KeyError, TypeError, ArithmeticError, SystemExit) as error:
            yield f"panels {panel.id}: {error}"
            continue
        order = list(made.ranking)
        called = [(each.place, each.expert.number) for each in queries.judges(panel)]
        if (made.list_hash, made.commitment) != (panel.list_sha256, panel.commitment) or order != (
            json.loads(panel.proof)["order"]
        ):
            yield f"panels {panel.id}: list"
        elif called != list(enumerate(order, 1))[: len(called)]:
            yield f"panels {panel.id}: order"


def marks() -> Iterator[str]:
    """Marks given out of time, results without enough of them, quotes opened before they were in."""
    for panel in db.session.scalars(select(Panel)):
        over, opened = panel.done_at, panel.round.unsealed_at
        if opened is not None and (over is None or opened < over):
            yield f"panels {panel.id}: opened"
        for sheet in queries.sheets(panel):
            by = sheet.judge.mark_by
            late = (
                by is None or sheet.given_at >= by or (over is not None and sheet.given_at > over)
            )
            if late or sheet.judge.status in (JudgeStatus.CALLED, JudgeStatus.SILENT):
                yield f"panel_sheets {sheet.id}"
        if panel.status is PanelStatus.DONE:
            counted = queries.counted(panel, listed(panel.round))
            if len(counted) < queries.values_of(panel).least_judges:
                yield f"panels {panel.id}: judges"
            if any(queries.to_explain(each) for each in counted):
                yield f"panels {panel.id}: unexplained"

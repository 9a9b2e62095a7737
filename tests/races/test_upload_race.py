"""Two uploads of one firm at once: only one of them is the last that fits."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from tests.factories import intermediaries as firms
from tests.factories.filing import made
from tests.races.overlapping import overlapping


def test_two_uploads_at_once_do_not_pass_the_quota_together(app: Flask) -> None:
    party, other = made(app, lambda: [firms.listed(), firms.listed()])
    settings = app.config["SETTINGS"]
    with app.app_context():
        count, _size = files.used(party.organisation.id)
        ours, theirs = party.actor, other.actor
    app.config["SETTINGS"] = replace(settings, firm_upload_files_per_day=count + 1)

    def put(actor: Actor, mark: bytes) -> Callable[[], object]:
        return lambda: files.store(
            io.BytesIO(firms.PDF + mark), "材料.pdf", actor, clock.now(), "file"
        )

    try:
        came = overlapping(app, put(ours, b"1"), put(ours, b"2"))
        assert came == ["done", "file.quota"]
        # another firm's uploads are its own
        app.config["SETTINGS"] = replace(settings, firm_upload_files_per_day=count + 2)
        came = overlapping(app, put(ours, b"3"), put(theirs, b"4"))
        assert came == ["done", "done"]
    finally:
        app.config["SETTINGS"] = settings

"""Papers laid beside a removal: its notice, what the firm says, the record of the hearing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Invalid

from .models import Departure, DepartureFile, Part

MOST = 10
FIELD = "papers"


def lay_beside(
    departure: Departure, part: Part, uploads: Sequence[Any], actor: Actor, now: datetime
) -> list[DepartureFile]:
    """Screen and keep the papers chosen for a step; raises Invalid for one that may not be kept,
    and for more than so many at once."""
    given = [each for each in uploads or () if each and getattr(each, "filename", "")]
    if len(given) > MOST:
        raise Invalid(_("一次最多上传 %(n)d 份附件", n=MOST), field=FIELD, rule="file.many")
    made = []
    for upload in given:
        stored = files.store(upload.stream, upload.filename, actor, now, FIELD)
        row = DepartureFile(
            departure_id=departure.id,
            file_id=stored.id,
            part=part,
            organisation_id=actor.organisation_id,
            at=now,
        )
        db.session.add(row)
        db.session.flush()
        audit.record(
            "departures.file_attached", actor, departure, now, part=part, sha256=stored.sha256
        )
        made.append(row)
    return made


def beside(departure: Departure) -> list[DepartureFile]:
    """The papers of a departure, as they came."""
    return list(
        db.session.scalars(
            select(DepartureFile)
            .where(DepartureFile.departure_id == departure.id)
            .order_by(DepartureFile.id)
            .limit(as_written(200))
        )
    )

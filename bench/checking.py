"""After filling: the product's own checks must find nothing."""

from __future__ import annotations

import random

from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.db import db
from marketplace.ratings import replaying
from marketplace.ratings.models import RatingSubject

from .filling import Filled

SAMPLE = 200


class Unsound(RuntimeError):
    """The filled database does not hold what the product would have stored."""


def check(filled: Filled) -> None:
    """Verify the whole audit chain, the rating ledger against it, and a sample of the grades.

    Raises Unsound naming the first thing that does not fit.
    """
    for finding in audit.verify():
        raise Unsound(f"audit_ledger {finding.seq}: {finding.problem}")
    if audit.head()[0] < filled.audit_rows:
        raise Unsound("the audit ledger is shorter than what was filled in")
    db.session.expire_all()
    for difference in replaying.missing_entries():
        raise Unsound(str(difference))
    subjects = list(db.session.scalars(select(RatingSubject.organisation_id)))
    sample = random.Random(11).sample(sorted(set(subjects)), min(SAMPLE, len(set(subjects))))  # noqa: S311
    for organisation_id in sample:
        for difference in replaying.differences(organisation_id):
            raise Unsound(str(difference))
    db.session.rollback()

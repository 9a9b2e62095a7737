"""Who waited for a lock did what he did when he had it: stored times are read after the lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.evaluations.callbacks import actions as calling
from marketplace.evaluations.callbacks.models import (
    AttemptOutcome,
    CallbackStatus,
    EvaluationCallback,
)
from marketplace.evaluations.reviews import actions as reviewing
from marketplace.evaluations.reviews.models import EvaluationReview
from marketplace.fees import hourly
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.supervision import sampling
from marketplace.supervision.models import SampleKind
from tests.factories import accounts, contracts, evaluations

Advance = Callable[[timedelta], None]
WAITED = timedelta(hours=1)
LOW = "成果有两处计算错误，退回后仍未改正"
SAID = ["已接受服务", "本人打分", "与实际一致", "没有"]


def test_the_clock_is_read_after_the_lock(app: Flask, advance: Advance) -> None:
    deal = contracts.completed(app, advance)
    with app.app_context():
        with transaction():
            evaluations.give(deal, "editor", 1, LOW)
            evaluations.give(deal, "firm", 5)
            operator, approver, auditor, second = (
                accounts.officer(role).actor
                for role in (
                    Role.BUREAU_OPERATOR,
                    Role.BUREAU_APPROVER,
                    Role.AUDITOR,
                    Role.AUDITOR,
                )
            )
            kind = SampleKind.CONTRACTS
            sample = sampling.take_sample(kind, 1, auditor, clock.now())
            begun = clock.now()
            stale = begun - WAITED
            callback = db.session.scalars(select(EvaluationCallback)).one()
            attempt = calling.note_attempt(callback, AttemptOutcome.NO_ANSWER, "", operator, stale)
            calling.conclude(
                callback, CallbackStatus.DENIED, SAID, "业主称未作出该评价", None, operator, stale
            )
            review = db.session.scalars(select(EvaluationReview)).one()
            reviewing.exclude(review, "经核实评价不是业主作出", approver, stale)
            given = review.evaluation
            reply = reviewing.reply(given, "两处错误已改正", deal.actor("firm"), stale)
            sampling.note_item(sample, 1, "与合同文本一致", auditor, stale)
            sampling.submit_sample(sample, "所抽合同与文本一致", auditor, stale)
            sampling.sign_sample(sample, True, "同意", second, stale)
            asked = hourly.check_upload(operator, stale)
        times: list[datetime | None] = [
            attempt.at,
            callback.done_at,
            review.proposed_at,
            review.decided_at,
            reply.given_at,
            sample.items[0].noted_at,
            sample.signed_at,
            sample.status_since,
            asked,
        ]
        assert all(at is not None and at >= begun for at in times), times

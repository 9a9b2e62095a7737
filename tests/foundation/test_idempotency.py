"""A form's key is taken once, on both engines."""

from __future__ import annotations

from flask import Flask

from marketplace.foundation import clock, idempotency
from marketplace.foundation.transactions import transaction


def test_a_key_is_taken_once(app: Flask) -> None:
    with app.app_context():
        with transaction():
            assert idempotency.claim("key", "content", clock.now()) is None
            idempotency.remember("key", "/there")
        with transaction():
            again = idempotency.claim("key", "content", clock.now())
            other = idempotency.claim("key", "other content", clock.now())
    assert again == idempotency.Earlier(same_content=True, location="/there")
    assert other == idempotency.Earlier(same_content=False, location="/there")

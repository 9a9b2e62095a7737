"""Second factors switched on for the tests that are about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    """The application as in production: second factors and fresh proofs are asked for."""
    app.config["SECOND_FACTOR"] = True
    yield app
    app.config["SECOND_FACTOR"] = False

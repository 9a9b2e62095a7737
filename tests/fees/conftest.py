"""What the tests of fees share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fees.offices import Office


@pytest.fixture
def office(app: Flask, sign_in_as: Callable[..., FlaskClient]) -> Office:
    """The drafter, the approver and the public of the demo city."""
    return Office(app, sign_in_as)

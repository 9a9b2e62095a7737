"""What every journey here is held to."""

from __future__ import annotations

import pytest

from tests.whole import ask_afterwards

everything_holds = pytest.fixture(autouse=True)(ask_afterwards)

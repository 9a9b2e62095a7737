"""The page of the design system shows every component there is."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient

COMPONENTS = Path(__file__).parents[2] / "templates" / "components"


def test_every_component_is_shown(client: FlaskClient) -> None:
    answer = client.get("/design")
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    shown = re.findall(r'id="c-([a-z_]+)"', text)
    assert sorted(shown) == sorted(path.stem for path in COMPONENTS.glob("*.html"))
    # a refused form names what is wrong and where, and a field points at its message
    assert "有 4 处需要更正" in text
    assert 'href="#wrong-budget"' in text
    assert 'aria-describedby="wrong-budget-error"' in text

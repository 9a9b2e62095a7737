"""The face's own promises: readable colours in one place, one macro per component file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKENS = dict(
    re.findall(
        r"--([a-z-]+):\s*(#[0-9a-f]{6});", (ROOT / "static/css/tokens.css").read_text("utf-8")
    )
)
PAIRS = [
    ("ink", "paper"),
    ("ink", "mist"),
    ("muted", "paper"),
    ("muted", "mist"),
    ("primary", "paper"),
    ("primary", "mist"),
    ("paper", "seal"),
    *[(f"{tone}-text", f"{tone}-ground") for tone in ("good", "info", "warn", "bad", "neutral")],
]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_every_text_pair_is_readable(text: str, ground: str) -> None:
    light, dark = sorted((luminance(TOKENS[text]), luminance(TOKENS[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 5.8


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates/components").glob("*.html")), ids=lambda p: p.name
)
def test_a_component_file_holds_the_macro_of_its_name(path: Path) -> None:
    public = re.findall(r"{%-?\s*macro ([a-z]\w*)\(", path.read_text("utf-8"))
    assert public == [path.stem]


def test_only_the_tokens_file_names_colours() -> None:
    found = {
        sheet.name: re.findall(r"#[0-9a-fA-F]{6}\b", sheet.read_text("utf-8"))
        for sheet in (ROOT / "static/css").glob("*.css")
        if sheet.name != "tokens.css"
    }
    assert {name: colours for name, colours in found.items() if colours} == {}

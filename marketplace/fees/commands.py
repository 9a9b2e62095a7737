"""The flask commands of the fee standards."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import IO

import click
from flask.cli import AppGroup

from .rules.reading.files import read_standards
from .rules.worked_examples import answer

fees = AppGroup("fees", help="Fee standards.")
_LONGEST = 1000
STANDARDS = Path(__file__).parents[1] / "editions" / "standards"


@fees.command("calculate")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
def calculate(file: IO[str]) -> None:
    """Compute the cases of FILE by the shipped standards and print the answers as JSON.

    FILE holds a JSON list of {"standard", "inputs"}; ``-`` reads standard input. Printed is a
    JSON list, in order, of {"low", "high", "unit", "verdict", "steps"}; numbers are decimal
    strings, null where the case cannot be computed, and then "reason" says why.
    """
    try:
        cases = json.load(file, parse_float=Decimal, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name}: not JSON: {error}") from error
    if not isinstance(cases, list):
        raise click.ClickException(f"{file.name}: expected a JSON list of cases")
    standards = read_standards(STANDARDS)
    answers = [answer(case, standards) for case in cases]
    # half a character a case may name is no UTF-8: told as JSON escapes it
    told = json.dumps(answers, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    click.echo(told.decode("utf-8"))


def _whole(digits: str) -> int | str:
    """A whole number of a file; one longer than Python converts is left to be refused by case."""
    return int(digits) if len(digits) <= _LONGEST else digits

"""What follows from grade C or D, in words for the public, as the editions in force have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.foundation import policy
from marketplace.ratings.rules.entries import Grade

from .rules import SanctionsPolicy

Consequence = Callable[[Grade, Sequence[str], date], Any]

# what no edition can change: the gates themselves and the lists ask for the grade
_ALWAYS = {
    Grade.C: _l("列入警示名单"),
    Grade.D: _l("列入黑名单，撤下列名，不得承接新业务"),
}
_further: list[Consequence] = []


def follows_too(consequence: Consequence) -> None:
    """Have ``consequence(grade, lineage, day)`` say in words what else follows from a grade under
    an edition of a package above, None where nothing does."""
    _further.append(consequence)


def words_of(grade: Grade, lineage: Sequence[str], day: date) -> str:
    """What follows from grade C or D in a jurisdiction on a day; empty for any other grade."""
    if grade not in _ALWAYS:
        return ""
    found = str(_ALWAYS[grade])
    for consequence in (_key_supervision, *_further):
        more = consequence(grade, lineage, day)
        if more is not None:
            found = _("%(first)s；%(more)s", first=found, more=more)
    return found


def under_key_supervision(grade: Grade, lineage: Sequence[str], day: date) -> bool:
    """Whether every running contract of a firm of this grade is inspected."""
    values = policy.in_force(SanctionsPolicy, lineage, day).values
    return grade.value in values.key_supervision_grades


def _key_supervision(grade: Grade, lineage: Sequence[str], day: date) -> Any:
    if under_key_supervision(grade, lineage, day):
        return _l("属重点监管，履行中的合同逐份检查")
    return None

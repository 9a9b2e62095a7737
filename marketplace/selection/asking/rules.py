"""Until when may be asked, and what a question or an answer may not hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.clock import local_day
from marketplace.projects.rules import SelectionPolicy

# a resident's number, a mobile number, an address of mail: nobody's belongs in a public text
_PERSONAL = re.compile(
    r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)|[\w.+-]+@[\w-]+\.[\w.]+", re.ASCII
)
_NOISE = re.compile(r"[\s()（）·,，.。-]+")
# what firms' names end in: without it a name is still the name
_ENDINGS = re.compile(r"(股份有限公司|有限责任公司|有限公司|事务所|\(普通合伙\)|集团|公司)$")
_SHORTEST_NAME = 4


def closes_at(entry_deadline: datetime, policy: SelectionPolicy) -> datetime:
    """When the last question may come: so many working days before entries close."""
    last = working_calendar().day_before(
        local_day(entry_deadline), policy.questions.close_working_days
    )
    return moment(last, policy.entry_closes_at)


def names_somebody(text: str, names: Iterable[str]) -> bool:
    """Whether a text tells one of these names (of a firm, its code, its people), also without
    blanks, brackets or the ending of a company's name."""
    plain = _plain(text)
    return any(found and found in plain for name in names for found in (_known_by(name),))


def holds_personal_data(text: str) -> bool:
    """Whether a text holds a resident's number, a mobile number or an address of mail."""
    return _PERSONAL.search(text) is not None


def _known_by(name: str) -> str:
    whole = _plain(name)
    short = _ENDINGS.sub("", whole)
    return short if len(short) >= _SHORTEST_NAME else whole


def _plain(text: str) -> str:
    return _NOISE.sub("", text).casefold()

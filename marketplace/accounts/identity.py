"""The resident identity number (GB 11643-1999): a real date and a check digit."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from marketplace.foundation.errors import Invalid

_FORM = re.compile(r"[0-9]{17}[0-9X]")


def checked_identity(number: str, field: str) -> str:
    """The number in capitals; raises Invalid naming ``field``.

    The area is not looked up: old codes outlive their counties.
    """
    compact = number.strip().upper()
    if not is_identity(compact):
        raise Invalid(_("身份证件号码校验未通过，请逐位核对"), field=field, rule="identity")
    return compact


def is_identity(number: str) -> bool:
    """Whether 18 characters are an identity number."""
    if not _FORM.fullmatch(number) or str(ric.calc_check_digit(number)) != number[-1]:
        return False
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return True

"""The unified social credit code (GB 32100-2015): 18 characters, the last a check digit."""

from __future__ import annotations

from flask_babel import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from marketplace.foundation.errors import Invalid


def checked(text: str, field: str = "credit_code") -> str:
    """The code in capitals; raises Invalid naming ``field`` when the check digit is wrong.

    Spaces and lower-case letters are accepted as typing habits; full-width characters are not.
    """
    compact = text.replace(" ", "").upper()
    try:
        if not compact.isascii() or not compact.isalnum():
            raise ValidationError
        return str(uscc.validate(compact))
    except ValidationError as error:
        raise Invalid(
            _("统一社会信用代码校验未通过，请逐位核对登记证照（不含字母 I、O、Z、S、V）"),
            field=field,
            rule="credit_code",
        ) from error


def complete(first_seventeen: str) -> str:
    """Add the check digit to 17 characters (for invented demo and test codes)."""
    return first_seventeen + str(uscc.calc_check_digit(first_seventeen))

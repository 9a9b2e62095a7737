"""What is shown of personal data to everybody. (RELIABILITY section 13.1; PIPL 51)

Stricter than the usual first six and last four of an identity number, which tell the region and
the serial. Office numbers of organisations are business data and stay as they are.
"""

from __future__ import annotations

import re

_MOBILE = re.compile(r"(?:\+?86[- ]?)?(1[3-9][0-9])([0-9]{4})([0-9]{4})")
_STAR = "*"


def masked_name(name: str) -> str:
    """``张小明`` → ``张**``; a single character stays hidden behind two stars all the same."""
    name = name.strip()
    return f"{name[:1]}{_STAR * 2}" if name else ""


def masked_phone(phone: str) -> str:
    """``13812345678`` → ``138****5678``; of any other number the last four are hidden."""
    plain = re.sub(r"[\s-]", "", phone)
    mobile = _MOBILE.fullmatch(plain)
    if mobile:
        return f"{mobile[1]}{_STAR * 4}{mobile[3]}"
    return f"{phone.strip()[:-4]}{_STAR * 4}" if len(phone.strip()) > 4 else _STAR * 4


def masked_mobile(phone: str | None) -> str:
    """A mobile number masked; an office's landline, which is public business data, as it is."""
    if not phone:
        return ""
    return masked_phone(phone) if _MOBILE.fullmatch(re.sub(r"[\s-]", "", phone)) else phone


def masked_identity(number: str) -> str:
    """First and last two characters: ``4***************34``."""
    number = number.strip()
    return f"{number[:1]}{_STAR * (len(number) - 3)}{number[-2:]}" if len(number) > 3 else _STAR * 3


def masked_email(address: str) -> str:
    """``alice@x.cn`` → ``a***@x.cn``."""
    name, _at, domain = address.strip().partition("@")
    return f"{name[:1]}{_STAR * 3}@{domain}" if domain else _STAR * 3


def masked_certificate(number: str) -> str:
    """A personal certificate's number: its last four characters."""
    number = number.strip()
    return f"{_STAR * 4}{number[-4:]}" if len(number) > 4 else _STAR * 4


MASKS = {
    "contact": masked_mobile,
    "name": masked_name,
    "phone": masked_phone,
    "identity": masked_identity,
    "email": masked_email,
    "certificate": masked_certificate,
}


def masked(value: str | None, kind: str) -> str:
    """A value of a kind (name, phone, contact, identity, email, certificate) as everybody sees it."""
    return MASKS[kind](value) if value else ""

"""When two writings mean the same, what two firms have in common, and what is asked about.

The normal form of an address, in this order, again until nothing changes: full-width signs as
half-width ones, small letters, the traditional forms of the words counted with; signs, brackets and
blanks left out, `#` read as 号; 第三层 as 3层; 号, 号楼, 栋, 幢, 座, 楼, 单元, 层, 室, 房 after a figure
or a letter as a hyphen (12号3栋501室, 12号3幢501 and 12-3-501 are one); province and city in front left
out, the district kept. Of a telephone number: digits, without +86 and without the extension.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen

SHORTEST_ADDRESS, SHORTEST_PHONE, SHORTEST_NUMBER = 4, 7, 4
_ROUNDS = 20


class FeatureKind(StrEnum):
    """What is compared; the first three are numbers of persons and bodies, in one digest space."""

    CODE = "code"
    LEGAL = "legal"
    HOLDER = "holder"
    PRACTITIONER = "practitioner"
    PHONE = "phone"
    ADDRESS = "address"
    LEGAL_NAME = "legal_name"


class TieKind(StrEnum):
    """What two bodies have in common, the plainest first."""

    CREDIT_CODE = "credit_code"
    LEGAL_PERSON = "legal_person"
    SHAREHOLDER = "shareholder"
    CONTROL = "control"
    LEGAL_HOLDS = "legal_holds"
    PRACTITIONER = "practitioner"
    PHONE = "phone"
    ADDRESS = "address"
    LEGAL_NAME = "legal_name"
    DEVICE = "device"


# what many share without having anything to do with each other
COMMON = frozenset({TieKind.PHONE, TieKind.ADDRESS})
# shown to officers, asked about never: many people have one name
HINTS = frozenset({TieKind.LEGAL_NAME, TieKind.DEVICE})
_TIES: dict[frozenset[FeatureKind], TieKind] = {
    frozenset({FeatureKind.CODE}): TieKind.CREDIT_CODE,
    frozenset({FeatureKind.LEGAL}): TieKind.LEGAL_PERSON,
    frozenset({FeatureKind.HOLDER}): TieKind.SHAREHOLDER,
    frozenset({FeatureKind.CODE, FeatureKind.HOLDER}): TieKind.CONTROL,
    frozenset({FeatureKind.LEGAL, FeatureKind.HOLDER}): TieKind.LEGAL_HOLDS,
    frozenset({FeatureKind.PRACTITIONER}): TieKind.PRACTITIONER,
    frozenset({FeatureKind.PHONE}): TieKind.PHONE,
    frozenset({FeatureKind.ADDRESS}): TieKind.ADDRESS,
    frozenset({FeatureKind.LEGAL_NAME}): TieKind.LEGAL_NAME,
}

Standing = Literal["barred", "ended", "national", "removed", "left", "refused"]


@dataclass(frozen=True)
class LikenessPolicy:
    """Whom a firm is asked about, and by when it is decided.

    ``asked_about``: what the other must be or have been; ended sanctions within
    ``look_back_months``. An address or telephone number that more than ``shared_by_most`` bodies
    use opens no review by itself. The other two are working days.
    """

    SECTION: ClassVar[str] = "likeness"
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    asked_about: Annotated[tuple[Standing, ...], MaxLen(6)]
    look_back_months: Annotated[int, Ge(0), Le(120)]
    shared_by_most: Annotated[int, Ge(1), Le(10_000)]
    statement_working_days: Annotated[int, Ge(1), Le(30)]
    decide_working_days: Annotated[int, Ge(1), Le(60)]


def tie_of(one: FeatureKind, other: FeatureKind) -> TieKind | None:
    """What an equal value of these two kinds means; None for kinds that are never compared."""
    return _TIES.get(frozenset({one, other}))


_OLD_FORMS = str.maketrans(
    "號棟樓層區縣單廈東園場廣莊鎮創業華國慶陽長開發達興環鐵農電龍鳳濱濟衛鄉灣橋門關",
    "号栋楼层区县单厦东园场广庄镇创业华国庆阳长开发达兴环铁农电龙凤滨济卫乡湾桥门关",
)
_DASH = re.compile(r"[-‐‑‒–—―−﹣~～]+")
_BETWEEN_FIGURES = re.compile(r"(?<=[0-9])\s+(?=[0-9])")
_SIGNS = re.compile(r"[^\w\-#]|_")
_UNITS = "号楼|号院|号房|号|栋楼|栋|幢|座|楼|单元|层|室|房间|房"
_NUMERAL = re.compile(f"第?([〇零一二三四五六七八九十百]+)(?={_UNITS})")
_COUNTED = re.compile(f"(?<=[0-9a-z])(?:{_UNITS})+")
_LOOSE_DASH = re.compile(r"(?<![0-9a-z])-+|-+(?![0-9a-z])|(?<=-)-+")
_ORDINAL = re.compile(r"第(?=[0-9])")
_ABOVE = re.compile(
    r"^(?:中华人民共和国|中国|市辖区|[^0-9区县镇乡路街道巷村]{2,9}?(?:省|自治区|自治州|地区|市(?!场)))"
)
_FIGURES = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0}


def _until_settled(step: Callable[[str], str], value: str) -> str:
    for _round in range(_ROUNDS):
        made = step(value)
        if made == value:
            break
        value = made
    return value


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _number(numeral: str) -> str:
    """三 as 3, 十二 as 12, 一百零五 as 105, 二〇一 as 201."""
    if not set(numeral) & {"十", "百"}:
        return "".join(str(_FIGURES[sign]) for sign in numeral)
    total = digit = 0
    for sign in numeral:
        if sign in ("十", "百"):
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _FIGURES[sign]
    return str(total + digit)


def _address(text: str) -> str:
    text = _plain(text).translate(_OLD_FORMS)
    text = _BETWEEN_FIGURES.sub("-", _DASH.sub("-", text))
    text = _SIGNS.sub("", text).replace("#", "号")
    text = _ORDINAL.sub("", _NUMERAL.sub(lambda found: _number(found[1]), text))
    text = _LOOSE_DASH.sub("", _COUNTED.sub("-", text))
    rest = _ABOVE.sub("", text)
    return rest or text


def normal_address(text: str) -> str:
    """The normal form of an address; empty where too little is left to compare."""
    made = _until_settled(_address, text)
    return made if len(made) >= SHORTEST_ADDRESS else ""


_EXTENSION = re.compile(r"(?:转|轉|分机|ext\.?|x|#|\*).*$")
_SEVERAL = re.compile(r"[,;/|、或]")


def _phone(text: str) -> str:
    plain = _EXTENSION.sub("", _DASH.sub("-", _plain(text)).strip())
    parts = [re.sub(r"[^0-9]", "", part) for part in plain.split("-")]
    if len(parts) > 2 and parts[0].startswith("0") and len(parts[-1]) <= 5 < len(parts[-2]):
        parts = parts[:-1]
    digits = "".join(parts)
    abroad = re.sub(r"^(?:00)+86", "86", digits)
    if (plain.lstrip("(").startswith("+") or abroad != digits) and abroad.startswith("86"):
        local = abroad[2:]
        digits = local if local.startswith(("1", "0", "4")) else f"0{local}"
    elif len(digits) == 13 and digits.startswith("861"):
        digits = digits[2:]
    return digits


def normal_phone(text: str) -> str:
    """The digits of a telephone number; empty where it is none."""
    made = _until_settled(_phone, text)
    return made if len(made) >= SHORTEST_PHONE else ""


def normal_phones(text: str) -> tuple[str, ...]:
    """Every telephone number of a field that may hold several."""
    found = (normal_phone(part) for part in _SEVERAL.split(_plain(text)))
    return tuple(dict.fromkeys(number for number in found if number))


def _certificate(text: str) -> str:
    return _SIGNS.sub("", _plain(text)).replace("-", "").replace("#", "").strip("第号")


def normal_certificate(text: str) -> str:
    """The normal form of a professional's certificate number; empty where too short."""
    made = _until_settled(_certificate, text)
    return made if len(made) >= SHORTEST_NUMBER else ""


def normal_name(text: str) -> str:
    """A person's name without blanks and dots."""
    return _until_settled(lambda each: re.sub(r"[\s·•・.]", "", _plain(each)), text)


def normal_number(text: str) -> str:
    """An identity number or credit code."""
    return _until_settled(lambda each: _plain(each).strip(), text).upper()

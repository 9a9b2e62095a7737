"""Reading an uploaded register: every cell held to the rules, every firm to the register."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from marketplace.accounts import credit_code
from marketplace.accounts.identity import is_identity
from marketplace.foundation.errors import Invalid
from marketplace.foundation.languages import N_
from marketplace.foundation.spreadsheets import Row, Table, read_book, read_csv

from ..models import FirmStatus
from ..queries import person_digest
from .columns import CERTIFICATES, FIRMS, ITEMS, MAX_ROWS, PEOPLE, Known, sheets
from .models import Verdict
from .standing import TOLD, Register, Standing

FIELD = "file"
MOST_PROBLEMS = 5_000
_EMPTY: dict[str, list[Any]] = {"certificates": [], "people": [], "items": []}
# the sheet, its place in a firm's content, what its rows are known by
_PARTS = {CERTIFICATES: "certificates", PEOPLE: "people", ITEMS: "items"}

Ask = Callable[[str, Decimal], str | None]
Tell = Callable[[int, int], None]


@dataclass
class Read:
    """A firm of the file: its row and what the other sheets say of it."""

    row: Row
    content: dict[str, Any]
    bad: bool = False


@dataclass
class Tables:
    """The tables of a file, and its firms by credit code."""

    tables: dict[str, Table]
    ignored: list[str]
    firms: dict[str, Read] = field(default_factory=dict)
    strays: list[Row] = field(default_factory=list)

    @cached_property
    def by_number(self) -> dict[str, dict[int, Row]]:
        """The rows of each sheet by their number."""
        return {
            sheet: {row.number: row for row in table.rows} for sheet, table in self.tables.items()
        }


@dataclass
class Outcome:
    """What came of reading a file: a record for each firm, every problem (with its sheet), or why
    there is nothing to read."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[list[Any]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    refusal: str | None = None


def opened(content: bytes, name: str, known: Known) -> Tables:
    """The tables of a file, each cell by itself read; raises Invalid where there are none."""
    columns = sheets(known)
    if name.lower().endswith(".csv"):
        table = read_csv(content, columns[FIRMS], field=FIELD, max_rows=MAX_ROWS)
        return Tables({FIRMS: table}, [])
    book = read_book(content, columns, field=FIELD, required=FIRMS, max_rows=MAX_ROWS)
    return Tables(book.tables, book.ignored)


def gathered(found: Tables, today: date, known: Known, tell: Tell) -> Tables:
    """Put together what the sheets say of each firm, and complain of what cannot stand in the
    file alone: check digits, days, doubled rows, rows of nobody."""
    firms = found.tables[FIRMS]
    total = sum(len(table.rows) for table in found.tables.values())
    done = 0
    for row in firms.rows:
        done += 1
        if done % 500 == 0:
            tell(done, total)
        code = _code(firms, row)
        _identity(firms, row)
        if code is None:
            found.strays.append(row)
            continue
        if code in found.firms:
            first = found.firms[code].row.number
            firms.complain(row, "credit_code", N_("与第 %(row)s 行重复"), row=first)
            found.strays.append(row)
            continue
        values = {key: value for key, value in row.values.items() if value is not None}
        identity = values.pop("legal_identity", None)
        if identity is not None and "legal_identity" not in row.bad:
            values["legal_digest"] = person_digest(str(identity))
        found.firms[code] = Read(row, {"firm": values, **{key: [] for key in _EMPTY}})
    for sheet, part in _PARTS.items():
        table = found.tables.get(sheet)
        if table is None:
            continue
        seen: dict[Any, int] = {}
        for row in table.rows:
            done += 1
            if done % 500 == 0:
                tell(done, total)
            _part(found, table, part, row, seen, today, known)
    for each in found.firms.values():
        each.bad = each.bad or bool(each.row.bad)
    return found


def _part(
    found: Tables,
    table: Table,
    part: str,
    row: Row,
    seen: dict[Any, int],
    today: date,
    known: Known,
) -> None:
    code = _code(table, row)
    owner = found.firms.get(code) if code is not None else None
    if code is not None and owner is None:
        table.complain(row, "credit_code", N_("“机构”表里没有这个统一社会信用代码"))
    if part == "certificates":
        _days(table, row, today)
    if part == "items":
        _promise(table, row, known)
    key = _key_of(part, code, row)
    if None not in key:
        if key in seen:
            column = "item" if part == "items" else "number"
            table.complain(row, column, N_("与第 %(row)s 行重复"), row=seen[key])
        seen.setdefault(key, row.number)
    if owner is not None:
        owner.bad = owner.bad or bool(row.bad)
        values = {k: _kept(v) for k, v in row.values.items() if v is not None}
        values.pop("credit_code", None)
        owner.content[part].append({**values, "_row": row.number})


def _key_of(part: str, code: str | None, row: Row) -> tuple[Any, ...]:
    values = row.values
    if part == "items":
        return (code, values["item"])
    if part == "people":
        return (values["number"],)
    return (values["type"], values["number"])


def _kept(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _narrow(text: str) -> str:
    """Full-width letters and digits as plain ones, without blanks: the check digit tells."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").upper()


def _code(table: Table, row: Row) -> str | None:
    text = row.values["credit_code"]
    if not isinstance(text, str):
        return None
    try:
        row.values["credit_code"] = code = credit_code.checked(_narrow(text))
    except Invalid:
        table.complain(
            row, "credit_code", N_("校验码不符，请逐位核对登记证照（不含字母 I、O、Z、S、V）")
        )
        return None
    return code


def _identity(table: Table, row: Row) -> None:
    text = row.values["legal_identity"]
    if not isinstance(text, str):
        return
    row.values["legal_identity"] = number = _narrow(text)
    if not is_identity(number):
        table.complain(row, "legal_identity", N_("身份证件号码校验未通过，请逐位核对"))


def _days(table: Table, row: Row, today: date) -> None:
    first, last = row.values["valid_from"], row.values["valid_until"]
    if isinstance(first, date) and first > today:
        table.complain(row, "valid_from", N_("发证日期不能晚于今天"))
    if not isinstance(last, date):
        return
    if isinstance(first, date) and last < first:
        table.complain(row, "valid_until", N_("有效期截止日不能早于发证日期"))
    elif last < today:
        table.complain(row, "valid_until", N_("该资质已过有效期，请换成现行有效的证书或删去本行"))


def _promise(table: Table, row: Row, known: Known) -> None:
    item, days = row.values["item"], row.values["promised_days"]
    if not isinstance(item, str):
        return
    _name, most = known.items[item]
    if isinstance(days, Decimal) and days > most:
        table.complain(row, "promised_days", N_("超过该事项的法定时限 %(days)s 天"), days=most)


def compared(found: Tables, register: Register, ask: Ask) -> Outcome:
    """Hold every firm of a file to what stands: new, the same, different, or refused."""
    firms = found.tables[FIRMS]
    records = []
    for code, each in found.firms.items():
        _against_others(found, each, code, register, ask)
        stands = register.firms.get(code)
        differences: list[str] = []
        if stands is not None and not each.bad:
            differences = _against_itself(firms, each, stands)
        verdict = Verdict.NEW
        if each.bad:
            verdict = Verdict.REFUSED
        elif stands is not None and stands.status is FirmStatus.LISTED:
            verdict = Verdict.DIFFERENT if differences else Verdict.SAME
        records.append(_record(each, code, verdict, differences))
    for row in found.strays:
        stray = Read(row, {})
        records.append(_record(stray, str(row.values["credit_code"] or ""), Verdict.REFUSED, []))
    problems = [
        [sheet, *problem.as_record()]
        for sheet, table in found.tables.items()
        for problem in table.in_order()
    ]
    return Outcome(sorted(records, key=lambda each: each["number"]), problems, found.ignored)


def _record(each: Read, code: str, verdict: Verdict, differences: list[str]) -> dict[str, Any]:
    return {
        "number": each.row.number,
        "name": str(each.row.values.get("name") or ""),
        "credit_code": code[:40],
        "verdict": verdict,
        "content": each.content if verdict is Verdict.NEW else {},
        "differences": differences,
    }


def _against_others(found: Tables, each: Read, code: str, register: Register, ask: Ask) -> None:
    """Complain of what somebody else has, of bars, and of prices that cannot be promised."""
    stands = register.firms.get(code)
    if code in register.barred and (stands is None or stands.status is None):
        each.bad = True
        found.tables[FIRMS].complain(
            each.row, "credit_code", N_("该主体被列入黑名单或国家严重失信主体名单，不能承接")
        )
    checks: dict[str, Callable[[dict[str, str]], tuple[str, str] | None]] = {
        CERTIFICATES: lambda row: (
            ("number", N_("该证书已由其他机构登记并核验"))
            if register.certificates.get((row["type"], row["number"]), code) != code
            else None
        ),
        PEOPLE: lambda row: (
            ("number", N_("该执业证书已登记在其他机构"))
            if register.people.get(row["number"], code) != code
            else None
        ),
        ITEMS: lambda row: (
            ("discount", N_("承诺下浮率不符合该事项的收费标准"))
            if ask(row["item"], Decimal(row.get("discount", "0")) / 100)
            else None
        ),
    }
    for sheet, check in checks.items():
        for part in each.content[_PARTS[sheet]]:
            row = found.by_number[sheet][part["_row"]]
            if row.bad:
                continue
            wrong = check(part)
            if wrong is not None:
                each.bad = True
                found.tables[sheet].complain(row, *wrong)


def _against_itself(firms: Table, each: Read, stands: Standing) -> list[str]:
    """The headings under which the register says otherwise; complains of who cannot come."""
    if not stands.is_party:
        each.bad = True
        firms.complain(each.row, "credit_code", N_("该统一社会信用代码属于管理机构或行业主管部门"))
        return []
    if stands.status is None:
        return []
    if stands.status is not FirmStatus.LISTED:
        each.bad = True
        firms.complain(
            each.row,
            "credit_code",
            N_("该机构在本名录有其他记录，不能承接，请按入驻或异议程序办理"),
        )
        return []
    told = each.content["firm"]
    found = [
        firms.titles[key]
        for key in TOLD
        if key in told and _kept(told[key]) != (stands.told[key] or "")
    ]
    content = each.content
    if not {(row["type"], row["number"]) for row in content["certificates"]} <= stands.certificates:
        found.append(CERTIFICATES)
    if not {row["number"] for row in content["people"]} <= stands.people:
        found.append(PEOPLE)
    if not _promised(content["items"]) <= stands.items:
        found.append(ITEMS)
    return found


def _promised(rows: list[dict[str, str]]) -> set[tuple[str, Decimal, int]]:
    return {
        (
            row["item"],
            (Decimal(row.get("discount", "0")) / 100).normalize(),
            int(row["promised_days"]),
        )
        for row in rows
        if "promised_days" in row
    }


def asked_of(found: Tables) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Credit codes, certificates and professionals whose standing has to be known."""
    parts = [each.content for each in found.firms.values()]
    certificates = [
        (row["type"], row["number"])
        for part in parts
        for row in part["certificates"]
        if "type" in row and "number" in row
    ]
    people = [row["number"] for part in parts for row in part["people"] if "number" in row]
    return list(found.firms), certificates, people

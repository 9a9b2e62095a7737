"""The columns of a fee list's spreadsheet, and what its cells must say together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.fees.rules.bands import plain
from marketplace.fees.rules.standards import FeeStandard
from marketplace.foundation.languages import N_
from marketplace.foundation.spreadsheets import Choice, Column, Row, Table

from .rules import HUNDRED, Charge, ListRow

SHEET = "收费目录清单"
MAX_ROWS = 10_000
# more than any charge; what is stored has room for it in full
MOST = Decimal(10**13)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,19}")
PRICE_FORMS = (
    Choice("government_set", N_("政府定价")),
    Choice("government_guided", N_("政府指导价")),
    Choice("market", N_("市场调节价")),
)
GOVERNMENT = ("government_set", "government_guided")
BINDS = (Choice("binding", N_("有约束力")), Choice("reference", N_("仅供参考")))
UNITS = (Choice("元", "元"), Choice("万元", "万元"), Choice("%", "%"))
BASIS_DATES = (
    Choice("need_published", N_("需求发布之日")),
    Choice("award", N_("中选之日")),
    Choice("contract_signed", N_("合同签订之日")),
)
_SEPARATORS = re.compile(r"[、,，;；]")
_EVERY = 250


COLUMNS: tuple[Column, ...] = (
    Column(
        key="code",
        title="事项代码",
        required=True,
        longest=20,
        width=14,
        note="2 到 20 位字母、数字、下划线或短横线；与事项清单相同的事项用相同的代码",
    ),
    Column(key="name", title="事项名称", required=True, longest=120, width=28),
    Column(key="department", title="主管部门", longest=120, width=18),
    Column(
        key="price_form",
        title="价格形式",
        kind="choice",
        required=True,
        choices=PRICE_FORMS,
        width=12,
    ),
    Column(
        key="binds",
        title="效力",
        kind="choice",
        required=True,
        choices=BINDS,
        width=10,
        note="有约束力的须写明定价依据；市场调节价只能仅供参考",
    ),
    Column(
        key="standard",
        title="收费标准",
        longest=120,
        width=20,
        note="已公布标准的代码或文号，见“收费标准”工作表；自定收费的不填",
    ),
    Column(
        key="variants",
        title="适用类别",
        longest=400,
        width=18,
        note="标准中适用的类别，用顿号分开；不填为全部适用",
    ),
    Column(
        key="low",
        title="最低收费",
        kind="number",
        maximum=MOST,
        width=11,
        note="自定收费的最低数额；只规定最高的不填",
    ),
    Column(
        key="high",
        title="最高收费",
        kind="number",
        maximum=MOST,
        width=11,
        note="自定收费的最高数额；固定收费的最低、最高填同一个数",
    ),
    Column(key="unit", title="金额单位", kind="choice", choices=UNITS, width=9),
    Column(
        key="per",
        title="计价单位",
        longest=20,
        width=11,
        note="每一计价单位收多少，例如 平方米、宗、项；金额单位为百分比的填计费基数，例如 工程造价",
    ),
    Column(key="legal_basis", title="定价依据", width=30, note="文件名称和文号"),
    Column(
        key="freed_by",
        title="放开文件",
        width=22,
        note="已放开的写明放开价格的文件和日期",
    ),
    Column(key="freed_on", title="放开日期", kind="date", width=12),
    Column(
        key="basis_date",
        title="适用日期",
        kind="choice",
        choices=BASIS_DATES,
        width=14,
        note="按哪一天的标准核对；不填为需求发布之日",
    ),
    Column(
        key="deviation_band",
        title="偏离幅度（%）",
        kind="number",
        decimals=2,
        maximum=HUNDRED,
        width=12,
        note="偏离标准超过多少须说明理由；不填用规则统一的幅度",
    ),
    Column(key="remarks", title="备注", longest=500, width=24),
)
TITLES = {column.key: column.title for column in COLUMNS}
# where a field of a row stands in the sheet, for differences told cell by cell
CELL_OF_FIELD = {"charge": "high"}


@dataclass(frozen=True)
class Standards:
    """The published standards a list may name, by code and by document where that is enough."""

    by_id: Mapping[str, FeeStandard]

    def found(self, text: str) -> FeeStandard | None:
        """The standard meant by its code or, if only one has it, its document number."""
        if text in self.by_id:
            return self.by_id[text]
        same = [each for each in self.by_id.values() if each.document == text]
        return same[0] if len(same) == 1 else None


def rows_of(
    table: Table,
    standards: Standards,
    progress: Callable[[int, int], None] | None = None,
) -> list[ListRow]:
    """What a sheet that was read says, row by row; what cannot stand is added to its problems.

    A row with a problem is left out of the answer.
    """
    seen: dict[str, int] = {}
    found = []
    for number, row in enumerate(table.rows):
        if progress is not None and number % _EVERY == 0:
            progress(number, len(table.rows))
        _check_code(table, row, seen)
        standard = _standard(table, row, standards)
        variants = _variants(table, row, standard)
        charge = _charge(table, row)
        _check_force(table, row, priced=standard is not None or charge is not None)
        if not row.bad:
            found.append(_row(row.values, standard, variants, charge))
    return found


def _row(
    values: Mapping[str, Any],
    standard: FeeStandard | None,
    variants: tuple[str, ...],
    charge: Charge | None,
) -> ListRow:
    band: Decimal | None = values["deviation_band"]
    return ListRow(
        code=values["code"],
        name=values["name"],
        department=values["department"] or "",
        price_form=values["price_form"],
        binds=values["binds"],
        standard=standard.id if standard else "",
        variants=variants,
        charge=charge,
        legal_basis=values["legal_basis"] or "",
        freed_by=values["freed_by"] or "",
        freed_on=values["freed_on"],
        basis_date=values["basis_date"] or "need_published",
        deviation_band=None if band is None else band / HUNDRED,
        remarks=values["remarks"] or "",
    )


def _check_code(table: Table, row: Row, seen: dict[str, int]) -> None:
    code = row.values["code"]
    if not isinstance(code, str):
        return
    if not CODE.fullmatch(code):
        table.complain(row, "code", N_("应为 2 到 20 位字母、数字、下划线或短横线"))
    elif code in seen:
        table.complain(row, "code", N_("与第 %(row)s 行的事项代码重复"), row=seen[code])
    else:
        seen[code] = row.number


def _standard(table: Table, row: Row, standards: Standards) -> FeeStandard | None:
    text = row.values["standard"]
    if not isinstance(text, str):
        return None
    found = standards.found(text)
    if found is None:
        table.complain(
            row,
            "standard",
            N_("没有收费标准“%(value)s”，见模板的“收费标准”工作表"),
            value=text[:40],
        )
    return found


def _variants(table: Table, row: Row, standard: FeeStandard | None) -> tuple[str, ...]:
    text = row.values["variants"]
    if not isinstance(text, str):
        return ()
    if standard is None:
        if "standard" not in row.bad:
            table.complain(row, "variants", N_("没有填写收费标准，不能填写适用类别"))
        return ()
    codes = {variant.title: variant.code for variant in standard.variants}
    codes |= {variant.code: variant.code for variant in standard.variants}
    named = [text] if text in codes else [part.strip() for part in _SEPARATORS.split(text)]
    for name in named:
        if name not in codes:
            table.complain(
                row,
                "variants",
                N_("“%(standard)s”没有“%(value)s”这一类"),
                standard=standard.id,
                value=name[:40],
            )
            return ()
    return tuple(dict.fromkeys(codes[name] for name in named))


def _charge(table: Table, row: Row) -> Charge | None:
    low, high = row.values["low"], row.values["high"]
    unit, per = row.values["unit"], row.values["per"]
    keys = ("low", "high", "unit", "per")
    if all(row.values[key] is None for key in keys) or any(key in row.bad for key in keys):
        return None
    if row.values["standard"] is not None:
        key = next(key for key in keys if row.values[key] is not None)
        table.complain(row, key, N_("已填写收费标准，不能再填自定收费"))
        return None
    if not isinstance(high, Decimal):
        table.complain(row, "high", N_("自定收费须填写最高收费"))
        return None
    if isinstance(low, Decimal) and low > high:
        table.complain(
            row,
            "low",
            N_("最低收费 %(low)s 高于最高收费 %(high)s"),
            low=plain(low, 10),
            high=plain(high, 10),
        )
        return None
    if unit is None or per is None:
        table.complain(row, "unit" if unit is None else "per", N_("自定收费须填写单位"))
        return None
    if unit == "%" and high > HUNDRED:
        table.complain(row, "high", N_("按比例收费的不得超过百分之百"))
        return None
    charge_unit: Any = unit
    return Charge(low if isinstance(low, Decimal) else None, high, charge_unit, str(per))


def _check_force(table: Table, row: Row, priced: bool) -> None:
    """Binding needs a government price and a basis; informing says which document freed it."""
    values = row.values
    if values["binds"] == "binding":
        if not priced and not row.bad:
            table.complain(row, "binds", N_("没有收费标准或自定收费，不能设为有约束力"))
        if values["price_form"] == "market":
            table.complain(row, "binds", N_("市场调节价不能设为有约束力"))
        if values["legal_basis"] is None and "legal_basis" not in row.bad:
            table.complain(row, "legal_basis", N_("有约束力的收费须写明定价依据"))
        for key in ("freed_by", "freed_on"):
            if values[key] is not None:
                table.complain(row, key, N_("已放开的收费不能设为有约束力"))
    elif not priced and values["price_form"] in GOVERNMENT and not row.bad:
        table.complain(row, "price_form", N_("政府定价、政府指导价须填写收费标准或自定收费"))
    elif priced and values["legal_basis"] is None and values["freed_by"] is None and not row.bad:
        table.complain(row, "freed_by", N_("仅供参考的须写明放开文件，或写明定价依据"))
    if values["binds"] == "binding":
        return
    if values["freed_by"] is None and values["freed_on"] is not None and "freed_by" not in row.bad:
        table.complain(row, "freed_by", N_("填写了放开日期，须写明放开文件"))
    if values["freed_on"] is None and values["freed_by"] is not None and "freed_on" not in row.bad:
        table.complain(row, "freed_on", N_("填写了放开文件，须写明放开日期"))


def cells_of(row: ListRow) -> dict[str, Any]:
    """A row as its cells hold it, choices by code."""
    charge = row.charge
    return {
        "code": row.code,
        "name": row.name,
        "department": row.department,
        "price_form": row.price_form,
        "binds": row.binds,
        "standard": row.standard,
        "variants": "、".join(row.variants),
        "low": charge.low if charge else None,
        "high": charge.high if charge else None,
        "unit": charge.unit if charge else None,
        "per": charge.per if charge else None,
        "legal_basis": row.legal_basis,
        "freed_by": row.freed_by,
        "freed_on": row.freed_on,
        "basis_date": row.basis_date,
        "deviation_band": None if row.deviation_band is None else row.deviation_band * HUNDRED,
        "remarks": row.remarks,
    }


def as_record(row: ListRow) -> list[Any]:
    """A row that was read, as plain values to be stored with its import."""
    return [_plain(value) for value in cells_of(row).values()]


def from_record(record: list[Any]) -> ListRow:
    """The row ``as_record`` was made of."""
    values: dict[str, Any] = dict(zip(TITLES, record, strict=True))
    for key in ("low", "high", "deviation_band"):
        values[key] = None if values[key] is None else Decimal(values[key])
    freed_on = values["freed_on"]
    charge = None
    if values["high"] is not None:
        charge = Charge(values["low"], values["high"], values["unit"], values["per"])
    band = values["deviation_band"]
    return ListRow(
        code=values["code"],
        name=values["name"],
        department=values["department"],
        price_form=values["price_form"],
        binds=values["binds"],
        standard=values["standard"],
        variants=tuple(values["variants"].split("、")) if values["variants"] else (),
        charge=charge,
        legal_basis=values["legal_basis"],
        freed_by=values["freed_by"],
        freed_on=date.fromisoformat(freed_on) if freed_on else None,
        basis_date=values["basis_date"],
        deviation_band=None if band is None else band / HUNDRED,
        remarks=values["remarks"],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value

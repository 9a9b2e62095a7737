"""The sheets of a register's spreadsheet and the columns of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.accounts.models import OrganisationKind
from marketplace.foundation.languages import N_
from marketplace.foundation.spreadsheets import Choice, Column

FIRMS, CERTIFICATES, PEOPLE, ITEMS = "机构", "资质", "执业人员", "承接事项"
MAX_ROWS = 20_000
NO_FIRMS = (
    OrganisationKind.AGENCY,
    OrganisationKind.VILLAGE_COMMITTEE,
    OrganisationKind.NATURAL_PERSON,
)
_KINDS = {
    OrganisationKind.COMPANY: "公司",
    OrganisationKind.PARTNERSHIP: "合伙企业",
    OrganisationKind.PUBLIC_INSTITUTION: "事业单位",
    OrganisationKind.LAW_FIRM: "律师事务所",
    OrganisationKind.NOTARY_OFFICE: "公证机构",
    OrganisationKind.INDIVIDUAL_BUSINESS: "个体工商户",
}
KINDS = tuple(Choice(kind.value, title) for kind, title in _KINDS.items())
_CODE = Column(
    key="credit_code",
    title="统一社会信用代码",
    required=True,
    longest=30,
    code=True,
    width=24,
    note=N_("18 位，按登记证照填写；单元格须为文本格式"),
)


@dataclass(frozen=True)
class Known:
    """What cells are held against: service items (code, name, longest days), kinds of
    certificates, areas (code, name)."""

    items: Mapping[str, tuple[str, int]]
    certificates: Sequence[str]
    areas: Mapping[str, str]


def sheets(known: Known) -> dict[str, tuple[Column, ...]]:
    """The columns of each sheet, with what may be chosen in them."""
    return {
        FIRMS: (
            _CODE,
            Column(key="name", title="机构名称", required=True, longest=120, width=32),
            Column(
                key="kind",
                title="机构类型",
                kind="choice",
                required=True,
                choices=KINDS,
                note=N_("机关、村（居）民委员会和自然人不能入驻"),
            ),
            Column(
                key="area",
                title="注册地",
                kind="choice",
                choices=tuple(Choice(code, name) for code, name in known.areas.items()),
                note=N_("不填的视为本名录所在辖区"),
            ),
            Column(key="legal_representative", title="法定代表人", required=True, longest=60),
            Column(
                key="legal_identity",
                title="法定代表人身份证件号码",
                longest=30,
                code=True,
                width=24,
                note=N_("不公开，只保存校验摘要，用于识别关联机构；可不填"),
            ),
            Column(key="address", title="住所", longest=200, width=32),
            Column(key="phone", title="办公电话", longest=40),
            Column(key="agent_name", title="经办人", longest=60),
            Column(key="agent_phone", title="经办人电话", longest=40),
            Column(
                key="email",
                title="电子邮箱",
                longest=200,
                width=24,
                note=N_("填写的，承接后发出认领邀请"),
            ),
            Column(key="introduction", title="机构简介", longest=2000, width=32),
        ),
        CERTIFICATES: (
            _CODE,
            Column(
                key="type",
                title="资质类型",
                kind="choice",
                required=True,
                choices=tuple(Choice(each, each) for each in known.certificates),
                width=28,
            ),
            Column(key="grade", title="等级", longest=40, note=N_("不分等级的不填")),
            Column(key="number", title="证书编号", required=True, longest=80, code=True, width=22),
            Column(key="issuer", title="发证机关", required=True, longest=120, width=24),
            Column(key="valid_from", title="发证日期", kind="date", required=True),
            Column(
                key="valid_until",
                title="有效期至",
                kind="date",
                note=N_("长期有效的不填，到期当日仍有效"),
            ),
        ),
        PEOPLE: (
            _CODE,
            Column(key="name", title="姓名", required=True, longest=60),
            Column(key="profession", title="执业类别", required=True, longest=80),
            Column(
                key="number", title="执业证书编号", required=True, longest=80, code=True, width=22
            ),
        ),
        ITEMS: (
            _CODE,
            Column(
                key="item",
                title="服务事项",
                kind="choice",
                required=True,
                choices=tuple(Choice(code, name) for code, (name, _d) in known.items.items()),
                width=32,
            ),
            Column(
                key="discount",
                title="承诺下浮率",
                kind="number",
                decimals=2,
                maximum=Decimal("99.99"),
                note=N_("百分数，例如 15；不下浮的不填"),
            ),
            Column(
                key="promised_days",
                title="承诺时限",
                kind="number",
                decimals=0,
                minimum=Decimal(1),
                maximum=Decimal(1000),
                note=N_("不超过该事项的法定时限；不填的按法定时限"),
            ),
        ),
    }

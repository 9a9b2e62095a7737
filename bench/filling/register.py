"""Who is there: firms and owners, their people, the register with promises and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from marketplace.accounts.credit_code import complete
from marketplace.accounts.models import OrganisationFunction
from marketplace.accounts.models import OrganisationKind as Kind
from marketplace.accounts.permissions import Role
from marketplace.intermediaries.models import FirmStatus

from ..bulk import Row
from .plan import Plan

_AREAS = (
    "青河",
    "安平",
    "东城",
    "泰丰",
    "明远",
    "华信",
    "天成",
    "正和",
    "中诚",
    "恒通",
    "瑞安",
    "嘉业",
)
_GIVEN = "安宝北博昌辰诚川达德鼎方丰福冠广国海汉和宏华汇佳建金晶景君凯康科立联龙隆茂铭宁鹏启强庆荣瑞森盛顺泰腾天通同万维文祥欣新信兴旭亚扬怡益永友宇元远岳云泽振正志中众卓"
_TRADES = (
    "环评",
    "环境",
    "测绘",
    "监理",
    "勘察",
    "造价",
    "招标",
    "评估",
    "安评",
    "水保",
    "检测",
    "规划",
)
_OWNERS = ("交通", "水务", "城投", "教育", "卫健", "农业", "文旅", "住建", "能源", "园区")


def organisations(plan: Plan) -> Iterator[Row]:
    """Firms, then owners; all names invented."""
    chance = plan.chance
    listed = plan.now - timedelta(days=900)
    for owner in range(plan.firms + plan.owners):
        is_firm = owner < plan.firms
        word = "".join(chance.choices(_GIVEN, k=2))
        name = (
            f"{chance.choice(_AREAS)}{word}{chance.choice(_TRADES)}"
            f"{chance.choice(('技术', '咨询', '工程', '服务'))}有限公司"
            if is_firm
            else f"青河{word}{chance.choice(_OWNERS)}{chance.choice(('建设中心', '发展有限公司'))}"
        )
        serial = owner + 1
        yield {
            "id": plan.organisation_base + owner,
            "public_id": plan.public_id(),
            "name": name,
            "kind": Kind.COMPANY,
            "function": OrganisationFunction.PARTY,
            "credit_code": complete(f"91379900M{serial:08d}".replace("I", "1")),
            "jurisdiction_code": plan.register,
            "legal_representative": f"{chance.choice('王李张刘陈杨赵黄周吴')}{chance.choice(_GIVEN)}",
            "address": f"青河市{chance.choice(('东城', '西城', '高新'))}区建设路 {serial % 900 + 1} 号",
            "phone": f"0539-{8000000 + serial}",
            "created_at": listed,
        }


def users(plan: Plan) -> Iterator[Row]:
    """A person for each of the firms that sign in, and one who proposes every need."""
    for number in range(plan.signed_in + 1):
        yield {
            "id": plan.user_key(number),
            "public_id": plan.public_id(),
            "login": f"bench{number}",
            "name": f"经办{number}",
            "password_hash": "-",
            "password_changed_at": plan.now,
            "created_at": plan.now - timedelta(days=900),
        }


def memberships(plan: Plan) -> Iterator[Row]:
    """Each signs in for one firm as its administrator."""
    busy = plan.busy
    for number in range(1, plan.signed_in + 1):
        place = number - 1
        yield {
            "public_id": plan.public_id(),
            "id": plan.user_key(number),
            "user_id": plan.user_key(number),
            "organisation_id": plan.firm_key(
                busy[place % len(busy)], place // len(busy) % plan.copies
            ),
            "role": Role.FIRM_ADMIN,
            "since": plan.now - timedelta(days=900),
        }


def registrations(plan: Plan) -> Iterator[Row]:
    """Every firm is on the register, listed at different times."""
    for number in range(plan.firms):
        at = plan.listed_at(number)
        yield {
            "id": number + 1,
            "public_id": plan.public_id(),
            "organisation_id": plan.organisation_base + number,
            "register_code": plan.register,
            "status": FirmStatus.LISTED,
            "status_since": at,
            "edition_id": plan.admission_edition,
            "agent_name": "经办人",
            "agent_phone": "13900000000",
            "introduction": "从事建设项目中介服务，专业人员齐备。",
            "decoupled": True,
            "submitted_at": at,
            "committed_at": at,
            "listed_at": at,
        }


def offerings(plan: Plan) -> Iterator[Row]:
    """One to three promises of each firm."""
    key = 0
    for number in range(plan.firms):
        for item in plan.offered(number):
            key += 1
            yield {
                "id": key,
                "public_id": plan.public_id(),
                "firm_id": number + 1,
                "item_code": item.code,
                "discount": Decimal(number % 20) / 100,
                "promised_days": max(1, item.statutory_days - number % 5),
                "committed_at": plan.now - timedelta(days=900),
            }


def qualifications(plan: Plan) -> Iterator[Row]:
    """One verified certificate of each firm."""
    for number in range(plan.firms):
        yield {
            "id": number + 1,
            "public_id": plan.public_id(),
            "firm_id": number + 1,
            "type": "测绘资质",
            "grade": ("甲级", "乙级")[number % 2],
            "number": f"CH{number:08d}",
            "issuer": "省自然资源厅",
            "valid_from": date(2024, 1, 1),
            "valid_until": date(2029, 12, 31),
            "registered_at": plan.now - timedelta(days=900),
            "verified_at": plan.now - timedelta(days=890),
        }

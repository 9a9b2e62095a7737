"""Whom a visitor of the demo may be with one click, and what each of them has to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from marketplace.accounts.models import Membership, Organisation, User
from marketplace.foundation.db import db


@dataclass(frozen=True)
class Part:
    """One account offered: who, for which organisation, in which roles, and what it shows."""

    login: str
    shows: Any
    name: str = ""
    organisation: str = ""
    roles: Sequence[Any] = ()


@dataclass(frozen=True)
class Group:
    """Accounts of one place and one side."""

    title: Any
    parts: Sequence[Part]


GROUPS: tuple[Group, ...] = (
    Group(
        _l("青河市 · 中介服务机构"),
        (
            Part("mingyuan", _l("A 级环评机构：有新需求可报名，履约、评价和得分由来齐全")),
            Part("hengjian", _l("监理机构：看政府指导价如何约束报价，有抽取结果可核对")),
            Part("xiaoyan", _l("收到黄牌，正在限期整改")),
            Part("chengshen", _l("会计师事务所：在青河、望川两地名录，两地各评各的等级")),
            Part("shuncheng", _l("入驻申请被一次性告知补正")),
            Part("fangyuan", _l("列入黑名单期间看到的页面")),
        ),
    ),
    Group(
        _l("青河市 · 项目业主"),
        (
            Part("chengtou", _l("国有企业，一人经办审批：有需求草稿、待选取和履行中的合同")),
            Part("shipin", _l("民营企业：小额快选询价中，有成果待验收")),
            Part("yiyuan", _l("事业单位经办人：需求已提交，等待本单位审批")),
            Part("yiyuan-sp", _l("事业单位审批人：有需求待审批")),
            Part("zhao", _l("自然人业主：公开页面不显示姓名")),
        ),
    ),
    Group(
        _l("安平县 · 项目业主（收费标准有约束力）"),
        (
            Part("jiaotong", _l("县机关经办人：招标代理按指导价，超出不能发布")),
            Part("jiaotong-sp", _l("县机关审批人：审批需求、选取结果和合同")),
            Part("hewan", _l("村民委员会：集体资金，合同与验收")),
        ),
    ),
    Group(
        _l("安平县 · 管理机构"),
        (
            Part("ap-jingban", _l("县经办人：本县的抽取开奖、公示异议和办理时限")),
            Part("ap-shenpi", _l("县审批人：与经办人各自登记开奖号码，审批本县的处理")),
        ),
    ),
    Group(
        _l("青河市 · 管理机构与监督"),
        (
            Part("jingban", _l("经办人：入驻审查有超期，有异议待答复、案件待处理")),
            Part("shenpi", _l("审批人：有入驻申请、黄牌、案件和信用等级待审批")),
            Part("huanbao", _l("生态环境部门：有新入驻机构待专业核查")),
            Part("zhujian", _l("住建部门：有新入驻机构待专业核查")),
            Part("jiandu", _l("上级监督员：有一项撤销抽取的建议待批准")),
            Part("jijian", _l("纪检监察员：抽查核对、签认，查看审计台账")),
            Part("xitong", _l("系统管理员：提议开立账号、增加角色和重置二次验证")),
            Part("anquan", _l("安全管理员：批准系统管理员的提议，收回角色、停用账号")),
        ),
    ),
    Group(
        _l("望川市（非禁即入，收费标准仅供参考）"),
        (
            Part("wc-canglan", _l("A 级环评机构：提交即上架，资质事后核验")),
            Part("wc-jianshe", _l("城投公司：需求、选取与合同")),
            Part("wc-jingban", _l("管理机构经办人：有案件待陈述、黄牌待整改")),
            Part("wc-shenpi", _l("管理机构审批人：审批等级与处理决定")),
        ),
    ),
)


def groups() -> list[Group]:
    """The accounts that this demo holds, with name, organisation and roles."""
    wanted = [part.login for group in GROUPS for part in group.parts]
    held: dict[str, list[Membership]] = {}
    for row in db.session.scalars(
        select(Membership)
        .join(User, User.id == Membership.user_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(User.login.in_(wanted), Organisation.is_demo, Membership.until.is_(None))
        .order_by(Membership.id)
    ):
        held.setdefault(row.user.login, []).append(row)
    shown = []
    for group in GROUPS:
        parts = [_known(part, held[part.login]) for part in group.parts if part.login in held]
        if parts:
            shown.append(Group(group.title, parts))
    return shown


def _known(part: Part, held: Sequence[Membership]) -> Part:
    first = held[0]
    return Part(
        part.login,
        part.shows,
        first.user.name,
        db.session.get_one(Organisation, first.organisation_id).name,
        [row.role.title for row in held],
    )


def account(login: str) -> tuple[User, Organisation] | None:
    """An account on offer and the organisation it acts for; None for every other."""
    if login not in {part.login for group in GROUPS for part in group.parts}:
        return None
    row = db.session.execute(
        select(User, Organisation)
        .join(Membership, Membership.user_id == User.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            User.login == login,
            User.disabled_at.is_(None),
            Organisation.is_demo,
            Membership.until.is_(None),
        )
        .order_by(Membership.id)
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else None

"""The table of who may call what, drawn up from the code: ``docs/access-matrix.md``.

    python -m tests.access_matrix    write the table anew, to be looked at and committed

The table is checked in so that every change of anybody's rights shows in a review; a test fails
while it differs from the code, another requests every line of it as every role.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from config import ROOT, from_environment
from marketplace.accounts.permissions import GRANTS, Permission, Role
from marketplace.app import create_app
from marketplace.foundation.db import db
from marketplace.foundation.web import PUBLIC, SIGNED_IN, declared_access

PAGE = ROOT / "docs" / "access-matrix.md"
P = Permission
R = Role
SHORT = {
    R.FIRM_ADMIN: "机构管理",
    R.FIRM_STAFF: "机构经办",
    R.OWNER_EDITOR: "业主经办",
    R.OWNER_APPROVER: "业主审批",
    R.OWNER_AGENT: "代办",
    R.DEPARTMENT_OFFICER: "部门",
    R.BUREAU_OPERATOR: "管理经办",
    R.BUREAU_APPROVER: "管理审批",
    R.SUPERVISOR: "上级监督",
    R.AUDITOR: "纪检",
    R.SYSTEM_ADMIN: "系统",
    R.SECURITY_ADMIN: "安全",
}


@dataclass(frozen=True)
class Line:
    """One endpoint: its address, what it takes, what one must hold to call it."""

    rule: str
    methods: tuple[str, ...]
    endpoint: str
    need: str

    def lets_in(self, role: Role | None) -> bool:
        """Whether a role (None: a visitor) gets past the door; object rules come after it."""
        if self.need == PUBLIC:
            return True
        if role is None:
            return False
        return self.need == SIGNED_IN or self.need in GRANTS[role]


def lines(app: Flask) -> list[Line]:
    """Every endpoint of the site, in the order of addresses."""
    with app.app_context():
        found = [
            Line(
                rule.rule,
                tuple(sorted((rule.methods or set()) & {"GET", "POST"})),
                rule.endpoint,
                str(declared_access(rule.endpoint)),
            )
            for rule in app.url_map.iter_rules()
            if rule.endpoint != "static"
        ]
    return sorted(found, key=lambda line: (line.rule, line.endpoint))


@dataclass(frozen=True)
class Duty:
    """A line of the separation of duties: who does, who decides; by permission and by role."""

    title: str
    does: tuple[Permission, ...]
    doers: frozenset[Role]
    decides: tuple[Permission, ...] = ()
    deciders: frozenset[Role] = frozenset()


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


FIRM = _roles(R.FIRM_ADMIN, R.FIRM_STAFF)
WATCHING = _roles(
    R.DEPARTMENT_OFFICER, R.BUREAU_OPERATOR, R.BUREAU_APPROVER, R.SUPERVISOR, R.AUDITOR
)
DUTIES = (
    Duty("申请入驻、维护机构档案", (P.FIRM_FILE,), _roles(R.FIRM_ADMIN)),
    Duty(
        "入驻审核",
        (P.ADMISSION_CHECK,),
        _roles(R.BUREAU_OPERATOR),
        (P.ADMISSION_DECIDE,),
        _roles(R.BUREAU_APPROVER),
    ),
    Duty("入驻专业审查", (P.ADMISSION_PROFESSIONAL,), _roles(R.DEPARTMENT_OFFICER)),
    Duty(
        "编制、修改需求；延期、撤回",
        (P.NEED_EDIT,),
        _roles(R.OWNER_EDITOR, R.OWNER_AGENT),
        (P.NEED_APPROVE,),
        _roles(R.OWNER_APPROVER),
    ),
    Duty("报名、报价、撤回报名", (P.FIRM_ENTER,), FIRM),
    Duty(
        "保管密封报价的密钥份额",
        (P.KEY_HOLD,),
        _roles(R.OWNER_APPROVER, R.BUREAU_APPROVER, R.SECURITY_ADMIN),
    ),
    Duty("录入公共开奖结果", (P.LOTTERY_ENTER,), _roles(R.BUREAU_OPERATOR, R.BUREAU_APPROVER)),
    Duty(
        "撤销选取结果",
        (P.DRAW_ANNUL_PROPOSE,),
        _roles(R.BUREAU_OPERATOR),
        (P.DRAW_ANNUL_APPROVE,),
        _roles(R.SUPERVISOR),
    ),
    Duty(
        "确认中选、签订和变更合同",
        (P.FIRM_CONTRACT, P.NEED_EDIT),
        FIRM | {R.OWNER_EDITOR, R.OWNER_AGENT},
        (P.NEED_APPROVE,),
        _roles(R.OWNER_APPROVER),
    ),
    Duty(
        "收费标准、限价、评价规则版本",
        (P.POLICY_PROPOSE,),
        _roles(R.BUREAU_OPERATOR),
        (P.POLICY_APPROVE,),
        _roles(R.BUREAU_APPROVER),
    ),
    Duty(
        "服务事项清单：部门建议，管理机构公布新版",
        (P.CATALOGUE_PROPOSE,),
        _roles(R.DEPARTMENT_OFFICER, R.BUREAU_OPERATOR),
        (P.POLICY_APPROVE,),
        _roles(R.BUREAU_APPROVER),
    ),
    Duty(
        "服务评价",
        (P.EVALUATE,),
        FIRM | {R.OWNER_EDITOR, R.OWNER_AGENT, R.DEPARTMENT_OFFICER},
    ),
    Duty(
        "评价回访、核查与剔除",
        (P.EVALUATION_REVIEW,),
        _roles(R.BUREAU_OPERATOR),
        (P.EVALUATION_DECIDE,),
        _roles(R.BUREAU_APPROVER, R.SUPERVISOR),
    ),
    Duty(
        "评级检查与确认",
        (P.RATING_INSPECT,),
        _roles(R.BUREAU_OPERATOR),
        (P.RATING_CONFIRM,),
        _roles(R.BUREAU_APPROVER),
    ),
    Duty(
        "惩戒、黑名单",
        (P.SANCTION_PROPOSE,),
        _roles(R.BUREAU_OPERATOR),
        (P.SANCTION_DECIDE,),
        _roles(R.BUREAU_APPROVER),
    ),
    Duty("惩戒复核", (P.SANCTION_REVIEW,), _roles(R.SUPERVISOR)),
    Duty(
        "开立官方账号、授予角色",
        (P.USER_PROPOSE,),
        _roles(R.SYSTEM_ADMIN),
        (P.USER_APPROVE,),
        _roles(R.SECURITY_ADMIN),
    ),
    Duty(
        "管理本单位人员",
        (P.STAFF_MANAGE,),
        _roles(R.FIRM_ADMIN, R.OWNER_APPROVER, R.SUPERVISOR),
    ),
    Duty("查阅监管页面", (P.SUPERVISION_VIEW,), WATCHING),
    Duty("查阅和核验审计台账", (P.AUDIT_READ,), _roles(R.SUPERVISOR, R.AUDITOR)),
    Duty("审计抽样、复核、签署", (P.AUDIT_WORK,), _roles(R.SUPERVISOR, R.AUDITOR)),
    Duty(
        "查阅审计发现的问题",
        (P.FINDING_READ,),
        _roles(R.BUREAU_OPERATOR, R.BUREAU_APPROVER, R.SUPERVISOR, R.AUDITOR),
    ),
    Duty(
        "答复审计发现的问题",
        (P.FINDING_ANSWER,),
        _roles(R.BUREAU_OPERATOR, R.BUREAU_APPROVER),
    ),
    Duty("异议", (P.OBJECT,), FIRM | {R.OWNER_EDITOR, R.OWNER_APPROVER, R.OWNER_AGENT}),
    Duty("答复异议", (P.OBJECTION_ANSWER,), _roles(R.BUREAU_OPERATOR)),
    Duty("办理投诉", (P.COMPLAINT_DECIDE,), _roles(R.BUREAU_APPROVER, R.SUPERVISOR)),
)


def holders(*permissions: Permission) -> frozenset[Role]:
    """The roles that hold any of the permissions."""
    return frozenset(role for role in Role if GRANTS[role] & set(permissions))


def page(app: Flask) -> str:
    """The table as it is checked in."""
    named = [f"{role.title}" for role in Role]
    text = [
        "# 谁能做什么",
        "",
        "由 `python -m tests.access_matrix` 按代码生成，勿手改。● 可进入（对象规则另行判断，"
        "他人的对象一律 404），– 拒绝（已登录者 403，访客转登录）。测试逐格请求。",
        "",
        "## 职责分离",
        "",
        "| 事项 | 办理 | 决定（另一人） |",
        "|---|---|---|",
    ]
    for duty in DUTIES:
        text.append(
            f"| {duty.title} | {_named(holders(*duty.does))} | "
            f"{_named(holders(*duty.decides)) if duty.decides else '—'} |"
        )
    text += ["", "## 角色与页面", "", f"角色：{'、'.join(named)}。", ""]
    text.append("| 地址 | 方法 | 权限 | 访客 | " + " | ".join(SHORT[role] for role in Role) + " |")
    text.append("|---|---|---|" + ":-:|" * (len(list(Role)) + 1))
    for line in lines(app):
        marks = ["●" if line.lets_in(role) else "–" for role in (None, *Role)]
        text.append(
            f"| `{line.rule}` | {' '.join(line.methods)} | {line.need} | {' | '.join(marks)} |"
        )
    return "\n".join(text) + "\n"


def _named(roles: frozenset[Role]) -> str:
    return "、".join(f"{role.title}" for role in Role if role in roles)


def main() -> None:
    """Write the table anew."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            from_environment({"MARKETPLACE_MODE": "test", "MARKETPLACE_DATA_DIR": folder})
        )
        with app.test_request_context():
            PAGE.write_text(page(app), encoding="utf-8")
            db.engine.dispose()
    print(f"{Path(PAGE).relative_to(ROOT)} written")


if __name__ == "__main__":
    main()

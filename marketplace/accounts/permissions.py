"""Roles and permissions in one table. (RELIABILITY section 13.3)"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from marketplace.foundation.titles import Titled


class Permission(StrEnum):
    """One thing a role may do; every endpoint names one (or public, or signed in)."""

    FIRM_FILE = "firm.file"  # the firm's own register file, application, offerings
    FIRM_ENTER = "firm.enter"  # enter needs, accept or decline awards
    FIRM_CONTRACT = "firm.contract"  # confirm contracts, deliver
    OWNER_REGISTER = "owner.register"
    NEED_VIEW = "need.view"  # the organisation's own needs, whatever their status
    NEED_EDIT = "need.edit"  # draft needs, propose awards, contracts, acceptance
    NEED_APPROVE = "need.approve"  # publish, award, sign, withdraw
    CONTRACT_VIEW = "contract.view"  # the organisation's own contracts, on either side
    EVALUATE = "evaluation.give"
    EVALUATION_REVIEW = "evaluation.review"  # look into marks, call back, propose exclusion
    EVALUATION_DECIDE = "evaluation.decide"  # decide on exclusion
    KEY_HOLD = "key.hold"  # hold a share of the key that opens sealed quotes
    OBJECT = "objection.file"
    ADMISSION_CHECK = "admission.check"
    ADMISSION_DECIDE = "admission.decide"
    ADMISSION_PROFESSIONAL = "admission.professional"  # the department's check
    OBJECTION_ANSWER = "objection.answer"
    COMPLAINT_DECIDE = "complaint.decide"  # of a selection one had no part in
    LOTTERY_ENTER = "lottery.enter"
    DRAW_ANNUL_PROPOSE = "draw.annul.propose"
    DRAW_ANNUL_APPROVE = "draw.annul.approve"
    RATING_INSPECT = "rating.inspect"
    RATING_CONFIRM = "rating.confirm"
    SANCTION_PROPOSE = "sanction.propose"
    SANCTION_DECIDE = "sanction.decide"
    SANCTION_REVIEW = "sanction.review"
    SUPERVISION_VIEW = "supervision.view"
    CATALOGUE_PROPOSE = "catalogue.propose"  # changes of the own department's service items
    POLICY_PROPOSE = "policy.propose"
    POLICY_APPROVE = "policy.approve"
    AUDIT_READ = "audit.read"
    AUDIT_WORK = "audit.work"  # samples, notes and signatures of an audit; nothing of the business
    FINDING_READ = "finding.read"  # what audits found in the own area
    FINDING_ANSWER = "finding.answer"  # answer for the audited bureau
    USER_VIEW = "user.view"
    USER_PROPOSE = "user.propose"
    USER_APPROVE = "user.approve"
    STAFF_MANAGE = "staff.manage"  # own organisation's staff


class Role(Titled):
    """A role of a person in one organisation. Declared as ``value, title``."""

    FIRM_ADMIN = "firm_admin", _l("机构管理员")
    FIRM_STAFF = "firm_staff", _l("机构经办人")
    OWNER_EDITOR = "owner_editor", _l("业主经办人")
    OWNER_APPROVER = "owner_approver", _l("业主审批人")
    OWNER_AGENT = "owner_agent", _l("代办员")
    DEPARTMENT_OFFICER = "department_officer", _l("行业主管部门经办人")
    BUREAU_OPERATOR = "bureau_operator", _l("管理机构经办人")
    BUREAU_APPROVER = "bureau_approver", _l("管理机构审批人")
    SUPERVISOR = "supervisor", _l("上级管理机构监督员")
    AUDITOR = "auditor", _l("纪检监察员")
    SYSTEM_ADMIN = "system_admin", _l("系统管理员")
    SECURITY_ADMIN = "security_admin", _l("安全管理员")


# which function of an organisation (models.OrganisationFunction) has room for a role
HOME_OF_ROLE: dict[Role, str] = {
    Role.FIRM_ADMIN: "party",
    Role.FIRM_STAFF: "party",
    Role.OWNER_EDITOR: "party",
    Role.OWNER_APPROVER: "party",
    Role.OWNER_AGENT: "party",
    Role.DEPARTMENT_OFFICER: "department",
    Role.BUREAU_OPERATOR: "bureau",
    Role.BUREAU_APPROVER: "bureau",
    Role.SUPERVISOR: "superior",
    Role.AUDITOR: "superior",
    Role.SYSTEM_ADMIN: "bureau",
    Role.SECURITY_ADMIN: "bureau",
}

P = Permission
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.FIRM_ADMIN: frozenset(
        {
            P.FIRM_FILE,
            P.FIRM_ENTER,
            P.FIRM_CONTRACT,
            P.CONTRACT_VIEW,
            P.EVALUATE,
            P.OBJECT,
            P.STAFF_MANAGE,
        }
    ),
    Role.FIRM_STAFF: frozenset(
        {P.FIRM_ENTER, P.FIRM_CONTRACT, P.CONTRACT_VIEW, P.EVALUATE, P.OBJECT}
    ),
    Role.OWNER_EDITOR: frozenset({P.NEED_VIEW, P.NEED_EDIT, P.CONTRACT_VIEW, P.EVALUATE, P.OBJECT}),
    Role.OWNER_APPROVER: frozenset(
        {
            P.NEED_VIEW,
            P.NEED_APPROVE,
            P.CONTRACT_VIEW,
            P.STAFF_MANAGE,
            P.OBJECT,
            P.KEY_HOLD,
        }
    ),
    # what an authorisation can cover at most; its scope narrows it (``agent_permissions``)
    Role.OWNER_AGENT: frozenset({P.NEED_VIEW, P.NEED_EDIT, P.CONTRACT_VIEW, P.EVALUATE, P.OBJECT}),
    Role.DEPARTMENT_OFFICER: frozenset(
        {P.ADMISSION_PROFESSIONAL, P.SUPERVISION_VIEW, P.EVALUATE, P.CATALOGUE_PROPOSE}
    ),
    Role.BUREAU_OPERATOR: frozenset(
        {
            P.ADMISSION_CHECK,
            P.OBJECTION_ANSWER,
            P.LOTTERY_ENTER,
            P.DRAW_ANNUL_PROPOSE,
            P.RATING_INSPECT,
            P.EVALUATION_REVIEW,
            P.SANCTION_PROPOSE,
            P.SUPERVISION_VIEW,
            P.CATALOGUE_PROPOSE,
            P.POLICY_PROPOSE,
            P.FINDING_READ,
            P.FINDING_ANSWER,
        }
    ),
    Role.BUREAU_APPROVER: frozenset(
        {
            P.ADMISSION_DECIDE,
            P.COMPLAINT_DECIDE,
            P.LOTTERY_ENTER,
            P.RATING_CONFIRM,
            P.EVALUATION_DECIDE,
            P.SANCTION_DECIDE,
            P.SUPERVISION_VIEW,
            P.POLICY_APPROVE,
            P.FINDING_READ,
            P.FINDING_ANSWER,
            P.KEY_HOLD,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            P.COMPLAINT_DECIDE,
            P.DRAW_ANNUL_APPROVE,
            P.EVALUATION_DECIDE,
            P.SANCTION_REVIEW,
            P.SUPERVISION_VIEW,
            P.AUDIT_READ,
            P.AUDIT_WORK,
            P.FINDING_READ,
            P.STAFF_MANAGE,
        }
    ),
    Role.AUDITOR: frozenset({P.SUPERVISION_VIEW, P.AUDIT_READ, P.AUDIT_WORK, P.FINDING_READ}),
    Role.SYSTEM_ADMIN: frozenset({P.USER_VIEW, P.USER_PROPOSE}),
    Role.SECURITY_ADMIN: frozenset({P.USER_VIEW, P.USER_APPROVE, P.KEY_HOLD}),
}

# what a firm's written authority can cover, and what of the staff's role that is
SCOPES: dict[str, tuple[Any, frozenset[Permission]]] = {
    "file": (_l("维护机构档案、办理入驻"), frozenset({P.FIRM_FILE})),
    "enter": (_l("报名、报价、接单"), frozenset({P.FIRM_ENTER, P.OBJECT, P.CONTRACT_VIEW})),
    "contract": (
        _l("签订和履行合同"),
        frozenset({P.FIRM_CONTRACT, P.EVALUATE, P.CONTRACT_VIEW}),
    ),
}

# whom the keeper of an organisation's own staff may invite into it
OWN_STAFF: dict[Role, tuple[Role, ...]] = {
    Role.FIRM_ADMIN: (Role.FIRM_ADMIN, Role.FIRM_STAFF),
    Role.OWNER_APPROVER: (Role.OWNER_EDITOR, Role.OWNER_APPROVER),
    Role.SUPERVISOR: (Role.SUPERVISOR, Role.AUDITOR),
}
# whom the two administrators of the bureau open accounts for
OFFICIALS = (
    Role.DEPARTMENT_OFFICER,
    Role.BUREAU_OPERATOR,
    Role.BUREAU_APPROVER,
    Role.SYSTEM_ADMIN,
    Role.SECURITY_ADMIN,
)

# who may keep the staff of an organisation, by what it is; one of them always stays
KEEPERS = frozenset({Role.FIRM_ADMIN, Role.OWNER_APPROVER, Role.SUPERVISOR})
# who must have a second factor: officials, approvers, firm administrators (ASVS 6.3.3)
SECOND_FACTOR = frozenset(
    {Role.FIRM_ADMIN, Role.OWNER_APPROVER, Role.SUPERVISOR, Role.AUDITOR, *OFFICIALS}
)

# who keep the accounts of offices and have no part in their business
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})
_NO_AGENTS = {Role.FIRM_ADMIN, Role.FIRM_STAFF, Role.SUPERVISOR, Role.AUDITOR, *OFFICIALS}


def permissions_of(roles: Iterable[Role]) -> frozenset[str]:
    """What several roles in one organisation add up to."""
    return frozenset(str(p) for role in roles for p in GRANTS[role])


def agent_permissions(prepare: bool, evaluate: bool, objections: bool) -> frozenset[str]:
    """What an agent may do within the scope of an authorisation; approving is never part of it."""
    granted = {P.NEED_VIEW, P.CONTRACT_VIEW}
    if prepare:
        granted.add(P.NEED_EDIT)
    if evaluate:
        granted.add(P.EVALUATE)
    if objections:
        granted.add(P.OBJECT)
    return frozenset(str(p) for p in granted)


def scoped_permissions(scope: str) -> frozenset[str]:
    """What a firm's staff may do within the scope of a written authority (its codes, by commas)."""
    return frozenset(str(p) for code in scope.split(",") for p in SCOPES[code][1])


def withheld_by(scope: str) -> frozenset[str]:
    """What an authority of another scope would cover, and this one does not."""
    all_of_them = frozenset(str(p) for _title, those in SCOPES.values() for p in those)
    return all_of_them - scoped_permissions(scope)


def conflicting(held: Iterable[Role], new: Role) -> Role | None:
    """The role already held that must not be in one hand with ``new``, if any (I22b)."""
    pairs = {
        frozenset({Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER}),
        frozenset({Role.BUREAU_OPERATOR, Role.AUDITOR}),
        frozenset({Role.BUREAU_APPROVER, Role.AUDITOR}),
        frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}),
    }
    for role in held:
        # an agent chooses firms for owners: never from inside a firm or an office
        if Role.OWNER_AGENT in (role, new) and {role, new} & _NO_AGENTS:
            return role
        if frozenset({role, new}) in pairs:
            return role
        if (role in ADMINISTRATORS) != (new in ADMINISTRATORS):
            return role
    return None

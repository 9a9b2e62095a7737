"""What people and the first start do with organisations, accounts, roles and sessions."""

from __future__ import annotations

from .inviting import (
    accept_invitation,
    approve_official,
    end_staff,
    invitation_for,
    invite_staff,
    own_roles,
    propose_official,
)
from .organising import (
    TWO_PEOPLE_KINDS,
    check_password,
    create_organisation,
    create_user,
    disable_user,
    end_membership,
    grant_role,
    load_jurisdictions,
    load_offices,
)
from .registering import (
    NOT_A_FIRM,
    NewPerson,
    Side,
    issue_setup_token,
    register_organisation,
    use_setup_token,
)
from .sessions import TooMany, begin_session, count, count_failure, sign_in, sign_out

__all__ = [
    "NOT_A_FIRM",
    "TWO_PEOPLE_KINDS",
    "NewPerson",
    "Side",
    "TooMany",
    "accept_invitation",
    "approve_official",
    "begin_session",
    "check_password",
    "count",
    "count_failure",
    "create_organisation",
    "create_user",
    "disable_user",
    "end_membership",
    "end_staff",
    "grant_role",
    "invitation_for",
    "invite_staff",
    "issue_setup_token",
    "load_jurisdictions",
    "load_offices",
    "own_roles",
    "propose_official",
    "register_organisation",
    "sign_in",
    "sign_out",
    "use_setup_token",
]

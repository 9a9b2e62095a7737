"""Jurisdictions, organisations, people, memberships, sessions."""

from __future__ import annotations

from .doors import (
    FactorReset,
    FormerPassword,
    PasswordReset,
    RecoveryCode,
    Reveal,
    SignInThrottle,
    WebSession,
)
from .organisations import (
    Jurisdiction,
    Organisation,
    OrganisationCertificate,
    OrganisationFunction,
    OrganisationKind,
    public_name,
)
from .people import Authorisation, Invitation, Membership, SetupToken, User

__all__ = [
    "Authorisation",
    "FactorReset",
    "FormerPassword",
    "Invitation",
    "Jurisdiction",
    "Membership",
    "Organisation",
    "OrganisationCertificate",
    "OrganisationFunction",
    "OrganisationKind",
    "PasswordReset",
    "RecoveryCode",
    "Reveal",
    "SetupToken",
    "SignInThrottle",
    "User",
    "WebSession",
    "public_name",
]

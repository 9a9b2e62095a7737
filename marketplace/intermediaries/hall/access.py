"""Whose call, application, seat or sheet: the object, or Missing."""

from __future__ import annotations

from marketplace.accounts import queries as accounts
from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from ..access import own_file
from . import queries
from .models import (
    PUBLIC,
    HallApplication,
    HallCall,
    HallJudge,
    HallSheet,
    HallWindow,
    JudgeStatus,
)


def public_call(public_id: str) -> HallCall:
    """A call anybody may read: one that is published."""
    found = by_public_id(HallCall, public_id)
    if found.status not in PUBLIC:
        raise Missing(f"hall call {public_id}")
    return found


def own_register(actor: Actor) -> str:
    """The register the officer's own bureau keeps; Missing where it keeps none."""
    code = actor.jurisdiction or ""
    if accounts.register_for(code) != code:
        raise Missing(f"no register at {code}")
    return code


def call_for(actor: Actor, public_id: str) -> HallCall:
    """A call on the officer's register or one below."""
    found = by_public_id(HallCall, public_id)
    if not supervises(actor, found.register_code):
        raise Missing(f"hall call {public_id}")
    return found


def call_of_bureau(actor: Actor, public_id: str) -> HallCall:
    """A call the officer's own bureau works on."""
    found = by_public_id(HallCall, public_id)
    if found.register_code != actor.jurisdiction:
        raise Missing(f"hall call {public_id}")
    return found


def window_of_bureau(actor: Actor, public_id: str) -> HallWindow:
    """A window of the officer's own hall."""
    found = by_public_id(HallWindow, public_id)
    if found.register_code != actor.jurisdiction:
        raise Missing(f"hall window {public_id}")
    return found


def judge_of_bureau(actor: Actor, public_id: str) -> HallJudge:
    """A judge of a call of the officer's own bureau."""
    found = by_public_id(HallJudge, public_id)
    if found.call.register_code != actor.jurisdiction:
        raise Missing(f"hall judge {public_id}")
    return found


def own_application(actor: Actor, public_id: str) -> HallApplication:
    """An application of the actor's own firm."""
    found = by_public_id(HallApplication, public_id)
    if not actor.may(Permission.FIRM_FILE) or found.firm_id != own_file(actor).id:
        raise Missing(f"hall application {public_id}")
    return found


def call_for_firm(actor: Actor, public_id: str) -> HallCall:
    """A published call of the register the actor's firm has its file on."""
    found = public_call(public_id)
    if found.register_code != own_file(actor).register_code:
        raise Missing(f"hall call {public_id}")
    return found


def own_judgeship(actor: Actor, public_id: str) -> HallJudge:
    """The actor's own part as a judge, once confirmed."""
    found = by_public_id(HallJudge, public_id)
    if found.user_id != actor.user_id or found.status not in (
        JudgeStatus.CONFIRMED,
        JudgeStatus.RECUSED,
    ):
        raise Missing(f"hall judge {public_id}")
    return found


def application_to_mark(judge: HallJudge, public_id: str) -> HallApplication:
    """An application to the call a judge marks."""
    found = by_public_id(HallApplication, public_id)
    if found.call_id != judge.call_id:
        raise Missing(f"hall application {public_id}")
    return found


def own_sheet(judge: HallJudge, application: HallApplication) -> HallSheet:
    """What a judge gave an application."""
    found = queries.sheets_by(judge).get(application.id)
    if found is None:
        raise Missing(f"sheet of {application.public_id}")
    return found

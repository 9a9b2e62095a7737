"""Setting a passphrase, parting a round's key, handing shares in, losing them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import passwords
from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, crypto, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.notifications.actions import send
from marketplace.projects import actions as projects
from marketplace.projects.models import Need

from .. import queries as selection
from ..models import RoundStatus, SelectionRound
from . import queries, splitting
from .models import Capacity, HolderKey, KeyShare, ShareStatus

_SHARE = "zjcs-key-share/1"


@dataclass(frozen=True)
class Passphrase:
    """The public half of a passphrase, worked out before the transaction that keeps it."""

    salt: str
    cost: str
    public_key: str


def prepared(passphrase: str) -> Passphrase:
    """What is kept of a new passphrase. Slow on purpose: before the transaction, never in it."""
    salt, cost = secrets.token_bytes(16), passwords.stretching_cost()
    _private, public = splitting.made_of(passphrase, salt, cost)
    return Passphrase(salt.hex(), cost, public.hex())


def keep_passphrase(made: Passphrase | None, actor: Actor, now: datetime) -> HolderKey:
    """Set the actor's passphrase for the shares to come; earlier shares keep to the earlier one.

    ``made`` is None where it was the password the actor signs in with. Raises Invalid then,
    Missing for who holds no shares.
    """
    if made is None:
        raise Invalid(
            _("保管口令不能与登录密码相同"), field="passphrase", rule="holder_key.password"
        )
    assert actor.user_id is not None
    assert actor.organisation_id is not None
    capacity = queries.capacity_of(actor)
    lock(accounts.organisation(actor.organisation_id))
    before = queries.current_key(actor)
    if before is not None:
        before.ended_at = now
        db.session.flush()
    key = HolderKey(
        user_id=actor.user_id,
        organisation_id=actor.organisation_id,
        capacity=capacity,
        salt=made.salt,
        cost=made.cost,
        public_key=made.public_key,
        made_at=now,
    )
    db.session.add(key)
    db.session.flush()
    audit.record(
        "holder_key.made", actor, key, now, capacity=capacity.value, replaces=before is not None
    )
    return key


def needs_two_keys(need: Need, now: datetime) -> bool:
    """Whether a sealed need's key is parted: its owner asked for it, or the edition does."""
    values = selection.edition_of(need, clock.local_day(now))[1]
    return need.is_sealed and (need.two_keys or need.budget >= values.sealed.two_keys_from)


def part_key(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Make a round's key, part it among three holders, and forget it.

    Raises Conflict, with who is missing, where one of the three cannot hold a share.
    """
    holders = queries.holders(need)
    missing = [str(each.title) for each in Capacity if each not in holders]
    if missing:
        raise Conflict(
            _(
                "本需求的报价由三方分管密钥开启，%(who)s尚无人设置保管口令，暂不能发布",
                who="、".join(missing),
            ),
            rule="two_keys.holders",
        )
    private, public = crypto.new_seal_keys()
    running.seal_public_key, running.two_keys = public.hex(), True
    db.session.flush()
    for part, capacity in zip(splitting.parted(private), Capacity, strict=True):
        key = holders[capacity]
        share = KeyShare(round_id=running.id, capacity=capacity, holder_key_id=key.id)
        share.sealed = splitting.enciphered(
            part, bytes.fromhex(key.public_key), _context(running, capacity)
        )
        lifecycle.begin(share, ShareStatus.HELD, actor, now)
        audit.record(
            "key_share.given", actor, share, now, capacity=capacity.value, holder=key.user_id
        )
        send(
            key.organisation_id,
            f"请保管密钥份额：{need.title}",
            "该需求的报价由三方分管密钥开启。请保管人记牢保管口令，到开启时间交出份额；"
            "口令遗失的，应当及时报告。",
            f"/key-shares/{share.public_id}",
            f"key_share:{share.id}:given",
            now,
        )


def ask_holders(need: Need, running: SelectionRound, now: datetime) -> None:
    """Tell who holds a share that its hour has come; once."""
    for share in queries.shares(running):
        if share.status is not ShareStatus.HELD:
            continue
        organisation = share.holder_key.organisation
        send(
            organisation.id,
            f"请交出密钥份额：{need.title}",
            "开启时间已到，任意两方交出份额后，全部报价同时开启。逾期不足两方的，本次选取失败。",
            f"/key-shares/{share.public_id}",
            f"key_share:{share.id}:asked",
            now,
            address=organisation.email,
        )


def opened_with(share: KeyShare, passphrase: str) -> bytes | None:
    """The part a passphrase opens, None where it is not the one. Slow on purpose: before the
    transaction, never in it."""
    key = share.holder_key
    private, _public = splitting.made_of(passphrase, bytes.fromhex(key.salt), key.cost)
    try:
        return splitting.deciphered(share.sealed, private, _context(share.round, share.capacity))
    except crypto.SealBroken:
        return None


def hand_in(share: KeyShare, part: bytes | None, actor: Actor) -> None:
    """Hand in a share at its hour; with the second one all quotes are opened.

    ``part`` is what the passphrase opened (None: not the right one). Raises Conflict before the
    hour and after the opening, Invalid for a wrong passphrase.
    """
    need = lock(share.round.need)
    now = clock.now()
    db.session.refresh(share)
    running = share.round
    if not queries.can_be_handed_in(share, now):
        raise Conflict(_("现在不能交出：未到开启时间，或者已经交出、开启"), rule="key_share.state")
    if part is None:
        raise Invalid(_("保管口令不正确"), field="passphrase", rule="key_share.passphrase")
    share.handed = crypto.protect(_SHARE, part.hex())
    share.handed_at = now
    lifecycle.move(share, ShareStatus.HANDED_IN, actor, now)
    audit.record("key_share.handed_in", actor, share, now, capacity=share.capacity.value)
    if queries.is_ready(running):
        need.next_check_at = now


def report_lost(share: KeyShare, reason: str, actor: Actor) -> None:
    """Say that a share's passphrase is lost. With two of them lost the quotes can never be opened.

    Raises Conflict when it no longer matters.
    """
    need = lock(share.round.need)
    now = clock.now()
    db.session.refresh(share)
    if not queries.can_be_reported_lost(share):
        raise Conflict(_("该份额已经交出，或者报价已经开启"), rule="key_share.state")
    share.lost_reason = reason
    lifecycle.move(share, ShareStatus.LOST, actor, now, reason=reason)
    audit.record("key_share.lost", actor, share, now, capacity=share.capacity.value)
    for organisation_id in sorted({need.owner_id, selection.bureau_of(need)}):
        send(
            organisation_id,
            f"密钥份额遗失：{need.title}",
            f"{share.capacity.title}的密钥份额已报遗失。其余两方到开启时间都交出份额，报价仍可开启；"
            "再遗失一份，则报价不能开启，本次选取失败。",
            f"/results/{need.public_id}",
            f"key_share:{share.id}:lost:{organisation_id}",
            now,
        )
    if queries.is_lost(running := share.round) and running.status is RoundStatus.LISTED:
        need.next_check_at = now


def joined_key(running: SelectionRound) -> bytes:
    """The private key of the shares handed in. Raises NotTheKey where they do not make it."""
    handed = queries.handed_in(running)[: splitting.ENOUGH]
    parts = [bytes.fromhex(crypto.unprotect(_SHARE, each.handed or "")) for each in handed]
    return splitting.joined(parts, bytes.fromhex(running.seal_public_key or ""))


def forget_parts(running: SelectionRound) -> None:
    """Erase what was handed in: the quotes are open."""
    for each in queries.handed_in(running):
        each.handed = None


def fail_unhanded(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """End a selection whose key cannot come together any more."""
    lost = queries.is_lost(running)
    reason = "两方以上的密钥份额遗失，报价不能开启" if lost else "开启期限内交出密钥份额的不足两方"
    fail_unopened(need, running, reason, actor, now)


def fail_unopened(
    need: Need, running: SelectionRound, reason: str, actor: Actor, now: datetime
) -> None:
    """End a selection whose quotes cannot be opened, for a reason (Chinese) that is public; they
    stay sealed for good."""
    forget_parts(running)
    lifecycle.move(running, RoundStatus.FAILED, actor, now, reason=reason)
    projects.fail_need(need, reason, actor, now)
    for entry in selection.listed(running):
        send(
            entry.organisation_id,
            f"选取失败：{need.title}",
            f"{reason}。贵机构的报价未被开启，也不会再被开启；需求重新发布的，可以重新报名。",
            f"/entries/{entry.public_id}",
            f"entry:{entry.id}:unopened",
            now,
            address=entry.organisation.email,
        )


def _context(running: SelectionRound, capacity: Capacity) -> str:
    return f"{_SHARE}\n{running.public_id}\n{capacity.value}"

"""A holder's pages: the passphrase, the shares held, handing one in, losing one."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from marketplace.accounts import passwords
from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up_to_send
from marketplace.foundation import audit, clock
from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import (
    access,
    beforehand,
    reads_first,
    require_actor,
    run_form,
    writes,
)

from ..blueprint import bp
from . import actions, queries
from .forms import HandInForm, LostForm, PassphraseForm


def _shortest() -> int:
    return queries.shortest_passphrase(require_actor(), clock.now())


def _passphrase_form() -> PassphraseForm:
    return PassphraseForm(shortest=_shortest())


def _made() -> actions.Passphrase | None:
    """The public half of a passphrase that was filled in well and is not the sign-in password."""
    if request.method != "POST":
        return None
    queries.capacity_of(require_actor())
    form = _passphrase_form()
    if not form.validate() or passwords.matches(
        current_user.user.password_hash, form.passphrase.data
    ):
        return None
    return actions.prepared(form.passphrase.data)


@bp.route("/key-holding", methods=["GET", "POST"])
@access(Permission.KEY_HOLD)
@step_up_to_send
@reads_first(_made)
@writes
def key_holding() -> Any:
    """A holder's passphrase, and every share held with it."""
    actor = require_actor()
    form = _passphrase_form()
    made = beforehand()
    return run_form(
        form,
        lambda: actions.keep_passphrase(made, actor, clock.now()),
        lambda: _holding_page(form),
        _("保管口令已设置，请务必记牢"),
        lambda _result: url_for("selection.key_holding"),
    )


def _holding_page(form: PassphraseForm) -> str:
    actor = require_actor()
    return render_template(
        "selection/key_holding.html",
        capacity=queries.capacity_of(actor),
        key=queries.current_key(actor),
        shares=queries.shares_of(actor),
        now=clock.now(),
        can_be_handed_in=queries.can_be_handed_in,
        **came_back("form", form),
    )


def _part(public_id: str) -> bytes | None:
    """What the passphrase that was typed opens."""
    share = queries.share(require_actor(), public_id)
    form = HandInForm()
    return actions.opened_with(share, form.passphrase.data or "") if form.validate() else None


@bp.get("/key-shares/<public_id>")
@access(Permission.KEY_HOLD)
def key_share(public_id: str) -> Any:
    """One share: what it opens, when, with whom."""
    return _share_page(public_id)


def _share_page(public_id: str, **forms: Any) -> str:
    share = queries.share(require_actor(), public_id)
    running = share.round
    now = clock.now()
    defaults = {
        "form": HandInForm(formdata=None),
        "lost_form": LostForm(formdata=None),
        "top": ButtonForm(formdata=None),
    }
    return render_template(
        "selection/key_share.html",
        share=share,
        need=running.need,
        running=running,
        shares=queries.shares(running),
        hand_in_by=queries.hand_in_by(running.need, running),
        due=queries.can_be_handed_in(share, now),
        losable=queries.can_be_reported_lost(share),
        now=now,
        **{**defaults, **forms},
    )


@bp.post("/key-shares/<public_id>/hand-in")
@access(Permission.KEY_HOLD)
@step_up_to_send
@reads_first(_part)
@writes
def hand_in_share(public_id: str) -> Any:
    """Hand a share in with its passphrase."""
    actor = require_actor()
    share = queries.share(actor, public_id)
    form, part, key = HandInForm(), beforehand(), share.id

    def act() -> None:
        try:
            actions.hand_in(share, part, actor)
        except DomainError as error:
            audit.note("key_share.refused", actor, ("key_shares", key), rule=error.rule)
            raise

    return run_form(
        form,
        act,
        lambda: _share_page(public_id, **came_back("form", form)),
        _("密钥份额已交出"),
        lambda _result: url_for("selection.key_share", public_id=public_id),
    )


@bp.post("/key-shares/<public_id>/lost")
@access(Permission.KEY_HOLD)
@step_up_to_send
@writes
def lose_share(public_id: str) -> Any:
    """Report a share's passphrase lost."""
    actor = require_actor()
    share = queries.share(actor, public_id)
    form = LostForm()
    return run_form(
        form,
        lambda: actions.report_lost(share, (form.reason.data or "").strip(), actor),
        lambda: _share_page(public_id, **came_back("lost_form", form)),
        _("已登记遗失"),
        lambda _result: url_for("selection.key_share", public_id=public_id),
    )

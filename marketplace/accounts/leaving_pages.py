"""Taking a role back, taking a person off and closing an account: what it does, then the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import Form
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from . import actions, queries
from .blueprint import bp
from .models import Membership
from .people_pages import people_of
from .permissions import Permission
from .stepping import step_up


@bp.route("/memberships/<public_id>/end", methods=["GET", "POST"])
@access(SIGNED_IN)
@step_up
@writes
def end_membership(public_id: str) -> Any:
    """End a role; the person's sessions there end with the last one."""
    actor = require_actor()
    row = queries.membership_by_public_id(public_id)
    if not actions.may_end(actor, row):
        raise Missing(public_id)
    own = row.user_id == actor.user_id
    back = url_for("accounts.account") if own else people_of(row.organisation_id)
    effects = [_("此人即不能再以“%(role)s”办理，未用完的邀请一并失效", role=row.role.title)]
    if len(queries.live_memberships(row.user_id, row.organisation_id)) == 1:
        effects.append(_("这是此人在本单位的唯一角色，收回后在本单位的登录立即失效"))
    effects.append(_("已办理的事项和记录不受影响"))
    return _leave(
        _("收回角色"),
        _named(row, row.role.title),
        effects,
        lambda: actions.end_staff(
            queries.membership_by_public_id(public_id), require_actor(), clock.now()
        ),
        _("角色已收回"),
        back,
    )


@bp.route("/staff/<public_id>/removal", methods=["GET", "POST"])
@access(Permission.STAFF_MANAGE)
@step_up
@writes
def remove_person(public_id: str) -> Any:
    """End everything somebody holds in the own organisation, and the sessions there."""
    actor = require_actor()
    held = _held(actions.colleague(actor, public_id).id, actor.organisation_id)
    return _leave(
        _("移出单位"),
        _named(held[0], *(each.role.title for each in held)),
        [
            _("收回此人在本单位的全部角色，在本单位的登录立即失效"),
            _("在其他单位的角色不受影响，已办理的事项和记录保留"),
        ],
        lambda: actions.remove_person(
            actions.colleague(require_actor(), public_id),
            queries.organisation(require_actor().organisation_id or 0),
            require_actor(),
            clock.now(),
        ),
        _("已移出本单位"),
        url_for("accounts.staff"),
    )


@bp.route("/offices/accounts/<public_id>/closing", methods=["GET", "POST"])
@access(Permission.USER_APPROVE)
@step_up
@writes
def disable_official(public_id: str) -> Any:
    """Close an official's account: roles and sessions end in this transaction."""
    actor = require_actor()
    user = queries.user_by_public_id(public_id)
    actions.check_closable(user, actor)
    held = _held(user.id)
    return _leave(
        _("停用账号"),
        _named(held[0], *(each.role.title for each in held)),
        [
            _("收回全部角色，所有设备上的登录立即失效，此账号不能再登录"),
            _("停用后不能恢复；此人以后仍需办理的，由系统管理员重新提议账号"),
            _("已办理的事项和记录不受影响"),
        ],
        lambda: actions.disable_official(
            queries.user_by_public_id(public_id), require_actor(), clock.now()
        ),
        _("账号已停用"),
        url_for("accounts.officials"),
    )


def _held(user_id: int, organisation_id: int | None = None) -> list[Membership]:
    held = queries.live_memberships(user_id, organisation_id)
    if not held:
        raise Missing(f"user {user_id}")
    return held


def _named(row: Membership, *roles: Any) -> list[tuple[str, Any]]:
    return [
        (_("姓名"), row.user.name),
        (_("登录名"), row.user.login),
        (_("单位"), row.organisation.name),
        (_("角色"), "、".join(str(role) for role in roles)),
    ]


def _leave(
    title: str,
    facts: list[tuple[str, Any]],
    effects: list[str],
    action: Callable[[], None],
    done: str,
    back: str,
) -> Any:
    form = Form()

    def page() -> str:
        return render_template(
            "accounts/leave.html", title=title, facts=facts, effects=effects, form=form, back=back
        )

    return run_form(form, action, page, done, lambda _none: back)

"""Whether a file may be changed now."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.foundation.errors import Conflict

from ...models import Firm


def must_be(firm: Firm, allowed: bool) -> None:
    """Raise Conflict naming where the firm stands, unless it is allowed."""
    if not allowed:
        raise Conflict(
            _("当前状态为“%(now)s”，不能修改", now=firm.status.title), rule="firm.status"
        )

"""lists in force before firms were told of lists are not told of as new

Revises: 0017
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # the day as the marketplace counts it: a demo stands at another; the offset is in microseconds
    moved = op.get_bind().scalar(sa.text("SELECT microseconds FROM clock_offset")) or 0
    now = datetime.now(UTC) + timedelta(microseconds=moved)
    today = now.astimezone(ZoneInfo("Asia/Shanghai")).date()
    # a list still to come is news to whoever promises what it changes
    op.get_bind().execute(
        sa.text(
            "INSERT INTO list_tellings (policy_edition_id, told_to, firms, next_check_at) "
            "SELECT policy_edition_id, 0, 0, NULL FROM fee_lists "
            "WHERE status = 'published' AND policy_edition_id IS NOT NULL "
            "AND effective_from <= :today "
            "AND policy_edition_id NOT IN (SELECT policy_edition_id FROM list_tellings)"
        ).bindparams(sa.bindparam("today", today, sa.Date()))
    )


def downgrade() -> None:
    """A telling that is done says nothing that another migration would have to undo."""

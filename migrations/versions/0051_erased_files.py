"""uploaded files may be erased, their records stay; files of imports that ended go

Revises: 0047
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0047"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("stored_files", sa.Column("erased_at", AT, nullable=True))
    # the clock takes them up: the files of what has ended, and what nobody comes back to
    imports = sa.table(
        "register_imports",
        sa.column("status", sa.String),
        sa.column("status_since", AT),
        sa.column("next_check_at", AT),
    )
    left = imports.c.next_check_at.is_(None)
    ended = imports.c.status.in_(("done", "stopped", "discarded"))
    waits = imports.c.status.in_(("faulty", "ready", "returned", "submitted"))
    later = datetime.now(UTC) + timedelta(days=30)
    if op.get_bind().dialect.name == "sqlite":
        later = later.replace(tzinfo=None)
    op.execute(
        imports.update().where(left, ended).values(next_check_at=imports.c.status_since)
    )
    op.execute(imports.update().where(left, waits).values(next_check_at=later))


def downgrade() -> None:
    op.drop_column("stored_files", "erased_at")

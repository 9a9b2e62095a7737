"""files may be erased, their records stay; a linked account goes no further than its authority

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
    op.execute(
        "ALTER TABLE memberships ADD COLUMN scope VARCHAR(40) CONSTRAINT ck_memberships_scope "
        "CHECK (scope IS NULL OR role = 'firm_staff')"
    )
    # accounts linked to an authority that stands: the paper's scope holds from now on
    op.execute(
        "UPDATE memberships SET scope = (SELECT rtrim("
        "CASE WHEN may_file THEN 'file,' ELSE '' END || "
        "CASE WHEN may_enter THEN 'enter,' ELSE '' END || "
        "CASE WHEN may_contract THEN 'contract,' ELSE '' END, ',') FROM firm_agents "
        "JOIN firms ON firms.id = firm_agents.firm_id WHERE firm_agents.ended_at IS NULL "
        "AND firm_agents.user_id = memberships.user_id "
        "AND firms.organisation_id = memberships.organisation_id) "
        "WHERE role = 'firm_staff' AND until IS NULL"
    )
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
    op.execute(imports.update().where(left, ended).values(next_check_at=imports.c.status_since))
    op.execute(imports.update().where(left, waits).values(next_check_at=later))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_memberships_scope"), "memberships", type_="check")
    op.execute("ALTER TABLE memberships DROP COLUMN scope")
    op.drop_column("stored_files", "erased_at")

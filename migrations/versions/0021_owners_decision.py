"""an owner says why a contract goes on although its firm was sanctioned

Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contracts", sa.Column("flag_decision", sa.String(length=1000), nullable=True))


def downgrade() -> None:
    op.drop_column("contracts", "flag_decision")

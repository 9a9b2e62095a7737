"""the language a person chose, with the account and with the letters

Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("users", "letters")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("language", sa.String(length=5), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "language")

"""quotes as a discount off the budget

Revises: 0055
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "needs", sa.Column("by_discount", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("entries", sa.Column("discount", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("entries", "discount")
    op.drop_column("needs", "by_discount")

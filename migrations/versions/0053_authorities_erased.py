"""how many ended authorities an erasure of personal data took along

Revises: 0052
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "history_erasures",
        sa.Column("authorities", whole, server_default="0", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("history_erasures", "authorities")

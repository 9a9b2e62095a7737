"""a fee list counts its changes; its rows keep nothing beside their columns

Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "fee_lists",
        sa.Column(
            "revision",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            server_default="0",
        ),
    )
    op.drop_column("fee_list_rows", "carried")


def downgrade() -> None:
    op.add_column(
        "fee_list_rows", sa.Column("carried", sa.JSON(), nullable=False, server_default="{}")
    )
    op.drop_column("fee_lists", "revision")

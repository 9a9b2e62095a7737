"""a change of a contract says what quantity it pays for

Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contract_amendments", sa.Column("fee_inputs", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("contract_amendments", "fee_inputs")

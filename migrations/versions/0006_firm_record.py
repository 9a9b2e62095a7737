"""index for how a firm's contracts ran

Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contracts_firm_record", "contracts", ["firm_id", "status", "overdue_since"])


def downgrade() -> None:
    op.drop_index("ix_contracts_firm_record", table_name="contracts")

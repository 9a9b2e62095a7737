"""the site's signature over the commitment of a plan received

Plans received before have none; when they are opened they are held against the ledger.

Revises: 0058
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry_plans", sa.Column("signature", sa.String(length=128), nullable=True))


def downgrade() -> None:
    op.drop_column("entry_plans", "signature")

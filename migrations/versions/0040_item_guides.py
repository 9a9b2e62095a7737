"""the guide and the parts of a service item

Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service_items", sa.Column("stage", sa.String(length=40), nullable=True))
    op.add_column("service_items", sa.Column("guide_content", sa.JSON(), nullable=True))
    op.add_column(
        "service_items", sa.Column("parts", sa.JSON(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("service_items", "parts")
    op.drop_column("service_items", "guide_content")
    op.drop_column("service_items", "stage")

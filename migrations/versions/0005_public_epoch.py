"""public epoch, and indexes for what a full marketplace lists

Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "public_epoch",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("value", NUMBER, nullable=False),
        sa.Column("editions", NUMBER, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_public_epoch_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_epoch")),
    )
    op.create_index(
        "ix_status_changes_reached",
        "status_changes",
        ["subject_type", "to_status", "at", "subject_id"],
    )
    op.create_index("ix_awards_decided", "awards", ["decided_at", "need_id"])


def downgrade() -> None:
    op.drop_index("ix_awards_decided", table_name="awards")
    op.drop_index("ix_status_changes_reached", table_name="status_changes")
    op.drop_table("public_epoch")

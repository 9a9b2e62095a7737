"""several items in one need

Revises: 0069
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0069"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = "need_parts"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("need_id", KEY, nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("item_name", sa.String(length=120), nullable=False),
        sa.Column("off_list", sa.Boolean(), nullable=False),
        sa.Column("qualifications", sa.JSON(), nullable=False),
        sa.Column("any_qualification", sa.Boolean(), nullable=False),
        sa.Column("fee_inputs", sa.JSON(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("price_check_id", KEY, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("budget > 0", name=op.f(f"ck_{NAME}_budget")),
        sa.CheckConstraint("position >= 1", name=op.f(f"ck_{NAME}_position")),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f(f"fk_{NAME}_need_id_needs")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
        sa.UniqueConstraint("need_id", "item_code", name=op.f(f"uq_{NAME}_need_id_item_code")),
    )
    op.create_index(op.f(f"ix_{NAME}_need_id"), NAME, ["need_id"])
    op.create_index(op.f(f"ix_{NAME}_item_code"), NAME, ["item_code"])
    # plainly, not by a copy of the table: the search listens on it
    op.add_column("needs", sa.Column("items_count", KEY, nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("needs", "items_count")
    op.drop_table(NAME)

"""reviews of marks that a flag rests on

Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("evaluation_reviews", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "flag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_evaluation_reviews_flag_id_evaluation_flags"),
            "evaluation_flags",
            ["flag_id"],
            ["id"],
        )
        batch_op.create_index(batch_op.f("ix_evaluation_reviews_flag_id"), ["flag_id"])
        batch_op.create_check_constraint(
            batch_op.f("ck_evaluation_reviews_flagged"),
            "(cause = 'screen') = (flag_id IS NOT NULL)",
        )


def downgrade() -> None:
    with op.batch_alter_table("evaluation_reviews", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_evaluation_reviews_flagged"), type_="check")
        batch_op.drop_index(batch_op.f("ix_evaluation_reviews_flag_id"))
        batch_op.drop_constraint(
            batch_op.f("fk_evaluation_reviews_flag_id_evaluation_flags"), type_="foreignkey"
        )
        batch_op.drop_column("flag_id")

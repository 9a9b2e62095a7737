"""firms are told of newly published fee lists

Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TELLINGS = "list_tellings"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        TELLINGS,
        sa.Column("policy_edition_id", big, nullable=False),
        sa.Column("told_to", big, nullable=False),
        sa.Column("firms", big, nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_list_tellings_policy_edition_id_policy_editions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_tellings")),
        sa.UniqueConstraint("policy_edition_id", name=op.f("uq_list_tellings_policy_edition_id")),
    )
    op.create_index(op.f("ix_list_tellings_next_check_at"), TELLINGS, ["next_check_at"])


def downgrade() -> None:
    op.drop_table(TELLINGS)

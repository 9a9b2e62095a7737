"""questions to entrants before a direct pick

Revises: 0060
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0060"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
NAME = "talks"


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("question", sa.String(length=1000), nullable=False),
        sa.Column("asked_by", KEY, nullable=True),
        sa.Column("answer_by", AT, nullable=False),
        sa.Column("price_before", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(length=2000), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{NAME}_number")),
        sa.CheckConstraint(
            "status <> 'answered' OR (answer IS NOT NULL AND answered_at IS NOT NULL)",
            name=op.f(f"ck_{NAME}_answered"),
        ),
        sa.CheckConstraint("price IS NULL OR price <= price_before", name=op.f(f"ck_{NAME}_price")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f(f"fk_{NAME}_entry_id_entries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{NAME}_public_id")),
        sa.UniqueConstraint("entry_id", "number", name=op.f(f"uq_{NAME}_entry_id_number")),
    )
    op.create_index(op.f("ix_talks_entry_id"), NAME, ["entry_id"])
    op.create_index(op.f("ix_talks_next_check_at"), NAME, ["next_check_at"])


def downgrade() -> None:
    op.drop_table(NAME)

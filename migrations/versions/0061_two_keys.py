"""the key to sealed quotes in three hands: holders' keys, shares

Revises: 0054
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0054"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def link(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    for table in ("needs", "selection_rounds"):
        op.add_column(
            table,
            sa.Column("two_keys", sa.Boolean(), server_default=sa.false(), nullable=False),
        )
    name = "holder_keys"
    op.create_table(
        name,
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("cost", sa.String(length=40), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "capacity IN ('owner', 'bureau', 'platform')", name=op.f(f"ck_{name}_capacity")
        ),
        sa.CheckConstraint("length(public_key) = 64", name=op.f(f"ck_{name}_public_key")),
        link(name, "user_id", "users"),
        link(name, "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    op.create_index(
        "uq_holder_keys_current",
        name,
        ["user_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_holder_keys_organisation", name, ["organisation_id", "capacity"])
    name = "key_shares"
    op.create_table(
        name,
        sa.Column("round_id", KEY, nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("holder_key_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("handed", sa.Text(), nullable=True),
        sa.Column("handed_at", AT, nullable=True),
        sa.Column("lost_reason", sa.String(length=500), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "status <> 'handed_in' OR handed_at IS NOT NULL", name=op.f(f"ck_{name}_handed_in")
        ),
        sa.CheckConstraint(
            "handed IS NULL OR status = 'handed_in'", name=op.f(f"ck_{name}_handed")
        ),
        sa.CheckConstraint(
            "status <> 'lost' OR lost_reason IS NOT NULL", name=op.f(f"ck_{name}_lost")
        ),
        link(name, "round_id", "selection_rounds"),
        link(name, "holder_key_id", "holder_keys"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
        sa.UniqueConstraint("round_id", "capacity", name=op.f(f"uq_{name}_round_id_capacity")),
    )
    op.create_index(op.f("ix_key_shares_round_id"), name, ["round_id"])
    op.create_index(op.f("ix_key_shares_holder_key_id"), name, ["holder_key_id"])
    op.create_index(op.f("ix_key_shares_next_check_at"), name, ["next_check_at"])


def downgrade() -> None:
    op.drop_table("key_shares")
    op.drop_table("holder_keys")
    for table in ("selection_rounds", "needs"):
        op.drop_column(table, "two_keys")

"""the expert pool: experts, their trades, whom they have to do with

Revises: 0062
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0062"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    name = "experts"
    op.create_table(
        name,
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("register_code", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=18), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("applied_at", AT, nullable=False),
        sa.Column("decide_by", AT, nullable=False),
        sa.Column("checked_by", KEY, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("admitted_at", AT, nullable=True),
        sa.Column("proposed_by", KEY, nullable=True),
        sa.Column("removed_by", KEY, nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("decided_by <> checked_by", name=op.f(f"ck_{name}_two_officers")),
        sa.CheckConstraint("removed_by <> proposed_by", name=op.f(f"ck_{name}_two_to_remove")),
        sa.CheckConstraint("user_id <> decided_by", name=op.f(f"ck_{name}_not_oneself")),
        sa.CheckConstraint(
            "status <> 'admitted' OR admitted_at IS NOT NULL", name=op.f(f"ck_{name}_admitted")
        ),
        sa.CheckConstraint(
            "status NOT IN ('refused', 'removed', 'removing') OR reason IS NOT NULL",
            name=op.f(f"ck_{name}_reason"),
        ),
        link(name, "user_id", "users"),
        link(name, "organisation_id", "organisations"),
        link(name, "register_code", "jurisdictions", "code"),
        link(name, "file_id", "stored_files"),
        link(name, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "user_id", "register_code", name=op.f(f"uq_{name}_user_id_register_code")
        ),
        sa.UniqueConstraint("number", name=op.f(f"uq_{name}_number")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    op.create_index("ix_experts_pool", name, ["register_code", "status"])
    op.create_index(op.f("ix_experts_next_check_at"), name, ["next_check_at"])
    name = "expert_trades"
    op.create_table(
        name,
        sa.Column("expert_id", KEY, nullable=False),
        sa.Column("trade", sa.String(length=120), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "expert_id", "experts"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("expert_id", "trade", name=op.f(f"uq_{name}_expert_id_trade")),
    )
    op.create_index(op.f("ix_expert_trades_trade"), name, ["trade"])
    name = "expert_relations"
    op.create_table(
        name,
        sa.Column("expert_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("how", sa.String(length=200), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "expert_id", "experts"),
        link(name, "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "expert_id", "organisation_id", name=op.f(f"uq_{name}_expert_id_organisation_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("expert_relations")
    op.drop_table("expert_trades")
    op.drop_table("experts")

"""reveals of marks between firms and departments

Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "department_windows",
        sa.Column("contract_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'revealed') = (revealed_at IS NOT NULL)",
            name=op.f("ck_department_windows_revealed"),
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contracts.id"],
            name=op.f("fk_department_windows_contract_id_contracts"),
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["organisations.id"],
            name=op.f("fk_department_windows_department_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_department_windows_edition_id_policy_editions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_windows")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_department_windows_contract_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_department_windows_public_id")),
    )
    with op.batch_alter_table("department_windows", schema=None) as batch_op:
        for column in ("department_id", "next_check_at"):
            batch_op.create_index(
                batch_op.f(f"ix_department_windows_{column}"), [column], unique=False
            )


def downgrade() -> None:
    op.drop_table("department_windows")

"""reports that a department asked for a service off the list, and what they take off its year

Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0038"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
YEARS = "department_years"


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    name = "offlist_demands"
    op.create_table(
        name,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("reporter_id", KEY, nullable=False),
        sa.Column("reported_by", KEY, nullable=True),
        sa.Column("reported_at", AT, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=True),
        sa.Column("item_name", sa.String(length=120), nullable=False),
        sa.Column("approval", sa.String(length=120), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("take_by", AT, nullable=False),
        sa.Column("taken_by", KEY, nullable=True),
        sa.Column("taken_at", AT, nullable=True),
        sa.Column("answer_by", AT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", AT, nullable=True),
        sa.Column("decide_by", AT, nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("decided_by <> taken_by", name=op.f(f"ck_{name}_decided_by_another")),
        sa.CheckConstraint(
            "(status IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)",
            name=op.f(f"ck_{name}_decided"),
        ),
        sa.CheckConstraint("department_id <> reporter_id", name=op.f(f"ck_{name}_two_parties")),
        sa.CheckConstraint(
            "status <> 'not_taken' OR finding IS NOT NULL", name=op.f(f"ck_{name}_reasons")
        ),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "department_id", "organisations"),
        link(name, "reporter_id", "organisations"),
        link(name, "file_id", "stored_files"),
        link(name, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    for column in ("jurisdiction_code", "reporter_id", "next_check_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    op.create_index("ix_offlist_demands_department", name, ["department_id", "status"])
    _open_years()


def _open_years() -> None:
    """Two columns on an append-only table: added in place, so that its guards stay as they are."""
    op.add_column(YEARS, sa.Column("demands", KEY, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        # SQLite takes both constraints with the column alone
        op.execute(
            f"ALTER TABLE {YEARS} ADD COLUMN listing_edition_id INTEGER "
            f"CONSTRAINT fk_{YEARS}_listing_edition_id_policy_editions "
            "REFERENCES policy_editions (id) "
            f"CONSTRAINT ck_{YEARS}_listing_edition "
            "CHECK ((demands IS NULL) = (listing_edition_id IS NULL))"
        )
        return
    op.add_column(YEARS, sa.Column("listing_edition_id", KEY, nullable=True))
    op.create_foreign_key(
        op.f(f"fk_{YEARS}_listing_edition_id_policy_editions"),
        YEARS,
        "policy_editions",
        ["listing_edition_id"],
        ["id"],
    )
    op.create_check_constraint(
        op.f(f"ck_{YEARS}_listing_edition"),
        YEARS,
        "(demands IS NULL) = (listing_edition_id IS NULL)",
    )


def downgrade() -> None:
    op.drop_table("offlist_demands")
    with op.batch_alter_table(YEARS) as batch:
        batch.drop_constraint(op.f(f"ck_{YEARS}_listing_edition"), type_="check")
        batch.drop_column("listing_edition_id")
        batch.drop_column("demands")

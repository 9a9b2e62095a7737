"""departments' scores of years

Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def guard(table: str) -> None:
    """Make a table refuse UPDATE and DELETE (TRUNCATE too on PostgreSQL)."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM CURRENT_USER")


def upgrade() -> None:
    op.create_table(
        "department_years",
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("year", KEY, nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("least_firms", KEY, nullable=False),
        sa.Column("firms", KEY, nullable=True),
        sa.Column("marks", KEY, nullable=True),
        sa.Column("mark_total", KEY, nullable=True),
        sa.Column("contracts", KEY, nullable=False),
        sa.Column("late", KEY, nullable=False),
        sa.Column("versions", KEY, nullable=False),
        sa.Column("returned", KEY, nullable=False),
        sa.Column("silent", KEY, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("hundredths", KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("settled_on > ends_on", name=op.f("ck_department_years_ended")),
        sa.CheckConstraint("firms >= least_firms", name=op.f("ck_department_years_least_firms")),
        sa.CheckConstraint(
            "(firms IS NULL) = (marks IS NULL) AND (firms IS NULL) = (mark_total IS NULL)",
            name=op.f("ck_department_years_marks"),
        ),
        sa.CheckConstraint(
            "hundredths BETWEEN 0 AND 10000", name=op.f("ck_department_years_score")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["organisations.id"],
            name=op.f("fk_department_years_department_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_department_years_edition_id_policy_editions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_years")),
        sa.UniqueConstraint(
            "department_id", "year", name=op.f("uq_department_years_department_id_year")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_department_years_public_id")),
        info={"append_only": True},
    )
    guard("department_years")


def downgrade() -> None:
    op.drop_table("department_years")

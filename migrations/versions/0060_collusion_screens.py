"""screens over selections: runs and flags

Revises: 0059
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


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


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    name = "collusion_runs"
    op.create_table(
        name,
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("selections", KEY, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("register", "day", name=op.f(f"uq_{name}_register_day")),
    )
    guard(name)
    name = "collusion_flags"
    op.create_table(
        name,
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("firms", sa.JSON(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("raised_at", AT, nullable=False),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status IN ('cleared', 'pursued')) = (decision_reason IS NOT NULL) "
            "AND (decision_reason IS NULL) = (decided_by IS NULL)",
            name=op.f(f"ck_{name}_decided"),
        ),
        link(name, "register", "jurisdictions", "code"),
        link(name, "run_id", "collusion_runs"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    raised = sa.text("status = 'raised'")
    op.create_index(
        "uq_collusion_flags_raised",
        name,
        ["register", "screen", "key"],
        unique=True,
        sqlite_where=raised,
        postgresql_where=raised,
    )
    for column in ("register", "next_check_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def downgrade() -> None:
    op.drop_table("collusion_flags")
    op.drop_table("collusion_runs")

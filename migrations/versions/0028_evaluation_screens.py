"""flags of the screens for gaming

Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


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
        "screen_runs",
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("firms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("marks", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("cursor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_screen_runs_edition_id_policy_editions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_runs")),
        sa.UniqueConstraint("register", "day", name=op.f("uq_screen_runs_register_day")),
        info={"append_only": True},
    )
    op.create_table(
        "evaluation_flags",
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status IN ('cleared', 'pursued')) = (decision_reason IS NOT NULL)",
            name=op.f("ck_evaluation_flags_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_evaluation_flags_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["register"],
            ["jurisdictions.code"],
            name=op.f("fk_evaluation_flags_register_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["screen_runs.id"], name=op.f("fk_evaluation_flags_run_id_screen_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_flags")),
        sa.UniqueConstraint("public_id", name=op.f("uq_evaluation_flags_public_id")),
    )
    with op.batch_alter_table("evaluation_flags", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_evaluation_flags_next_check_at"), ["next_check_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evaluation_flags_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(
            "uq_evaluation_flags_raised",
            ["register", "screen", "key"],
            unique=True,
            sqlite_where=sa.text("status = 'raised'"),
            postgresql_where=sa.text("status = 'raised'"),
        )
    guard("screen_runs")


def downgrade() -> None:
    with op.batch_alter_table("evaluation_flags", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_evaluation_flags_raised",
            sqlite_where=sa.text("status = 'raised'"),
            postgresql_where=sa.text("status = 'raised'"),
        )
        batch_op.drop_index(batch_op.f("ix_evaluation_flags_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_evaluation_flags_next_check_at"))

    op.drop_table("evaluation_flags")
    op.drop_table("screen_runs")

"""sealed quotes: enciphered entries, draws among equals, abnormally low quotes

Revises: 0053
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
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


def link(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    with op.batch_alter_table("entries") as entries:
        entries.alter_column("price", existing_type=sa.BigInteger(), nullable=True)
        entries.add_column(sa.Column("sealed", sa.Text(), nullable=True))
        entries.add_column(sa.Column("sealed_sha256", sa.String(length=64), nullable=True))
        entries.add_column(sa.Column("sealed_signature", sa.String(length=128), nullable=True))
        entries.create_check_constraint(
            op.f("ck_entries_quoted"), "price IS NOT NULL OR sealed IS NOT NULL"
        )
        entries.create_check_constraint(
            op.f("ck_entries_sealed"),
            "(sealed IS NULL) = (sealed_sha256 IS NULL) "
            "AND (sealed IS NULL) = (sealed_signature IS NULL)",
        )
    with op.batch_alter_table("selection_rounds") as rounds:
        rounds.add_column(sa.Column("unsealed_at", AT, nullable=True))
        rounds.add_column(sa.Column("ranking", sa.JSON(none_as_null=True), nullable=True))
        rounds.create_check_constraint(
            op.f("ck_selection_rounds_unsealed_closed"),
            "unsealed_at IS NULL OR closed_at IS NOT NULL",
        )
    name = "tie_draws"
    op.create_table(
        name,
        sa.Column("round_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("drawn_at", AT, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{name}_number")),
        link(name, "round_id", "selection_rounds"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("round_id", "number", name=op.f(f"uq_{name}_round_id_number")),
    )
    guard(name)
    name = "low_quotes"
    op.create_table(
        name,
        sa.Column("round_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("mean", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.String(length=64), nullable=False),
        sa.Column("explain_by", AT, nullable=False),
        sa.Column("explanation", sa.String(length=2000), nullable=True),
        sa.Column("explained_by", KEY, nullable=True),
        sa.Column("explained_at", AT, nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "status IN ('asked', 'silent') OR (explanation IS NOT NULL AND explained_at IS NOT NULL)",
            name=op.f(f"ck_{name}_explained"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('upheld', 'refused') OR (decision_reason IS NOT NULL "
            "AND decided_by IS NOT NULL)",
            name=op.f(f"ck_{name}_decided"),
        ),
        link(name, "round_id", "selection_rounds"),
        link(name, "entry_id", "entries"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("entry_id", name=op.f(f"uq_{name}_entry_id")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    op.create_index(op.f("ix_low_quotes_round_id"), name, ["round_id"])
    op.create_index(op.f("ix_low_quotes_next_check_at"), name, ["next_check_at"])


def downgrade() -> None:
    op.drop_table("low_quotes")
    op.drop_table("tie_draws")
    with op.batch_alter_table("selection_rounds") as rounds:
        rounds.drop_constraint(op.f("ck_selection_rounds_unsealed_closed"), type_="check")
        rounds.drop_column("ranking")
        rounds.drop_column("unsealed_at")
    with op.batch_alter_table("entries") as entries:
        entries.drop_constraint(op.f("ck_entries_sealed"), type_="check")
        entries.drop_constraint(op.f("ck_entries_quoted"), type_="check")
        entries.drop_column("sealed_signature")
        entries.drop_column("sealed_sha256")
        entries.drop_column("sealed")
        entries.alter_column("price", existing_type=sa.BigInteger(), nullable=False)

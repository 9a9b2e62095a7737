"""the files of a published fee list are made once and kept with it

Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FILES = "fee_list_files"


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
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        FILES,
        sa.Column("policy_edition_id", big, nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("file_id", big, nullable=False),
        sa.Column("id", big, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_fee_list_files_policy_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_fee_list_files_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_list_files")),
        sa.UniqueConstraint(
            "policy_edition_id", "kind", name=op.f("uq_fee_list_files_policy_edition_id_kind")
        ),
    )
    guard(FILES)


def downgrade() -> None:
    op.drop_table(FILES)

"""registers taken over from a spreadsheet

Revises: 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0044"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


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
    name = "register_imports"
    op.create_table(
        name,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("uploaded_by", KEY, nullable=True),
        sa.Column("uploaded_at", AT, nullable=False),
        sa.Column("attempts", KEY, nullable=False),
        sa.Column("read", KEY, nullable=False),
        sa.Column("to_read", KEY, nullable=True),
        sa.Column("refusal", sa.String(length=300), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("problem_count", KEY, nullable=False),
        sa.Column("ignored", sa.JSON(), nullable=False),
        sa.Column("new", KEY, nullable=False),
        sa.Column("same", KEY, nullable=False),
        sa.Column("different", KEY, nullable=False),
        sa.Column("refused", KEY, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=True),
        sa.Column("document", sa.String(length=120), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("leave_out", sa.Boolean(), nullable=False),
        sa.Column("submitted_by", KEY, nullable=True),
        sa.Column("submitted_at", AT, nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=True),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("edition_id", KEY, nullable=True),
        sa.Column("taken", KEY, nullable=False),
        sa.Column("failed", KEY, nullable=False),
        sa.Column("finished_at", AT, nullable=True),
        sa.Column("notice_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("confirmed_by <> submitted_by", name=op.f(f"ck_{name}_two_officers")),
        sa.CheckConstraint("confirmed_by <> uploaded_by", name=op.f(f"ck_{name}_not_the_uploader")),
        sa.CheckConstraint(
            "status NOT IN ('running', 'stopped', 'done') OR confirmed_at IS NOT NULL",
            name=op.f(f"ck_{name}_confirmed"),
        ),
        sa.CheckConstraint(
            "status <> 'done' OR finished_at IS NOT NULL", name=op.f(f"ck_{name}_finished")
        ),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "file_id", "stored_files"),
        link(name, "edition_id", "policy_editions"),
        link(name, "notice_id", "public_notices"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    op.create_index(op.f(f"ix_{name}_next_check_at"), name, ["next_check_at"])
    op.create_index("ix_register_imports_place", name, ["jurisdiction_code", "id"])
    name = "register_import_rows"
    op.create_table(
        name,
        sa.Column("import_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("credit_code", sa.String(length=40), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("firm_id", KEY, nullable=True),
        sa.Column("done_at", AT, nullable=True),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(state = 'taken') = (firm_id IS NOT NULL)", name=op.f(f"ck_{name}_taken")
        ),
        link(name, "import_id", "register_imports"),
        link(name, "firm_id", "firms"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("import_id", "number", name=op.f(f"uq_{name}_import_id_number")),
        sa.UniqueConstraint("firm_id", name=op.f(f"uq_{name}_firm_id")),
    )
    op.create_index("ix_register_import_rows_work", name, ["import_id", "state", "id"])
    op.create_index("ix_register_import_rows_seen", name, ["import_id", "verdict", "id"])
    name = "register_exports"
    op.create_table(
        name,
        sa.Column("register_code", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("at", AT, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "register_code", "jurisdictions", "code"),
        link(name, "user_id", "users"),
        link(name, "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        info={"append_only": True},
    )
    op.create_index(op.f(f"ix_{name}_user_id"), name, ["user_id"])
    op.create_index("ix_register_exports_place", name, ["register_code", "id"])
    guard(name)


def downgrade() -> None:
    op.drop_table("register_exports")
    op.drop_table("register_import_rows")
    op.drop_table("register_imports")

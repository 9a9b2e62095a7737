"""copies of applications as they were sent; who is not decoupled; areas bear on what is found

Revises: 0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0046"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
LIVE = sa.text("ended_at IS NULL")
TRIGGER = "search_offerings_update"
COLUMNS = "ended_at, paused, discount, amount, promised_days, item_code, firm_id"
INSERT = "INSERT INTO search_pending (kind, object_id) SELECT 'firm', NEW.firm_id"


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def watch(columns: str) -> None:
    """Have a change of these columns of an offering stand in search_pending."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER IF EXISTS {TRIGGER}")
        op.execute(
            f"CREATE TRIGGER {TRIGGER} AFTER UPDATE OF {columns} ON offerings BEGIN {INSERT}; END"
        )
        return
    op.execute(f"DROP TRIGGER IF EXISTS {TRIGGER} ON offerings")
    op.execute(
        f"CREATE TRIGGER {TRIGGER} AFTER UPDATE OF {columns} ON offerings "
        f"FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()"
    )


def upgrade() -> None:
    name = "application_copies"
    op.create_table(
        name,
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("application", KEY, nullable=False),
        sa.Column("round", KEY, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "firm_id", "firms"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "firm_id", "application", "round", name=op.f(f"uq_{name}_firm_id_application_round")
        ),
    )
    name = "decoupling_uploads"
    op.create_table(
        name,
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("uploaded_by", KEY, nullable=True),
        sa.Column("uploaded_at", AT, nullable=False),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("row_count", KEY, nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("problem_count", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("confirmed_by <> uploaded_by", name=op.f(f"ck_{name}_two_officers")),
        sa.CheckConstraint(
            "(status = 'confirmed') = (confirmed_at IS NOT NULL)",
            name=op.f(f"ck_{name}_confirmed"),
        ),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "file_id", "stored_files"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    op.create_index(op.f(f"ix_{name}_next_check_at"), name, ["next_check_at"])
    op.create_index("ix_decoupling_uploads_place", name, ["jurisdiction_code", "id"])
    name = "decoupling_entries"
    op.create_table(
        name,
        sa.Column("upload_id", KEY, nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("tie", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("ended_upload_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_upload_id IS NULL)", name=op.f(f"ck_{name}_ended")
        ),
        link(name, "upload_id", "decoupling_uploads"),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "ended_upload_id", "decoupling_uploads"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    op.create_index(op.f(f"ix_{name}_name"), name, ["name"])
    op.create_index(op.f(f"ix_{name}_credit_code"), name, ["credit_code"])
    op.create_index(
        "uq_decoupling_entries_live",
        name,
        ["jurisdiction_code", "credit_code"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    name = "decoupling_decisions"
    op.create_table(
        name,
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("officer_id", KEY, nullable=True),
        sa.Column("at", AT, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f(f"ck_{name}_reason")),
        link(name, "entry_id", "decoupling_entries"),
        link(name, "firm_id", "firms"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_decoupling_decisions_firm", name, ["firm_id", "entry_id"])
    watch(f"{COLUMNS}, areas")
    # offers limited to some areas: their entries are made anew by the next transaction that lists
    # somebody, or by `scripts/manage search rebuild`
    op.execute(
        "INSERT INTO search_pending (kind, object_id) SELECT DISTINCT 'firm', firm_id "
        "FROM offerings WHERE ended_at IS NULL AND CAST(areas AS TEXT) <> '[]'"
    )


def downgrade() -> None:
    watch(COLUMNS)
    for name in (
        "decoupling_decisions",
        "decoupling_entries",
        "decoupling_uploads",
        "application_copies",
    ):
        op.drop_table(name)

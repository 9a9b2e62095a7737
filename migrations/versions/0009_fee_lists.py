"""fee lists, their rows, the files they are read from

Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROWS = "fee_list_rows"
PUBLISHED = "(SELECT published_at FROM fee_lists WHERE id = {row}.list_id) IS NOT NULL"


def fix_published_rows() -> None:
    """Let the rows of a published list be neither changed, added to nor taken away."""
    events = {"INSERT": "NEW", "UPDATE": "OLD", "DELETE": "OLD"}
    if op.get_bind().dialect.name == "sqlite":
        for verb, row in events.items():
            op.execute(
                f"CREATE TRIGGER {ROWS}_fixed_{verb.lower()} BEFORE {verb} ON {ROWS} "
                f"WHEN {PUBLISHED.format(row=row)} "
                "BEGIN SELECT RAISE(ABORT, 'a published fee list never changes'); END"
            )
        return
    for verb, row in events.items():
        op.execute(
            f"CREATE FUNCTION {ROWS}_fixed_{verb.lower()}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {PUBLISHED.format(row=row)} THEN "
            "RAISE EXCEPTION 'a published fee list never changes'; END IF; "
            f"RETURN {'OLD' if verb == 'DELETE' else 'NEW'}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {ROWS}_fixed_{verb.lower()} BEFORE {verb} ON {ROWS} "
            f"FOR EACH ROW EXECUTE FUNCTION {ROWS}_fixed_{verb.lower()}()"
        )


def unfix_published_rows() -> None:
    """Take the triggers away again; on SQLite they go with the table."""
    if op.get_bind().dialect.name == "postgresql":
        for verb in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER {ROWS}_fixed_{verb} ON {ROWS}")
            op.execute(f"DROP FUNCTION {ROWS}_fixed_{verb}()")


def upgrade() -> None:
    op.create_table(
        "fee_lists",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("hands", sa.JSON(), nullable=False),
        sa.Column(
            "base_edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "submitted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=True),
        sa.Column(
            "approved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "policy_edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("sha256", sa.String(length=64), nullable=True),
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
            "(status = 'published') = (policy_edition_id IS NOT NULL)",
            name=op.f("ck_fee_lists_published_edition"),
        ),
        sa.CheckConstraint(
            "approved_by <> submitted_by", name=op.f("ck_fee_lists_approved_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["base_edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_fee_lists_base_edition_id_policy_editions"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_fee_lists_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_edition_id"],
            ["policy_editions.id"],
            name=op.f("fk_fee_lists_policy_edition_id_policy_editions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_lists")),
        sa.UniqueConstraint("policy_edition_id", name=op.f("uq_fee_lists_policy_edition_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_fee_lists_public_id")),
    )
    with op.batch_alter_table("fee_lists", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fee_lists_next_check_at"), ["next_check_at"], unique=False
        )
        batch_op.create_index("ix_fee_lists_place", ["jurisdiction_code", "status"], unique=False)

    op.create_table(
        "fee_list_imports",
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("list_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "uploaded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("refusal", sa.String(length=300), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_fee_list_imports_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdictions.code"],
            name=op.f("fk_fee_list_imports_jurisdiction_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["fee_lists.id"], name=op.f("fk_fee_list_imports_list_id_fee_lists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_list_imports")),
        sa.UniqueConstraint("public_id", name=op.f("uq_fee_list_imports_public_id")),
    )
    with op.batch_alter_table("fee_list_imports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fee_list_imports_next_check_at"), ["next_check_at"], unique=False
        )
        batch_op.create_index(
            "ix_fee_list_imports_place", ["jurisdiction_code", "id"], unique=False
        )

    op.create_table(
        "fee_list_rows",
        sa.Column("list_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("price_form", sa.String(length=20), nullable=False),
        sa.Column("binds", sa.String(length=12), nullable=False),
        sa.Column("standard", sa.String(length=40), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("charge_low", sa.String(length=64), nullable=True),
        sa.Column("charge_high", sa.String(length=64), nullable=True),
        sa.Column("charge_unit", sa.String(length=4), nullable=False),
        sa.Column("charge_per", sa.String(length=20), nullable=False),
        sa.Column("legal_basis", sa.String(length=200), nullable=False),
        sa.Column("freed_by", sa.String(length=200), nullable=False),
        sa.Column("freed_on", sa.Date(), nullable=True),
        sa.Column("basis_date", sa.String(length=20), nullable=False),
        sa.Column("deviation_band", sa.String(length=64), nullable=True),
        sa.Column("remarks", sa.String(length=500), nullable=False),
        sa.Column("carried", sa.JSON(), nullable=False),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["fee_lists.id"], name=op.f("fk_fee_list_rows_list_id_fee_lists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_list_rows")),
        sa.UniqueConstraint("list_id", "code", name=op.f("uq_fee_list_rows_list_id_code")),
    )
    with op.batch_alter_table("fee_list_rows", schema=None) as batch_op:
        batch_op.create_index("ix_fee_list_rows_order", ["list_id", "position"], unique=False)

    fix_published_rows()


def downgrade() -> None:
    unfix_published_rows()
    with op.batch_alter_table("fee_list_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_fee_list_rows_order")

    op.drop_table("fee_list_rows")
    with op.batch_alter_table("fee_list_imports", schema=None) as batch_op:
        batch_op.drop_index("ix_fee_list_imports_place")
        batch_op.drop_index(batch_op.f("ix_fee_list_imports_next_check_at"))

    op.drop_table("fee_list_imports")
    with op.batch_alter_table("fee_lists", schema=None) as batch_op:
        batch_op.drop_index("ix_fee_lists_place")
        batch_op.drop_index(batch_op.f("ix_fee_lists_next_check_at"))

    op.drop_table("fee_lists")

"""a published fee list is fixed whole: its head too, and no row is moved into it

Revises: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LISTS, ROWS = "fee_lists", "fee_list_rows"
SAID = "a published fee list never changes"
PUBLISHED = "(SELECT published_at FROM fee_lists WHERE id = {row}.list_id) IS NOT NULL"
MOVED_OUT = PUBLISHED.format(row="OLD")
MOVED_IN_OR_OUT = f"{MOVED_OUT} OR {PUBLISHED.format(row='NEW')}"


def fix_rows(condition: str) -> None:
    """Let no row be updated of which the condition holds."""
    name = f"{ROWS}_fixed_update"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {ROWS} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        )
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN NEW; END $$"
    )


def upgrade() -> None:
    fix_rows(MOVED_IN_OR_OUT)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {LISTS}_fixed_{verb.lower()} BEFORE {verb} ON {LISTS} "
                f"WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {LISTS}_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF OLD.published_at IS NOT NULL THEN RAISE EXCEPTION '{SAID}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {LISTS}_fixed BEFORE UPDATE OR DELETE ON {LISTS} "
        f"FOR EACH ROW EXECUTE FUNCTION {LISTS}_fixed()"
    )
    for table in (LISTS, ROWS):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    fix_rows(MOVED_OUT)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {LISTS}_fixed_{verb}")
        return
    for table in (LISTS, ROWS):
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
    op.execute(f"DROP TRIGGER {LISTS}_fixed ON {LISTS}")
    op.execute(f"DROP FUNCTION {LISTS}_fixed()")

"""an entry of the rating ledger may be reversed again, from an earlier day

Revises: 0039
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLE = "rating_ledger"
ONCE = ("uq_rating_ledger_reverses_id", "reverses_id")
BY_DAY = ("uq_rating_ledger_reverses_id_takes_effect_on", "reverses_id, takes_effect_on")


def upgrade() -> None:
    replace(ONCE, BY_DAY)


def downgrade() -> None:
    replace(BY_DAY, ONCE)


def replace(old: tuple[str, str], new: tuple[str, str]) -> None:
    """Replace one unique constraint of the ledger by another; every row stays as it is."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f(old[0]), TABLE, type_="unique")
        op.create_unique_constraint(op.f(new[0]), TABLE, new[1].split(", "))
        return
    # SQLite cannot drop a constraint: the table is built anew, with its indexes and its guards
    definition, *others = connection.scalars(
        sa.text(
            "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL "
            "ORDER BY type = 'table' DESC, type, name"
        ),
        {"table": TABLE},
    ).all()
    former = f"CONSTRAINT {old[0]} UNIQUE ({old[1]})"
    if former not in definition:
        raise RuntimeError(f"{TABLE} has no {former}")
    definition = definition.replace(former, f"CONSTRAINT {new[0]} UNIQUE ({new[1]})")
    definition = re.sub(
        rf'^CREATE TABLE "?{TABLE}"?', "CREATE TABLE rating_ledger_anew", definition
    )
    connection.exec_driver_sql(definition)
    connection.exec_driver_sql("INSERT INTO rating_ledger_anew SELECT * FROM rating_ledger")
    connection.exec_driver_sql("DROP TABLE rating_ledger")
    connection.exec_driver_sql("ALTER TABLE rating_ledger_anew RENAME TO rating_ledger")
    for statement in others:
        connection.exec_driver_sql(statement)
    astray = connection.exec_driver_sql("PRAGMA foreign_key_check(rating_ledger)").all()
    if astray:
        raise RuntimeError(f"{TABLE}: {len(astray)} rows refer to nothing")

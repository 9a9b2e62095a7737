"""what may be found: entries, what is pending, and the triggers that notice it; synonyms of items

Revises: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0041"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

OWN = "SELECT '{kind}', {row}.id"
OF_FIRM = "SELECT 'firm', {row}.firm_id"
OF_ORGANISATION = "SELECT 'firm', f.id FROM firms f WHERE f.organisation_id = {row}.id"
OF_SUBJECT = (
    "SELECT 'firm', f.id FROM firms f WHERE f.organisation_id = {row}.organisation_id "
    "AND f.register_code = {row}.register"
)
# table, kind, what is pending, the columns that bear on it, when a row bears on it at all
WATCHED: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "firms",
        "firm",
        OWN,
        "status, paused, listed_at, register_code, organisation_id",
        "{row}.status = 'listed'",
    ),
    (
        "offerings",
        "firm",
        OF_FIRM,
        "ended_at, paused, discount, amount, promised_days, item_code, firm_id",
        "",
    ),
    (
        "qualifications",
        "firm",
        OF_FIRM,
        "ended_at, verified_at, valid_until, type, grade, firm_id",
        "{row}.verified_at IS NOT NULL",
    ),
    (
        "rating_subjects",
        "firm",
        OF_SUBJECT,
        "grade",
        "{row}.capacity = 'intermediary'",
    ),
    ("service_items", "item", OWN, "name, code", ""),
    (
        "needs",
        "need",
        OWN,
        "title, number, item_code, item_name, jurisdiction_code, published_at",
        "{row}.published_at IS NOT NULL",
    ),
    ("public_notices", "notice", OWN, "status, title, ends_at, lasting, jurisdiction_code", ""),
    ("organisations", "firm", OF_ORGANISATION, "name, credit_code, jurisdiction_code", ""),
)

FILL = (
    "INSERT INTO search_pending (kind, object_id) SELECT 'firm', id FROM firms "
    "WHERE status = 'listed'",
    "INSERT INTO search_pending (kind, object_id) SELECT 'item', id FROM service_items",
    "INSERT INTO search_pending (kind, object_id) SELECT 'need', id FROM needs "
    "WHERE published_at IS NOT NULL",
    "INSERT INTO search_pending (kind, object_id) SELECT 'notice', id FROM public_notices",
)


def watch(table: str, kind: str, pending: str, columns: str, bears: str, verb: str) -> None:
    """Have what a written row bears on stand in search_pending, whoever writes it."""
    rows = {"INSERT": ("NEW",), "DELETE": ("OLD",), "UPDATE": ("NEW", "OLD")}[verb]
    when = f"WHEN ({' OR '.join(bears.format(row=row) for row in rows)}) " if bears else ""
    event = f"UPDATE OF {columns}" if verb == "UPDATE" else verb
    name = f"search_{table}_{verb.lower()}"
    insert = "INSERT INTO search_pending (kind, object_id) " + pending.format(
        kind=kind, row=rows[0]
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {when}BEGIN {insert}; END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {insert}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} "
        f"FOR EACH ROW {when}EXECUTE FUNCTION {name}()"
    )


def verbs(table: str) -> tuple[str, ...]:
    """An organisation bears on what is found only once it has a registration."""
    return ("UPDATE",) if table == "organisations" else ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    op.add_column(
        "catalogue_editions",
        sa.Column("synonyms", sa.JSON(), server_default="{}", nullable=False),
    )
    op.create_table(
        "search_entries",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("readings", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("kind", "object_id", name=op.f("uq_search_entries_kind_object_id")),
    )
    op.create_index("ix_search_entries_version", "search_entries", ["version"])
    op.create_table(
        "search_pending",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_pending")),
    )
    for table, kind, pending, columns, bears in WATCHED:
        for verb in verbs(table):
            watch(table, kind, pending, columns, bears, verb)
    # what there is already is indexed by the next transaction that lists somebody, or by
    # `scripts/manage search rebuild`
    for insert in FILL:
        op.execute(insert)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, *_what in WATCHED:
        for verb in verbs(table):
            name = f"search_{table}_{verb.lower()}"
            if sqlite:
                op.execute(f"DROP TRIGGER {name}")
            else:
                op.execute(f"DROP TRIGGER {name} ON {table}")
                op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("search_pending")
    op.drop_table("search_entries")
    op.drop_column("catalogue_editions", "synonyms")

"""branches, agents, transfers, re-checked changes, the history and the self-check of firms

Revises: 0045
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
LIVE = sa.text("ended_at IS NULL")
STATED_OPEN = sa.text("subject_id IS NULL AND status IN ('waiting', 'afterwards')")
UNDER_WAY = sa.text("status IN ('asked', 'silent', 'disputed')")


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


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    """A rule by its conventional name."""
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def make(table: str, *parts: sa.schema.SchemaItem, public: bool = True) -> None:
    """A table with its key, and its random public id where it has one."""
    more: list[sa.schema.SchemaItem] = []
    if public:
        more = [
            sa.Column("public_id", sa.String(length=13), nullable=False),
            sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
        ]
    op.create_table(
        table,
        *parts,
        *more,
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def index(table: str, *columns: str) -> None:
    """An index by its conventional name."""
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def text(name: str, length: int, nullable: bool = False) -> sa.Column[str]:
    """A column of short text."""
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def upgrade() -> None:
    op.add_column("practitioners", sa.Column("valid_until", sa.Date(), nullable=True))
    op.add_column("practitioners", sa.Column("next_check_at", AT, nullable=True))
    index("practitioners", "next_check_at")
    # plain columns: rebuilding these tables on SQLite would lose the triggers of the search
    op.add_column("qualifications", sa.Column("renews_id", KEY, nullable=True))
    branches()
    agents()
    transfers()
    rechecks()
    history()
    self_checks()
    certificates()


def certificates() -> None:
    """What village committees registered with."""
    name = "organisation_certificates"
    make(
        name,
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("stored_at", AT, nullable=False),
        link(name, "organisation_id", "organisations"),
        link(name, "file_id", "stored_files"),
        sa.UniqueConstraint("organisation_id", name=op.f(f"uq_{name}_organisation_id")),
        public=False,
    )


def branches() -> None:
    """Branch offices."""
    name = "firm_branches"
    make(
        name,
        sa.Column("firm_id", KEY, nullable=False),
        text("name", 120),
        text("credit_code", 18),
        text("address", 200),
        text("head_name", 60),
        text("head_phone", 40, nullable=True),
        sa.Column("registered_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        link(name, "firm_id", "firms"),
    )
    index(name, "firm_id")
    op.create_index(
        "uq_firm_branches_live",
        name,
        ["credit_code", "firm_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def agents() -> None:
    """Who acts for a firm."""
    name = "firm_agents"
    make(
        name,
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        text("name", 60),
        text("phone", 40),
        text("document_number", 80),
        sa.Column("document_id", KEY, nullable=False),
        sa.Column("may_file", sa.Boolean(), nullable=False),
        sa.Column("may_enter", sa.Boolean(), nullable=False),
        sa.Column("may_contract", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("granted_by", KEY, nullable=True),
        sa.Column("granted_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("ended_by", KEY, nullable=True),
        text("reason", 200, nullable=True),
        sa.Column("next_check_at", AT, nullable=True),
        check(name, "period", "ends_on >= starts_on"),
        check(name, "scope", "may_file OR may_enter OR may_contract"),
        check(name, "reason", "(ended_at IS NULL) = (reason IS NULL)"),
        link(name, "firm_id", "firms"),
        link(name, "user_id", "users"),
        link(name, "document_id", "stored_files"),
    )
    index(name, "firm_id")
    index(name, "next_check_at")
    op.create_index(
        "uq_firm_agents_live",
        name,
        ["firm_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def transfers() -> None:
    """Professionals asked for."""
    name = "practitioner_transfers"
    make(
        name,
        text("status", 40),
        sa.Column("practitioner_id", KEY, nullable=False),
        sa.Column("from_firm_id", KEY, nullable=False),
        sa.Column("firm_id", KEY, nullable=False),
        text("profession", 80),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("statement_id", KEY, nullable=True),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("asked_by", KEY, nullable=True),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("answer_by", AT, nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", AT, nullable=True),
        sa.Column("dispute", sa.Text(), nullable=True),
        sa.Column("evidence_id", KEY, nullable=True),
        sa.Column("decide_by", AT, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        check(name, "two_firms", "from_firm_id <> firm_id"),
        check(name, "decided", "(status IN ('granted', 'denied')) = (decided_at IS NOT NULL)"),
        check(name, "reason", "status NOT IN ('refused', 'disputed') OR answer IS NOT NULL"),
        link(name, "practitioner_id", "practitioners"),
        link(name, "from_firm_id", "firms"),
        link(name, "firm_id", "firms"),
        link(name, "statement_id", "stored_files"),
        link(name, "evidence_id", "stored_files"),
        link(name, "edition_id", "policy_editions"),
    )
    for column in ("firm_id", "from_firm_id", "next_check_at"):
        index(name, column)
    op.create_index(
        "uq_practitioner_transfers_live",
        name,
        ["practitioner_id"],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )


def rechecks() -> None:
    """Changes that are checked."""
    name = "firm_rechecks"
    make(
        name,
        text("status", 40),
        sa.Column("firm_id", KEY, nullable=False),
        text("kind", 40),
        sa.Column("subject_id", KEY, nullable=True),
        sa.Column("proposal", sa.JSON(), nullable=True),
        sa.Column("evidence_id", KEY, nullable=True),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("asked_by", KEY, nullable=True),
        sa.Column("asked_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        check(name, "two_people", "decided_by IS NULL OR decided_by <> asked_by"),
        check(name, "decided", "(status IN ('accepted', 'rejected')) = (decided_at IS NOT NULL)"),
        check(name, "reason", "status <> 'rejected' OR reason IS NOT NULL"),
        link(name, "firm_id", "firms"),
        link(name, "evidence_id", "stored_files"),
        link(name, "edition_id", "policy_editions"),
    )
    index(name, "next_check_at")
    op.create_index("ix_firm_rechecks_firm_status", name, ["firm_id", "status"])
    op.create_index(
        "uq_firm_rechecks_open",
        name,
        ["firm_id", "kind"],
        unique=True,
        sqlite_where=STATED_OPEN,
        postgresql_where=STATED_OPEN,
    )


def history() -> None:
    """What every field was, as digests, and the values beside them."""
    name = "firm_field_changes"
    make(
        name,
        sa.Column("firm_id", KEY, nullable=False),
        text("field", 40),
        sa.Column("at", AT, nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("recheck_id", KEY, nullable=True),
        text("before_digest", 64, nullable=True),
        text("after_digest", 64, nullable=True),
        link(name, "firm_id", "firms"),
        link(name, "recheck_id", "firm_rechecks"),
        public=False,
    )
    op.create_index("ix_firm_field_changes_firm", name, ["firm_id", "id"])
    guard(name)
    name = "firm_field_values"
    make(
        name,
        sa.Column("change_id", KEY, nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        link(name, "change_id", "firm_field_changes"),
        sa.UniqueConstraint("change_id", name=op.f(f"uq_{name}_change_id")),
        public=False,
    )


def self_checks() -> None:
    """The yearly self-check."""
    name = "firm_self_checks"
    make(
        name,
        text("status", 40),
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("year", KEY, nullable=False),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("answers", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        check(name, "confirmed", "(status = 'confirmed') = (confirmed_at IS NOT NULL)"),
        link(name, "firm_id", "firms"),
        link(name, "edition_id", "policy_editions"),
        sa.UniqueConstraint("firm_id", "year", name=op.f(f"uq_{name}_firm_id_year")),
    )
    index(name, "next_check_at")
    op.create_index("ix_firm_self_checks_year", name, ["year", "status"])


def downgrade() -> None:
    for name in (
        "organisation_certificates",
        "firm_self_checks",
        "firm_field_values",
        "firm_field_changes",
        "firm_rechecks",
        "practitioner_transfers",
        "firm_agents",
        "firm_branches",
    ):
        op.drop_table(name)
    op.drop_column("qualifications", "renews_id")
    op.drop_index(op.f("ix_practitioners_next_check_at"), "practitioners")
    op.drop_column("practitioners", "next_check_at")
    op.drop_column("practitioners", "valid_until")

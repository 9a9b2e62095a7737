"""files may be erased, their records stay; a linked account goes no further than its authority

Revises: 0047
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0047"
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    op.add_column("stored_files", sa.Column("erased_at", AT, nullable=True))
    op.create_index("ix_stored_files_organisation", "stored_files", ["organisation_id", "at"])
    op.execute(
        "ALTER TABLE memberships ADD COLUMN scope VARCHAR(40) CONSTRAINT ck_memberships_scope "
        "CHECK (scope IS NULL OR role = 'firm_staff')"
    )
    # accounts linked to an authority that stands: the paper's scope holds from now on
    op.execute(
        "UPDATE memberships SET scope = (SELECT rtrim("
        "CASE WHEN may_file THEN 'file,' ELSE '' END || "
        "CASE WHEN may_enter THEN 'enter,' ELSE '' END || "
        "CASE WHEN may_contract THEN 'contract,' ELSE '' END, ',') FROM firm_agents "
        "JOIN firms ON firms.id = firm_agents.firm_id WHERE firm_agents.ended_at IS NULL "
        "AND firm_agents.user_id = memberships.user_id "
        "AND firms.organisation_id = memberships.organisation_id) "
        "WHERE role = 'firm_staff' AND until IS NULL"
    )
    key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE cards ADD COLUMN succeeds_id {key} "
        "CONSTRAINT fk_cards_succeeds_id_cards REFERENCES cards (id)"
    )
    op.create_index(op.f("ix_cards_succeeds_id"), "cards", ["succeeds_id"])
    op.execute(
        f"ALTER TABLE likeness_matches ADD COLUMN grade_entry_id {key} "
        "CONSTRAINT fk_likeness_matches_grade_entry_id_rating_ledger "
        "REFERENCES rating_ledger (id)"
    )
    op.add_column("likeness_matches", sa.Column("grade_ended_at", AT, nullable=True))
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = "departure_files"
    op.create_table(
        name,
        sa.Column("departure_id", whole, nullable=False),
        sa.Column("file_id", whole, nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", whole, nullable=True),
        sa.Column("at", AT, nullable=False),
        sa.Column("id", whole, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["departure_id"], ["departures.id"], name=op.f(f"fk_{name}_departure_id_departures")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f(f"fk_{name}_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("file_id", name=op.f(f"uq_{name}_file_id")),
        info={"append_only": True},
    )
    op.create_index(f"ix_{name}_departure", name, ["departure_id", "id"])
    guard(name)
    name = "certificate_lapses"
    op.create_table(
        name,
        sa.Column("firm_id", whole, nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("found_at", AT, nullable=False),
        sa.Column("reminded_at", AT, nullable=True),
        sa.Column("reminded_by", whole, nullable=True),
        sa.Column("renew_by", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", whole, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(reminded_at IS NULL) = (renew_by IS NULL)", name=op.f(f"ck_{name}_reminded")
        ),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f(f"fk_{name}_firm_id_firms")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        f"uq_{name}_open",
        name,
        ["firm_id"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    name = "history_erasures"
    op.create_table(
        name,
        sa.Column("register_code", sa.String(length=12), nullable=False),
        sa.Column("before", AT, nullable=False),
        sa.Column("count", whole, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("user_id", whole, nullable=True),
        sa.Column("at", AT, nullable=False),
        sa.Column("id", whole, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["register_code"],
            ["jurisdictions.code"],
            name=op.f(f"fk_{name}_register_code_jurisdictions"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{name}_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        info={"append_only": True},
    )
    op.create_index(f"ix_{name}_register", name, ["register_code", "id"])
    guard(name)
    # the clock takes them up: the files of what has ended, and what nobody comes back to
    imports = sa.table(
        "register_imports",
        sa.column("status", sa.String),
        sa.column("status_since", AT),
        sa.column("next_check_at", AT),
    )
    left = imports.c.next_check_at.is_(None)
    ended = imports.c.status.in_(("done", "stopped", "discarded"))
    waits = imports.c.status.in_(("faulty", "ready", "returned", "submitted"))
    later = datetime.now(UTC) + timedelta(days=30)
    if op.get_bind().dialect.name == "sqlite":
        later = later.replace(tzinfo=None)
    op.execute(imports.update().where(left, ended).values(next_check_at=imports.c.status_since))
    op.execute(imports.update().where(left, waits).values(next_check_at=later))


def downgrade() -> None:
    op.drop_table("history_erasures")
    op.drop_table("certificate_lapses")
    op.drop_table("departure_files")
    op.drop_column("likeness_matches", "grade_ended_at")
    op.execute("ALTER TABLE likeness_matches DROP COLUMN grade_entry_id")
    op.drop_index(op.f("ix_cards_succeeds_id"), "cards")
    op.execute("ALTER TABLE cards DROP COLUMN succeeds_id")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_memberships_scope"), "memberships", type_="check")
    op.execute("ALTER TABLE memberships DROP COLUMN scope")
    op.drop_index("ix_stored_files_organisation", "stored_files")
    op.drop_column("stored_files", "erased_at")

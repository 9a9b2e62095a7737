"""appointments of assessors, their marks, and where they stood aside

Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
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


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    name = "assessor_appointments"
    op.create_table(
        name,
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=12), nullable=False),
        sa.Column("item_codes", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", KEY, nullable=True),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=True),
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f(f"ck_{name}_term")),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f(f"ck_{name}_two_officers")),
        sa.CheckConstraint(
            "status NOT IN ('in_force', 'withdrawn', 'ended') OR confirmed_at IS NOT NULL",
            name=op.f(f"ck_{name}_confirmed"),
        ),
        sa.CheckConstraint(
            "(status IN ('refused', 'withdrawn')) = (end_reason IS NOT NULL)",
            name=op.f(f"ck_{name}_reason"),
        ),
        link(name, "organisation_id", "organisations"),
        link(name, "jurisdiction_code", "jurisdictions", "code"),
        link(name, "edition_id", "policy_editions"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )
    for column in ("organisation_id", "jurisdiction_code", "next_check_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    name = "assessments"
    op.create_table(
        name,
        sa.Column("window_id", KEY, nullable=False),
        sa.Column("appointment_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("about_organisation_id", KEY, nullable=False),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("revise_until", AT, nullable=False),
        sa.Column("rating_entry_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "organisation_id <> about_organisation_id", name=op.f(f"ck_{name}_two_parties")
        ),
        link(name, "window_id", "evaluation_windows"),
        link(name, "appointment_id", "assessor_appointments"),
        link(name, "organisation_id", "organisations"),
        link(name, "about_organisation_id", "organisations"),
        link(name, "rating_entry_id", "rating_ledger"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
        sa.UniqueConstraint(
            "window_id", "organisation_id", name=op.f(f"uq_{name}_window_id_organisation_id")
        ),
    )
    for column in ("organisation_id", "about_organisation_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    name = "assessment_versions"
    op.create_table(
        name,
        sa.Column("assessment_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("given_by", KEY, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "assessment_id", "assessments"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "assessment_id", "number", name=op.f(f"uq_{name}_assessment_id_number")
        ),
        info={"append_only": True},
    )
    name = "assessor_recusals"
    op.create_table(
        name,
        sa.Column("window_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("declared_at", AT, nullable=False),
        sa.Column("declared_by", KEY, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link(name, "window_id", "evaluation_windows"),
        link(name, "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "window_id", "organisation_id", name=op.f(f"uq_{name}_window_id_organisation_id")
        ),
        info={"append_only": True},
    )
    guard("assessment_versions")
    guard("assessor_recusals")


def downgrade() -> None:
    for name in (
        "assessor_recusals",
        "assessment_versions",
        "assessments",
        "assessor_appointments",
    ):
        op.drop_table(name)

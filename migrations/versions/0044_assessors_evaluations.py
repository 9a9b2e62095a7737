"""assessors' marks are evaluations; the lists of call-backs hold tokens

Revises: 0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
OF_A_SIDE = sa.text("direction <> 'assessor_to_firm'")
APPOINTED = "(direction = 'assessor_to_firm') = (appointment_id IS NOT NULL)"
NAMES = {
    "one": "uq_evaluations_window_id_direction",
    "each": "uq_evaluations_window_id_direction_rater_organisation_id",
    "link": "fk_evaluations_appointment_id_assessor_appointments",
    "check": "ck_evaluations_appointed",
}


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


def refuse_if_any(query: str, why: str) -> None:
    """Stop where there are rows that cannot be brought over. Raises RuntimeError."""
    if op.get_bind().execute(sa.text(query)).first() is not None:
        raise RuntimeError(why)


def rebuild_evaluations(with_appointments: bool) -> None:
    """SQLite changes no constraint of a table: make it anew under its name, within the one
    transaction; whatever refers to its rows finds them again before that ends."""
    columns = [
        sa.Column("window_id", KEY, nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("rater_organisation_id", KEY, nullable=False),
        sa.Column("about_organisation_id", KEY, nullable=False),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("revise_until", AT, nullable=False),
        sa.Column("rating_entry_id", KEY, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
    ]
    kept = ", ".join(column.name for column in columns)
    name = "evaluations"
    rules: list[sa.schema.SchemaItem] = [
        sa.CheckConstraint(
            "rater_organisation_id <> about_organisation_id", name=op.f(f"ck_{name}_two_parties")
        ),
        link(name, "about_organisation_id", "organisations"),
        link(name, "rater_organisation_id", "organisations"),
        link(name, "rating_entry_id", "rating_ledger"),
        link(name, "window_id", "evaluation_windows"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    ]
    if with_appointments:
        columns.append(sa.Column("appointment_id", KEY, nullable=True))
        rules += [
            link(name, "appointment_id", "assessor_appointments"),
            sa.CheckConstraint(APPOINTED, name=op.f(NAMES["check"])),
            sa.UniqueConstraint(
                "window_id", "direction", "rater_organisation_id", name=op.f(NAMES["each"])
            ),
        ]
    else:
        rules.append(sa.UniqueConstraint("window_id", "direction", name=op.f(NAMES["one"])))
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE former_evaluations AS SELECT * FROM evaluations")
    op.drop_table(name)
    op.create_table(name, *columns, *rules)
    op.execute(
        f"INSERT INTO {name} ({kept}) SELECT {kept}"  # noqa: S608 - constants
        " FROM former_evaluations ORDER BY id"
    )
    op.drop_table("former_evaluations")
    op.create_index(op.f("ix_evaluations_about_organisation_id"), name, ["about_organisation_id"])


def upgrade() -> None:
    refuse_if_any(
        "SELECT id FROM assessments LIMIT 1",
        "what assessors marked is committed to under its own numbers and cannot be brought over",
    )
    op.drop_table("assessment_versions")
    op.drop_table("assessments")
    if op.get_bind().dialect.name == "sqlite":
        rebuild_evaluations(with_appointments=True)
    else:
        op.add_column("evaluations", sa.Column("appointment_id", KEY, nullable=True))
        op.create_foreign_key(
            op.f(NAMES["link"]),
            "evaluations",
            "assessor_appointments",
            ["appointment_id"],
            ["id"],
        )
        op.create_check_constraint(op.f(NAMES["check"]), "evaluations", APPOINTED)
        op.drop_constraint(op.f(NAMES["one"]), "evaluations", type_="unique")
        op.create_unique_constraint(
            op.f(NAMES["each"]), "evaluations", ["window_id", "direction", "rater_organisation_id"]
        )
    op.create_index(
        "uq_evaluations_side",
        "evaluations",
        ["window_id", "direction"],
        unique=True,
        sqlite_where=OF_A_SIDE,
        postgresql_where=OF_A_SIDE,
    )
    op.create_index(
        op.f("ix_evaluations_rater_organisation_id"), "evaluations", ["rater_organisation_id"]
    )
    op.add_column("callback_lists", sa.Column("openings", sa.JSON(), nullable=True))


def downgrade() -> None:
    refuse_if_any(
        "SELECT id FROM evaluations WHERE direction = 'assessor_to_firm' LIMIT 1",
        "what assessors marked is committed to as evaluations and cannot be taken back",
    )
    op.drop_column("callback_lists", "openings")
    op.drop_index(op.f("ix_evaluations_rater_organisation_id"), "evaluations")
    op.drop_index("uq_evaluations_side", "evaluations")
    if op.get_bind().dialect.name == "sqlite":
        rebuild_evaluations(with_appointments=False)
    else:
        op.drop_constraint(op.f(NAMES["each"]), "evaluations", type_="unique")
        op.create_unique_constraint(op.f(NAMES["one"]), "evaluations", ["window_id", "direction"])
        op.drop_constraint(op.f(NAMES["check"]), "evaluations", type_="check")
        op.drop_constraint(op.f(NAMES["link"]), "evaluations", type_="foreignkey")
        op.drop_column("evaluations", "appointment_id")
    restore_assessments()


def restore_assessments() -> None:
    """The tables of 0036, empty."""
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
    guard(name)

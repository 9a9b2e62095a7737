"""the hall: windows, calls for them, applications, judges and their marks, seats

Revises: 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0048"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
LIVE = sa.text("ended_at IS NULL")
GUARDED = ("hall_sheets", "hall_explanations")
TABLES = (
    "hall_calls",
    "hall_criteria",
    "hall_applications",
    "hall_judges",
    "hall_sheets",
    "hall_explanations",
    "hall_windows",
    "hall_seats",
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


def link(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    """A foreign key by its conventional name."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def upgrade() -> None:
    _calls()
    _judges()
    _seats()


def _calls() -> None:
    op.create_table(
        "hall_calls",
        sa.Column("register_code", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("seats", KEY, nullable=False),
        sa.Column("item_codes", sa.JSON(), nullable=False),
        sa.Column("term_months", KEY, nullable=False),
        sa.Column("scored", sa.Boolean(), nullable=False),
        sa.Column("apply_until", sa.Date(), nullable=False),
        sa.Column("apply_by", AT, nullable=True),
        sa.Column("mark_by", AT, nullable=True),
        sa.Column("notice_ends_at", AT, nullable=True),
        sa.Column("edition_id", KEY, nullable=True),
        sa.Column("admission_edition_id", KEY, nullable=True),
        sa.Column("drafted_by", KEY, nullable=True),
        sa.Column("drafted_at", AT, nullable=False),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("published_at", AT, nullable=True),
        sa.Column("ranked_at", AT, nullable=True),
        sa.Column("judges_counted", KEY, nullable=True),
        sa.Column("awarded_at", AT, nullable=True),
        sa.Column("term_ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'awarded') = (awarded_at IS NOT NULL)", name=op.f("ck_hall_calls_awarded")
        ),
        sa.CheckConstraint(
            "status <> 'withdrawn' OR reason IS NOT NULL", name=op.f("ck_hall_calls_reason")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'withdrawn') OR (published_at IS NOT NULL AND apply_by IS NOT NULL AND edition_id IS NOT NULL)",
            name=op.f("ck_hall_calls_published"),
        ),
        sa.CheckConstraint(
            "awarded_at IS NULL OR term_ends_on IS NOT NULL", name=op.f("ck_hall_calls_term_ends")
        ),
        sa.CheckConstraint("published_by <> drafted_by", name=op.f("ck_hall_calls_two_people")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_hall_calls_seats")),
        sa.CheckConstraint("term_months > 0", name=op.f("ck_hall_calls_term")),
        link("hall_calls", "admission_edition_id", "policy_editions"),
        link("hall_calls", "edition_id", "policy_editions"),
        link("hall_calls", "register_code", "jurisdictions", "code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_calls")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hall_calls_public_id")),
    )
    op.create_index(op.f("ix_hall_calls_next_check_at"), "hall_calls", ["next_check_at"])
    op.create_index("ix_hall_calls_register_status", "hall_calls", ["register_code", "status"])
    op.create_table(
        "hall_criteria",
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("looked_at", sa.String(length=300), nullable=False),
        sa.Column("points", KEY, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("points BETWEEN 1 AND 100", name=op.f("ck_hall_criteria_points")),
        link("hall_criteria", "call_id", "hall_calls"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_criteria")),
        sa.UniqueConstraint("call_id", "position", name=op.f("uq_hall_criteria_call_id_position")),
    )
    op.create_table(
        "hall_applications",
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.Column("sent_by", KEY, nullable=True),
        sa.Column("total", KEY, nullable=True),
        sa.Column("grade", sa.String(length=40), nullable=True),
        sa.Column("score", KEY, nullable=True),
        sa.Column("place", KEY, nullable=True),
        sa.Column("drawn", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "status <> 'shut_out' OR reason IS NOT NULL", name=op.f("ck_hall_applications_reason")
        ),
        sa.CheckConstraint(
            "status NOT IN ('chosen', 'reserve', 'not_chosen', 'seated', 'given_up') OR place IS NOT NULL",
            name=op.f("ck_hall_applications_placed"),
        ),
        link("hall_applications", "call_id", "hall_calls"),
        link("hall_applications", "firm_id", "firms"),
        link("hall_applications", "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_applications")),
        sa.UniqueConstraint(
            "call_id", "firm_id", name=op.f("uq_hall_applications_call_id_firm_id")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_hall_applications_public_id")),
    )
    op.create_index(op.f("ix_hall_applications_firm_id"), "hall_applications", ["firm_id"])
    op.create_index(
        op.f("ix_hall_applications_next_check_at"), "hall_applications", ["next_check_at"]
    )


def _judges() -> None:
    op.create_table(
        "hall_judges",
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("speciality", sa.String(length=60), nullable=False),
        sa.Column("proposed_by", KEY, nullable=True),
        sa.Column("proposed_at", AT, nullable=False),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status IN ('refused', 'recused')) = (reason IS NOT NULL)",
            name=op.f("ck_hall_judges_reason"),
        ),
        sa.CheckConstraint(
            "status <> 'confirmed' OR confirmed_at IS NOT NULL",
            name=op.f("ck_hall_judges_confirmed"),
        ),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f("ck_hall_judges_two_officers")),
        sa.CheckConstraint(
            "user_id <> confirmed_by", name=op.f("ck_hall_judges_not_confirmed_by_oneself")
        ),
        sa.CheckConstraint("user_id <> proposed_by", name=op.f("ck_hall_judges_not_oneself")),
        link("hall_judges", "call_id", "hall_calls"),
        link("hall_judges", "organisation_id", "organisations"),
        link("hall_judges", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_judges")),
        sa.UniqueConstraint("call_id", "user_id", name=op.f("uq_hall_judges_call_id_user_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hall_judges_public_id")),
    )
    op.create_index(op.f("ix_hall_judges_next_check_at"), "hall_judges", ["next_check_at"])
    op.create_index(op.f("ix_hall_judges_user_id"), "hall_judges", ["user_id"])
    op.create_table(
        "hall_sheets",
        sa.Column("judge_id", KEY, nullable=False),
        sa.Column("application_id", KEY, nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("total", KEY, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("total BETWEEN 0 AND 1000", name=op.f("ck_hall_sheets_total")),
        link("hall_sheets", "application_id", "hall_applications"),
        link("hall_sheets", "judge_id", "hall_judges"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_sheets")),
        sa.UniqueConstraint(
            "judge_id", "application_id", name=op.f("uq_hall_sheets_judge_id_application_id")
        ),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_hall_sheets_application_id"), "hall_sheets", ["application_id"])
    op.create_table(
        "hall_explanations",
        sa.Column("sheet_id", KEY, nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        link("hall_explanations", "sheet_id", "hall_sheets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_explanations")),
        sa.UniqueConstraint("sheet_id", name=op.f("uq_hall_explanations_sheet_id")),
        info={"append_only": True},
    )
    for table in GUARDED:
        guard(table)


def _seats() -> None:
    op.create_table(
        "hall_windows",
        sa.Column("register_code", sa.String(length=12), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("location", sa.String(length=80), nullable=False),
        sa.Column("opened_by", KEY, nullable=True),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_hall_windows_number")),
        link("hall_windows", "register_code", "jurisdictions", "code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_windows")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hall_windows_public_id")),
    )
    op.create_index(
        "uq_hall_windows_open",
        "hall_windows",
        ["register_code", "number"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_table(
        "hall_seats",
        sa.Column("window_id", KEY, nullable=False),
        sa.Column("firm_id", KEY, nullable=False),
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("application_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("from_at", AT, nullable=False),
        sa.Column("ends_at", AT, nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("seated_by", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("public_id", sa.String(length=13), nullable=False),
        sa.Column("status_since", AT, nullable=False),
        sa.Column("next_check_at", AT, nullable=True),
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'sitting') = (ended_at IS NULL)", name=op.f("ck_hall_seats_ended")
        ),
        sa.CheckConstraint(
            "status NOT IN ('lost', 'given_up') OR reason IS NOT NULL",
            name=op.f("ck_hall_seats_reason"),
        ),
        sa.CheckConstraint("ends_at > from_at", name=op.f("ck_hall_seats_period")),
        link("hall_seats", "application_id", "hall_applications"),
        link("hall_seats", "call_id", "hall_calls"),
        link("hall_seats", "firm_id", "firms"),
        link("hall_seats", "window_id", "hall_windows"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_seats")),
        sa.UniqueConstraint("application_id", name=op.f("uq_hall_seats_application_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hall_seats_public_id")),
    )
    op.create_index(op.f("ix_hall_seats_call_id"), "hall_seats", ["call_id"])
    op.create_index(op.f("ix_hall_seats_next_check_at"), "hall_seats", ["next_check_at"])
    op.create_index(
        "uq_hall_seats_firm",
        "hall_seats",
        ["firm_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index(
        "uq_hall_seats_window",
        "hall_seats",
        ["window_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

"""why a price deviates, what was refused, what like contracts were agreed at

Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = (
    ("matter_type", sa.String(length=60)),
    ("matter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
    ("deviation_reason", sa.Text()),
    ("limits", sa.JSON(none_as_null=True)),
    ("reference", sa.JSON(none_as_null=True)),
)
# what was signed before: the contract's own check has the basic price; the register is the
# nearest place above that keeps one
SIGNED_BEFORE = """
WITH RECURSIVE above (code, place, keeps, step) AS (
    SELECT code, code, is_register, 0 FROM jurisdictions
    UNION ALL
    SELECT above.code, parent.code, parent.is_register, above.step + 1
    FROM above
    JOIN jurisdictions AS own ON own.code = above.place
    JOIN jurisdictions AS parent ON parent.code = own.parent_code
    WHERE NOT above.keeps AND above.step < 10
)
INSERT INTO concluded_prices (contract_id, item_code, register_code, signed_on, price, basic)
SELECT contracts.id, price_checks.item_code, above.place, date({signed}), contracts.price,
       price_checks.basic_high
FROM contracts
JOIN price_checks ON price_checks.id = contracts.price_check_id
JOIN above ON above.code = contracts.jurisdiction_code AND above.keeps
WHERE contracts.signed_at IS NOT NULL
"""


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name, kind in COLUMNS:
        op.add_column("price_checks", sa.Column(name, kind, nullable=True))
    op.add_column(
        "price_checks",
        sa.Column("refused", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "ix_price_checks_flagged",
        "price_checks",
        ["jurisdiction_code", "id"],
        sqlite_where=sa.text("flagged"),
        postgresql_where=sa.text("flagged"),
    )
    op.create_table(
        "concluded_prices",
        sa.Column("contract_id", number, nullable=False),
        sa.Column("item_code", sa.String(length=20), nullable=False),
        sa.Column("register_code", sa.String(length=12), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("basic", sa.String(length=64), nullable=True),
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_concluded_prices_price")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concluded_prices")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_concluded_prices_contract_id")),
    )
    op.create_index(
        "ix_concluded_prices_like", "concluded_prices", ["item_code", "register_code", "signed_on"]
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    signed = (
        "contracts.signed_at, '+8 hours'"
        if sqlite
        else "contracts.signed_at AT TIME ZONE 'Asia/Shanghai'"
    )
    op.execute(SIGNED_BEFORE.format(signed=signed))


def downgrade() -> None:
    op.drop_index("ix_concluded_prices_like", table_name="concluded_prices")
    op.drop_table("concluded_prices")
    op.drop_index("ix_price_checks_flagged", table_name="price_checks")
    op.drop_column("price_checks", "refused")
    for name, _kind in reversed(COLUMNS):
        op.drop_column("price_checks", name)

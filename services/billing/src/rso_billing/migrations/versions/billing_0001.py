"""The read models of billing: journal and honoraria."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0001"
down_revision = None
branch_labels = ("billing",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("posted_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "line"),
    )
    op.create_index("journal_by_account", "journal", ["account", "currency"])
    op.create_index("journal_by_case", "journal", ["case_id"])
    op.create_table(
        "honoraria",
        sa.Column("honorarium_id", sa.String, primary_key=True),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("specialist_id", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("accrued_at", sa.String, nullable=False),
        sa.Column("approved_at", sa.String),
    )
    op.create_index("honoraria_by_case", "honoraria", ["case_id"])
    op.create_index("honoraria_by_specialist", "honoraria", ["specialist_id"])


def downgrade() -> None:
    op.drop_table("honoraria")
    op.drop_table("journal")

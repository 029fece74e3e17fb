"""The board."""

import sqlalchemy as sa
from alembic import op

revision = "operations_0001"
down_revision = None
branch_labels = ("operations",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("reference_last_four", sa.String),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("since", sa.String),
        sa.Column("waiting_on", sa.String, nullable=False),
        sa.Column("promised_by", sa.String),
        sa.Column("priority", sa.String, nullable=False),
    )
    op.create_index("board_by_stage", "board", ["stage", "since"])


def downgrade() -> None:
    op.drop_table("board")

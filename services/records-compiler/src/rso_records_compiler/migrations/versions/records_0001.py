"""The read model of records: which requests a case has."""

import sqlalchemy as sa
from alembic import op

revision = "records_0001"
down_revision = None
branch_labels = ("records",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_requests",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
    )
    op.create_index("record_requests_by_case", "record_requests", ["case_id"])


def downgrade() -> None:
    op.drop_table("record_requests")

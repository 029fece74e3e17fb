"""The read model of opinions: the worklist of reviews."""

import sqlalchemy as sa
from alembic import op

revision = "opinions_0001"
down_revision = None
branch_labels = ("opinions",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("assignment_id", sa.String, nullable=False),
        sa.Column("specialist_id", sa.String, nullable=False),
        sa.Column("due_at", sa.String, nullable=False),
        sa.Column("opinion_version", sa.Integer, nullable=False),
        sa.Column("revisions", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
    )
    op.create_index("reviews_by_specialist", "reviews", ["specialist_id", "state"])
    op.create_index("reviews_by_state", "reviews", ["state", "due_at"])


def downgrade() -> None:
    op.drop_table("reviews")

"""Whom this service was told to erase, and whether it has done so."""

import sqlalchemy as sa
from alembic import op

revision = "kit_0003"
down_revision = "kit_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.String, primary_key=True),
        sa.Column("person_id", sa.String, nullable=False),
        sa.Column("ordered_at", sa.String, nullable=False),
        sa.Column("destroyed_at", sa.String),
    )
    op.create_index("erasures_by_person", "erasures", ["person_id"])
    pending = sa.text("destroyed_at IS NULL")
    op.create_index("erasures_pending", "erasures", ["erasure_id"], sqlite_where=pending, postgresql_where=pending)


def downgrade() -> None:
    op.drop_table("erasures")

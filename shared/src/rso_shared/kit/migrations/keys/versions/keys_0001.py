"""The keys of persons. A table from before there were revisions stays as it is, with what it holds."""

import sqlalchemy as sa
from alembic import op

revision = "keys_0001"
down_revision = None
branch_labels = ("keys",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False, server_default=sa.func.current_timestamp()),
        sa.Column("destroyed_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("person_id"),
        if_not_exists=True,
    )

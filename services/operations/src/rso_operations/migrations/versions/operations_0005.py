"""A mark while what the pages show is rebuilt."""

import sqlalchemy as sa
from alembic import op

revision = "operations_0005"
down_revision = "operations_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("rebuilding", sa.Column("since", sa.String, primary_key=True))


def downgrade() -> None:
    op.drop_table("rebuilding")

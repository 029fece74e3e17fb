"""Of a kept fact it is known who did it, and which fact was its cause. Facts from before have neither."""

import sqlalchemy as sa
from alembic import op

revision = "kit_0005"
down_revision = "kit_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("facts", sa.Column("actor", sa.String))
    op.add_column("facts", sa.Column("causation_id", sa.String))


def downgrade() -> None:
    op.drop_column("facts", "causation_id")
    op.drop_column("facts", "actor")

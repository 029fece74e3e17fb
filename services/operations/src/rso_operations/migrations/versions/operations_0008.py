"""Sessions that were ended before their tokens were."""

import sqlalchemy as sa
from alembic import op

from rso_shared.kit.tables import COUNTER

revision = "operations_0008"
down_revision = "operations_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signed_out",
        sa.Column("token_sha256", sa.String, primary_key=True),
        sa.Column("until", COUNTER, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("signed_out")

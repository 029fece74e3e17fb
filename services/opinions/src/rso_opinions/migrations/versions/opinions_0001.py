"""The read model of opinions: the worklist of reviews."""

from alembic import op

from rso_opinions.projections import METADATA

revision = "opinions_0001"
down_revision = None
branch_labels = ("opinions",)
depends_on = None


def upgrade() -> None:
    METADATA.create_all(op.get_bind())


def downgrade() -> None:
    METADATA.drop_all(op.get_bind())

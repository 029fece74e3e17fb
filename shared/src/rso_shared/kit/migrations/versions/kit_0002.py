"""PostgreSQL's side: counters that do not end at 2^31, and an outbox that is cleaned as fast as it is marked."""

import sqlalchemy as sa
from alembic import op

revision = "kit_0002"
down_revision = "kit_0001"
branch_labels = None
depends_on = None

COUNTERS = (("outbox", "id"), ("parked", "id"), ("facts", "position"))


def upgrade() -> None:
    op.create_index("shadows_by_stream", "shadows", ["stream"])
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in COUNTERS:
        op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
    for sequence in ("outbox_id_seq", "parked_id_seq"):
        op.execute(f"ALTER SEQUENCE {sequence} AS bigint")
    # each row is marked once, so a fifth of the table (the default) would be dead before anybody cleans
    op.execute("ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)")


def downgrade() -> None:
    op.drop_index("shadows_by_stream", "shadows")

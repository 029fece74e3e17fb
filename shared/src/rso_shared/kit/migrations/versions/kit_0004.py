"""Parties are found by their case alone: for whoever had many cases, other indexes led through all of them."""

from alembic import op

revision = "kit_0004"
down_revision = "kit_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("case_parties_by_organisation", "case_parties")
    op.drop_index("case_parties_by_subject", "case_parties")


def downgrade() -> None:
    op.create_index("case_parties_by_organisation", "case_parties", ["organisation_id"])
    op.create_index("case_parties_by_subject", "case_parties", ["subject", "role"])
